//! Which classes of a finished table must be left out.
//!
//! Two readings of "the whole table" meet here. The search measures distances from the distribution of all rows, those that
//! will be suppressed too, as ARX does. A release has only the rows that are kept, and whoever checks it offline has only
//! those. So classes are left out until what is left holds with itself as the whole.

use super::{Asked, Class, Judge, Model, Unfit, Verdict, Whole};
use crate::group::{Behind, ClassTable};

/// What models reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// By class: whether it must be left out.
    pub classes: Vec<bool>,
    /// Classes that only the population has. Nothing can be left out there, so that with one of them no release holds.
    pub absent: u64,
}

impl LeftOut {
    /// Whether nothing is rejected.
    #[must_use]
    pub fn nothing(&self) -> bool {
        self.absent == 0 && self.classes.iter().all(|out| !out)
    }
    /// How many classes must be left out.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().filter(|out| **out).count() as u64
    }
    /// Their rows.
    #[must_use]
    pub fn rows(&self, table: &ClassTable) -> u64 {
        table.rows().iter().zip(&self.classes).filter(|(_, out)| **out).map(|(rows, _)| rows).sum()
    }
}

impl Whole {
    /// The rows of some classes of a table.
    #[must_use]
    pub fn of(table: &ClassTable, out: &[bool]) -> Self {
        let kept = |class: &usize| !out[*class];
        let totals = (0..table.sensitive().len())
            .map(|column| {
                let mut totals = vec![0; table.sensitive()[column].len()];
                for class in (0..table.len()).filter(kept) {
                    let (codes, counts) = table.histogram(column).of(class);
                    codes.iter().zip(counts).for_each(|(&code, &count)| totals[code as usize] += count);
                }
                totals
            })
            .collect();
        Self { rows: (0..table.len()).filter(kept).map(|class| table.rows()[class]).sum(), totals }
    }
}

impl Judge {
    /// The classes of a table that models reject, the whole table being the whole; with the population behind it, where one is
    /// counted.
    #[must_use]
    pub fn over(table: &ClassTable, behind: Option<&Behind>, models: &[Model]) -> LeftOut {
        let mut out = vec![false; table.len()];
        let judge = Self::new(models, &Whole::of(table, &out));
        judge.reject(table, behind, &mut out);
        LeftOut { absent: judge.absent_rejected(behind), classes: out }
    }
    /// Marks the classes that are rejected among those that are not yet; tells whether there was one.
    fn reject(&self, table: &ClassTable, behind: Option<&Behind>, out: &mut [bool]) -> bool {
        let mut any = false;
        if self.sizes_only() {
            for (out, &members) in out.iter_mut().zip(table.members()) {
                let rejects = members < self.least_members();
                any |= rejects && !*out;
                *out |= rejects;
            }
            return any;
        }
        let mut counts: Vec<Vec<u64>> = table.sensitive().iter().map(|values| vec![0; values.len()]).collect();
        let mut buffer = Vec::new();
        for class in (0..table.len()).filter(|&class| !out[class]).collect::<Vec<_>>() {
            for (column, counts) in counts.iter_mut().enumerate() {
                let (codes, numbers) = table.histogram(column).of(class);
                codes.iter().zip(numbers).for_each(|(&code, &number)| counts[code as usize] = number);
            }
            let histograms: Vec<&[u64]> = counts.iter().map(Vec::as_slice).collect();
            let (rows, members) = (table.rows()[class], table.members()[class]);
            let population = behind.map_or(0, |behind| behind.counts()[class]);
            let described = Class { rows, members, population, histograms: &histograms };
            if self.verdict(&described, &mut buffer) != Verdict::Kept {
                out[class] = true;
                any = true;
            }
            for (column, counts) in counts.iter_mut().enumerate() {
                table.histogram(column).of(class).0.iter().for_each(|&code| counts[code as usize] = 0);
            }
        }
        if self.table_wide() {
            let kept = |class: &usize| !out[*class];
            let mut sizes: Vec<u64> = (0..table.len()).filter(kept).map(|class| table.members()[class]).collect();
            sizes.sort_unstable();
            let largest = self.largest_suppressed(&sizes);
            for (out, &members) in out.iter_mut().zip(table.members()) {
                any |= members <= largest && !*out;
                *out |= members <= largest;
            }
        }
        any
    }
}

