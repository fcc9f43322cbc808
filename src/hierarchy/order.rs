//! Columns by order instead of by levels: where a value stands among those that its column may have, and how a bound is written.

use super::Hierarchy;
use crate::value::{Date, Decimal};

/// What orders the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderedBy {
    /// Their number.
    Numbers,
    /// Their date; a time behind it does not count.
    Dates,
}

impl OrderedBy {
    /// What stands for a cell in the order; `None` where it is not of the kind.
    fn key(self, cell: &[u8]) -> Option<Decimal> {
        match self {
            Self::Numbers => Decimal::parse(cell).map(Decimal::normalized),
            Self::Dates => Date::parse_timestamp(cell).map(|date| Decimal::whole(date.days().into())),
        }
    }
    /// Appends a cell as a bound: the number without needless digits, the date without its time. Nothing where it is of another kind.
    pub fn write(self, cell: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Numbers => {
                if let Some(number) = self.key(cell) {
                    number.write(out);
                }
            }
            Self::Dates => {
                if let Some(date) = Date::parse_timestamp(cell) {
                    date.write(out);
                }
            }
        }
    }
}

impl Hierarchy {
    /// What order the hierarchy goes by, where it does.
    #[must_use]
    pub fn ordered_by(&self) -> Option<OrderedBy> {
        match self {
            Self::Interval(_) => Some(OrderedBy::Numbers),
            Self::Date(_) => Some(OrderedBy::Dates),
            Self::Prefix(_)
            | Self::Suffix(_)
            | Self::Region(_)
            | Self::Frequency(_)
            | Self::Categories(_)
            | Self::Tree(_) => None,
        }
    }
    /// For each cell its place in the order, from 0, among what [`super::Ladder::domain`] counts: the points between the ends of
    /// an interval, the values that a tree or a closed set of categories lists, else the values given. Cells outside the ends
    /// of an interval stand at them. `None` where a cell is null or not of the kind.
    #[must_use]
    pub fn places(&self, by: OrderedBy, cells: &[Option<&[u8]>]) -> Vec<Option<u64>> {
        let keys: Vec<Option<Decimal>> = cells.iter().map(|cell| cell.and_then(|cell| by.key(cell))).collect();
        if let (Self::Interval(interval), OrderedBy::Numbers) = (self, by) {
            let finest = keys.iter().flatten().map(|number| number.scale()).max().unwrap_or(0).max(interval.scale());
            if let Some(domain) = interval.domain(finest) {
                return keys.iter().map(|key| key.map(|key| interval.place(key, finest, domain))).collect();
            }
        }
        let mut line: Vec<Decimal> = match self.domain() {
            Some(listed) => listed.into_iter().filter_map(|cell| by.key(cell)).collect(),
            None => keys.iter().copied().flatten().collect(),
        };
        line.sort_unstable_by(|left, right| left.compare(*right));
        line.dedup_by(|left, right| left.compare(*right).is_eq());
        let place = |key: Decimal| line.binary_search_by(|known| known.compare(key)).ok().map(|place| place as u64);
        keys.into_iter().map(|key| place(key?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hierarchy::{Interval, Tree};

    fn places(hierarchy: &Hierarchy, by: OrderedBy, cells: &[&str]) -> Vec<Option<u64>> {
        let cells: Vec<Option<&[u8]>> = cells.iter().map(|cell| (*cell != "-").then_some(cell.as_bytes())).collect();
        hierarchy.places(by, &cells)
    }

    #[test]
    fn places_count_what_the_loss_counts() {
        let tree = Hierarchy::Tree(Tree::parse(b"9,*\n10,*\n11,*\n30,*\n?,*\n", b',').unwrap());
        assert_eq!(
            places(&tree, OrderedBy::Numbers, &["30", "9", "?", "-", "11"]),
            [Some(3), Some(0), None, None, Some(2)]
        );
        let whole = |number| Decimal::whole(number);
        let ends = |low, high| Hierarchy::Interval(Interval::new(&[whole(5)], whole(0), low, high).unwrap());
        let bounded = ends(Some(whole(10)), Some(whole(20)));
        assert_eq!(
            places(&bounded, OrderedBy::Numbers, &["10", "19.5", "3", "99", "x"]),
            [Some(0), Some(95), Some(0), Some(99), None]
        );
        // an open end: the values that are there
        let open = ends(None, Some(whole(20)));
        assert_eq!(places(&open, OrderedBy::Numbers, &["7", "7.0", "-3", "40"]), [Some(1), Some(1), Some(0), Some(2)]);
        assert_eq!(
            places(&open, OrderedBy::Dates, &["2020-01-02", "1999-12-31", "2020-01-02 10:00:00"]),
            [Some(1), Some(0), Some(1)]
        );
    }

    #[test]
    fn bounds_are_written_in_one_way() {
        let write = |by: OrderedBy, cell: &str| {
            let mut out = Vec::new();
            by.write(cell.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write(OrderedBy::Numbers, " 25.50"), "25.5");
        assert_eq!(write(OrderedBy::Numbers, "x"), "");
        assert_eq!(write(OrderedBy::Dates, "1984-03-09T10:00:00"), "1984-03-09");
    }
}
