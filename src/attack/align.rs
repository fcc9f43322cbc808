//! Brings a release, its originals and a control to the same codes: originals become what the release calls them.
//!
//! An original value is released as the finest of its ancestors that occurs in the release. With the hierarchy that is its
//! label on some level; without it, whatever released range, mask or date stands for it ([`super::cover`]). So the levels need
//! not be known, and a release that recodes every class in its own way is read as well.

use super::cover::Label;
use super::table::{Categories, Cells, Column, Numbers, Range, Table, Tables};
use crate::hierarchy::Hierarchy;
use crate::value::Text;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Which table a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The release itself.
    Release,
    /// Raw rows of the people in it.
    Original,
    /// Raw rows of others.
    Control,
}

/// Collects the rows of the three tables; cells are held once each.
pub struct TablesBuilder {
    names: Vec<String>,
    words: Vec<Words>,
    /// By table, by column: codes into `words`.
    codes: [Vec<Vec<u32>>; 3],
    control: bool,
}

/// Distinct cells of a column; code 0 is null.
#[derive(Default)]
struct Words {
    codes: HashMap<Vec<u8>, u32, RandomState>,
    values: Vec<Vec<u8>>,
}

impl Words {
    fn code(&mut self, cell: Option<&[u8]>) -> u32 {
        let Some(cell) = cell else { return 0 };
        if let Some(code) = self.codes.get(cell) {
            return *code;
        }
        let code = u32::try_from(self.values.len() + 1).expect("fewer than 2^32 values");
        self.codes.insert(cell.to_vec(), code);
        self.values.push(cell.to_vec());
        code
    }
}

impl TablesBuilder {
    /// For columns of these released names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        let columns = names.len();
        Self {
            words: (0..columns).map(|_| Words::default()).collect(),
            codes: std::array::from_fn(|_| vec![Vec::new(); columns]),
            names,
            control: false,
        }
    }
    /// Adds rows to one of the tables; cells of the columns in order.
    pub fn add(&mut self, to: Published, columns: &[&Text<'_>]) {
        let table = &mut self.codes[to as usize];
        self.control |= to == Published::Control;
        for ((codes, words), cells) in table.iter_mut().zip(&mut self.words).zip(columns) {
            codes.extend(cells.iter().map(|cell| words.code(cell)));
        }
    }
    /// Rows of a table so far.
    #[must_use]
    pub fn rows(&self, of: Published) -> usize {
        self.codes[of as usize].first().map_or(0, Vec::len)
    }
    /// The different raw values of a column, nulls left out.
    #[must_use]
    pub fn originals(&self, column: usize) -> Vec<&[u8]> {
        let words = &self.words[column].values;
        let occurs = occurring(&self.codes[Published::Original as usize][column], words.len());
        (1..).zip(words).filter(|(code, _): &(usize, _)| occurs[*code]).map(|(_, value)| value.as_slice()).collect()
    }
}

/// Aligns the tables; a column's hierarchy, where it is known, stands at its place.
#[must_use]
pub fn align(builder: TablesBuilder, hierarchies: &[Option<&Hierarchy>]) -> Tables {
    let TablesBuilder { names, words, codes, control } = builder;
    let [mut release, mut original, mut control_codes] = codes;
    let mut columns = Vec::with_capacity(names.len());
    for (at, (name, words)) in names.into_iter().zip(words).enumerate() {
        let released = occurring(&release[at], words.values.len());
        let hierarchy = hierarchies.get(at).copied().flatten();
        let covered = cover(&words, &released, hierarchy);
        for codes in [&mut original[at], &mut control_codes[at]] {
            for code in codes {
                *code = covered[*code as usize];
            }
        }
        let mut used = released;
        for codes in [&original[at], &control_codes[at]] {
            for code in codes {
                used[*code as usize] = true;
            }
        }
        let (cells, new_codes) = order(&words, &used);
        for codes in [&mut release[at], &mut original[at], &mut control_codes[at]] {
            for code in codes {
                *code = new_codes[*code as usize];
            }
        }
        columns.push(Column { name, cells });
    }
    Tables {
        columns,
        release: Table::new(release),
        original: Table::new(original),
        control: control.then(|| Table::new(control_codes)),
    }
}

/// By code, whether it occurs; code 0 is null.
fn occurring(codes: &[u32], values: usize) -> Vec<bool> {
    let mut occurs = vec![false; values + 1];
    for code in codes {
        occurs[*code as usize] = true;
    }
    occurs
}

/// By code, the code of the label that the release uses for it; itself where it uses none.
fn cover(words: &Words, released: &[bool], hierarchy: Option<&Hierarchy>) -> Vec<u32> {
    let own = (0..=words.values.len()).map(|code| u32::try_from(code).expect("a code")).collect::<Vec<u32>>();
    if let Some(hierarchy) = hierarchy {
        let mut label = Vec::new();
        return own
            .into_iter()
            .map(|code| {
                let Some(value) = (code as usize).checked_sub(1).map(|at| &words.values[at]) else { return code };
                let levels = (0..hierarchy.levels()).find_map(|level| {
                    label.clear();
                    hierarchy.generalize(level, value, &mut label).ok()?;
                    words.codes.get(&label).copied().filter(|code| released[*code as usize])
                });
                levels.unwrap_or(code)
            })
            .collect();
    }
    let coarse: Vec<(u32, Label)> = (1..)
        .zip(&words.values)
        .filter(|(code, _)| released[*code as usize])
        .map(|(code, value)| (code, Label::read(value)))
        .filter(|(code, label)| label.width(&words.values[*code as usize - 1]) > 0.0)
        .collect();
    own.into_iter()
        .map(|code| {
            if code == 0 || released[code as usize] || coarse.is_empty() {
                return code;
            }
            let value = &words.values[code as usize - 1];
            let of_value = Label::read(value);
            let text = |code: u32| words.values[code as usize - 1].as_slice();
            coarse
                .iter()
                .filter(|(code, label)| label.covers(text(*code), value, &of_value))
                .min_by(|(one, first), (other, second)| {
                    first.width(text(*one)).total_cmp(&second.width(text(*other))).then(one.cmp(other))
                })
                .map_or(code, |(code, _)| *code)
        })
        .collect()
}