/// The classes to leave out: what is left holds with all rows as the whole, and with itself as the whole.
///
/// # Errors
/// Sensitive values without a place in an order or a hierarchy.
pub fn leave_out(table: &ClassTable, behind: Option<&Behind>, asked: &[Asked]) -> Result<LeftOut, Vec<Unfit>> {
    let models = Asked::bind_all(asked, table, behind)?;
    let mut out = vec![false; table.len()];
    loop {
        let judge = Judge::new(&models, &Whole::of(table, &out));
        if !judge.reject(table, behind, &mut out) {
            return Ok(LeftOut { absent: judge.absent_rejected(behind), classes: out });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Distance;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::limits::K;
    use crate::value::TextBuilder;

    fn table(rows: &[(&str, &str, usize)]) -> ClassTable {
        let text = |cells: &mut dyn Iterator<Item = &str>| {
            let mut builder = TextBuilder::default();
            cells.for_each(|cell| builder.push(cell.as_bytes()));
            builder.finish(true)
        };
        let rows: Vec<_> =
            rows.iter().flat_map(|&(quasi, ill, count)| std::iter::repeat_n((quasi, ill), count)).collect();
        let mut builder = TableBuilder::new(Shape { quasi: 1, sensitive: 1, subject: false });
        builder.add(&[&text(&mut rows.iter().map(|row| row.0))], &[&text(&mut rows.iter().map(|row| row.1))], None);
        merge(vec![builder], 1)
    }

    fn close(t: f64) -> Asked {
        Asked::from(Model::TCloseness { t, distance: Distance::Equal, sensitive: 0 })
    }

    /// Class c is too small; with it a is 0.197 away from the whole, without it 0.227.
    #[test]
    fn what_is_left_holds_with_itself_as_the_whole() {
        let table = table(&[("a", "flu", 3), ("a", "cold", 1), ("b", "flu", 20), ("b", "cold", 20), ("c", "flu", 3)]);
        let asked = |t: f64| [Asked::from(Model::KAnonymity(K::new(4).unwrap())), close(t)];
        assert_eq!(leave_out(&table, None, &asked(0.23)).unwrap().classes, [false, false, true]);
        assert_eq!(leave_out(&table, None, &asked(0.21)).unwrap().classes, [true, false, true]);
        let models = Asked::bind_all(&asked(0.21), &table, None).unwrap();
        assert_eq!(Judge::over(&table, None, &models).classes, [false, false, true], "all rows are the whole");
    }

    #[test]
    fn small_classes_go_until_the_average_and_the_share_at_risk_hold() {
        let table = table(&[("a", "x", 1), ("b", "x", 1), ("c", "x", 3), ("d", "x", 20)]);
        let out = |model: Model| leave_out(&table, None, &[Asked::from(model)]).unwrap().classes;
        assert_eq!(out(Model::AverageRisk(0.1)), [true, true, false, false]);
        assert_eq!(out(Model::RiskShare { share: 0.15, above: 0.3 }), [true, true, false, false]);
        assert_eq!(out(Model::RiskShare { share: 0.3, above: 0.3 }), [false; 4]);
        assert_eq!(out(Model::SampleUniqueness(0.05)), [true, true, false, false]);
        assert_eq!(out(Model::PopulationUniqueness { share: 0.0, population: 25 }), [true, true, false, false]);
    }

    /// Of the people, a has 8, b 40, c 3, and 5 and 1 are of classes that the table does not have.
    #[test]
    fn people_behind_a_class_and_those_of_no_class_are_judged() {
        let sample = table(&[("a", "flu", 3), ("a", "cold", 1), ("b", "flu", 20), ("b", "cold", 20), ("c", "flu", 3)]);
        let people = table(&[("a", "", 8), ("b", "", 40), ("c", "", 3), ("d", "", 5), ("e", "", 1)]);
        let behind = sample.behind(&people);
        let judged = |model: Model| {
            let found = leave_out(&sample, Some(&behind), &[Asked::from(model)]).unwrap();
            (found.classes, found.absent)
        };
        assert_eq!(judged(Model::KMap(K::new(8).unwrap())), (vec![false, false, true], 0));
        assert_eq!(judged(Model::DeltaPresence { least: 0.0, most: 0.5 }), (vec![false, true, true], 0));
        assert_eq!(judged(Model::DeltaPresence { least: 0.0, most: 1.0 }), (vec![false; 3], 0));
        assert_eq!(judged(Model::DeltaPresence { least: 0.1, most: 1.0 }), (vec![false; 3], 2));
        assert_eq!(judged(Model::DeltaPresence { least: 0.6, most: 1.0 }), (vec![true, false, false], 2));
        let share = |population: u64| Asked::from(Model::PopulationUniqueness { share: 0.0, population });
        let bound = Asked::bind_all(&[share(Model::OF_TABLE)], &sample, Some(&behind)).unwrap();
        assert!(matches!(bound[..], [Model::PopulationUniqueness { population: 57, .. }]));
        assert!(share(Model::OF_TABLE).needs_table() && !share(57).needs_table());
    }
}