/// What the used codes mean, and by old code the new one: numbers in order, null last.
fn order(words: &Words, used: &[bool]) -> (Cells, Vec<u32>) {
    let null = used[0];
    let present: Vec<usize> = (1..used.len()).filter(|code| used[*code]).collect();
    let labels: Vec<Label> = present.iter().map(|code| Label::read(&words.values[*code - 1])).collect();
    let mut new_codes = vec![0; used.len()];
    let give = |new_codes: &mut Vec<u32>, order: &[usize]| {
        for (new, old) in (0..).zip(order) {
            new_codes[*old] = new;
        }
        new_codes[0] = u32::try_from(order.len()).expect("fewer than 2^32 values");
    };
    let Some(ranges) = ranges(&labels) else {
        let mut order = present;
        order.sort_unstable_by(|one, other| words.values[one - 1].cmp(&words.values[other - 1]));
        give(&mut new_codes, &order);
        let values = u32::try_from(order.len() + usize::from(null)).expect("fewer than 2^32 values");
        return (Cells::Category(Categories { values, null }), new_codes);
    };
    let mut order: Vec<(Range, usize)> = ranges.into_iter().zip(present).collect();
    order.sort_by(|(one, first), (other, second)| {
        one.low.total_cmp(&other.low).then(one.high.total_cmp(&other.high)).then(first.cmp(second))
    });
    let (ranges, order): (Vec<Range>, Vec<usize>) = order.into_iter().unzip();
    give(&mut new_codes, &order);
    let low = ranges.iter().map(|range| range.low).fold(f64::INFINITY, f64::min);
    let high = ranges.iter().map(|range| range.high).fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    (Cells::Number(Numbers { ranges, null, span }), new_codes)
}

/// The labels as ranges of one kind; `None` where one is neither number nor date, or they are mixed. `*` is the whole.
fn ranges(labels: &[Label]) -> Option<Vec<Range>> {
    let numbers = labels.iter().all(|label| matches!(label, Label::Number(_) | Label::Top));
    let dates = labels.iter().all(|label| matches!(label, Label::Date(_) | Label::Top));
    let plain = |label: &Label| match label {
        Label::Number(range) | Label::Date(range) => Some(*range),
        _ => None,
    };
    let ends =
        || labels.iter().filter_map(plain).flat_map(|range| [range.low, range.high]).filter(|end| end.is_finite());
    if !(numbers || dates) || ends().next().is_none() {
        return None;
    }
    let (low, high) = ends().fold((f64::INFINITY, f64::NEG_INFINITY), |sum, end| (sum.0.min(end), sum.1.max(end)));
    let finite = |range: Range| Range { low: range.low.max(low), high: range.high.min(high).max(range.low.max(low)) };
    Some(labels.iter().map(|label| plain(label).map_or(Range { low, high }, finite)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hierarchy::Prefix;
    use crate::value::TextBuilder;

    fn text(cells: &[&str]) -> Text<'static> {
        let mut builder = TextBuilder::default();
        cells.iter().for_each(|cell| builder.push_option((!cell.is_empty()).then_some(cell.as_bytes())));
        builder.finish(false)
    }

    fn tables(release: &[&str], original: &[&str], hierarchy: Option<&Hierarchy>) -> Tables {
        let mut builder = TablesBuilder::new(vec!["a".into()]);
        builder.add(Published::Release, &[&text(release)]);
        builder.add(Published::Original, &[&text(original)]);
        align(builder, &[hierarchy])
    }

    #[test]
    fn originals_become_the_finest_released_range_that_holds_them() {
        let found = tables(&["[20, 25)", "[20, 30)", "[30, 40)", "*"], &["22", "27", "33", "80", ""], None);
        let [release, original] = [&found.release.codes[0], &found.original.codes[0]];
        assert!(found.columns[0].is_number());
        assert_eq!(original[..4], [release[0], release[1], release[2], release[3]]);
        assert!(found.columns[0].is_null(original[4]));
        assert!(found.control.is_none());
    }

    #[test]
    fn a_hierarchy_gives_labels_that_cannot_be_read() {
        let hierarchy = Hierarchy::Prefix(Prefix::new(vec![4, 2]).unwrap());
        let found = tables(&["10****", "1002**"], &["100211", "109999", "55"], Some(&hierarchy));
        let [release, original] = [&found.release.codes[0], &found.original.codes[0]];
        assert_eq!(original[..2], [release[1], release[0]]);
        assert!(!release.contains(&original[2]), "what the release has no label for stays itself");
    }

    #[test]
    fn numbers_are_in_order_and_apart_by_their_ends() {
        let found = tables(&["30", "10", "20"], &["30", "10", ""], None);
        let column = &found.columns[0];
        assert_eq!(found.release.codes[0], [2, 0, 1]);
        assert!((column.distance(0, 1) - 0.5).abs() < 1e-12 && (column.distance(0, 2) - 1.0).abs() < 1e-12);
        assert!((column.distance(0, 3) - 1.0).abs() < 1e-12, "null is far from everything");
        let found = tables(&["b", "a", "1"], &["b"], None);
        assert!(!found.columns[0].is_number());
        assert!((found.columns[0].distance(0, 1) - 1.0).abs() < 1e-12);
    }
}
