//! The tuples of columns that are put into groups together, and the group of each.
//!
//! Responsible for: finding a row's group by its numbers. Given: every tuple that was counted, with its group. Nothing here has `Debug`,
//! because it holds cells. Memory grows with different tuples: four bytes for each column and four more.

use crate::value::Decimal;

/// Every tuple and its group.
pub struct Tuples {
    /// For each column its different numbers, ascending.
    numbers: Vec<Vec<Decimal>>,
    /// Tuple by tuple, ascending: for each column 0 where there is no number, else its place + 1.
    codes: Vec<u32>,
    group_of: Vec<u32>,
    /// Where the tuples with each code in the first column start.
    starts: Vec<usize>,
}

/// A tuple without a group.
pub const NO_GROUP: u32 = u32::MAX;

impl Tuples {
    /// From the different numbers of each column, ascending, the codes of every tuple column by column (0 where there is no number, else
    /// its place + 1), and the tuples' groups.
    ///
    /// # Panics
    /// If there is no column, or not one code in each column for each tuple.
    #[must_use]
    pub fn new(numbers: Vec<Vec<Decimal>>, codes: &[Vec<u32>], group_of: &[u32]) -> Self {
        assert!(!codes.is_empty() && codes.len() == numbers.len(), "one list of codes for each column");
        assert!(codes.iter().all(|codes| codes.len() == group_of.len()), "one code for each tuple");
        let mut order: Vec<usize> = (0..group_of.len()).collect();
        let of = |tuple: usize| codes.iter().map(move |codes| codes[tuple]);
        order.sort_unstable_by(|left, right| of(*left).cmp(of(*right)));
        let mut starts = vec![0; numbers[0].len() + 2];
        codes[0].iter().for_each(|code| starts[*code as usize + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        Self {
            numbers,
            codes: order.iter().flat_map(|tuple| of(*tuple)).collect(),
            group_of: order.iter().map(|tuple| group_of[*tuple]).collect(),
            starts,
        }
    }
    /// For each row the group of its numbers, which stand column by column; [`NO_GROUP`] where the tuple was not counted, or has
    /// none.
    #[must_use]
    pub fn groups(&self, columns: &[Vec<Option<Decimal>>]) -> Vec<u32> {
        let rows = columns.first().map_or(0, Vec::len);
        let mut codes = vec![0; columns.len()];
        (0..rows).map(|row| self.group(columns.iter().map(|column| column[row]), &mut codes)).collect()
    }

    fn group(&self, tuple: impl Iterator<Item = Option<Decimal>>, codes: &mut [u32]) -> u32 {
        for ((number, known), code) in tuple.zip(&self.numbers).zip(codes.iter_mut()) {
            *code = match number.map(|number| known.binary_search_by(|known| known.compare(number))) {
                None => 0,
                Some(Ok(at)) => u32::try_from(at + 1).unwrap_or(NO_GROUP),
                Some(Err(_)) => return NO_GROUP,
            };
        }
        let width = codes.len();
        let (mut low, mut high) = (self.starts[codes[0] as usize], self.starts[codes[0] as usize + 1]);
        while low < high {
            let middle = low.midpoint(high);
            match self.codes[middle * width..][..width].cmp(codes) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return self.group_of[middle],
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        NO_GROUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_counted_tuple_finds_its_group_and_no_other_does(
            tuples in proptest::collection::btree_set((0_u32..4, 0_u32..4, 0_u32..3), 0..30),
        ) {
            // numbers 0, 10 and 20; 0.00 is 0, and what stands for nothing is missing
            let numbers: Vec<Decimal> = [0, 10, 20].map(Decimal::whole).into();
            let list: Vec<[u32; 3]> = tuples.iter().rev().map(|(a, b, c)| [*a, *b, *c]).collect();
            let codes: Vec<Vec<u32>> = (0..3).map(|at| list.iter().map(|tuple| tuple[at]).collect()).collect();
            let groups: Vec<u32> = (0..).take(list.len()).collect();
            let known = Tuples::new(vec![numbers; 3], &codes, &groups);
            for a in 0..4_u32 {
                for b in 0..4_u32 {
                    for c in 0..3_u32 {
                        let cell = |code: u32| code.checked_sub(1).map(|at| Decimal::new(i128::from(at) * 1000, 2).unwrap());
                        let found = known.groups(&[vec![cell(a)], vec![cell(b)], vec![cell(c)]]);
                        let expected = list.iter().position(|tuple| *tuple == [a, b, c]);
                        prop_assert_eq!(found, [expected.map_or(NO_GROUP, |at| groups[at])]);
                    }
                }
            }
            let other = vec![Some(Decimal::whole(5))];
            prop_assert_eq!(known.groups(&[other.clone(), other.clone(), other]), [NO_GROUP]);
        }
    }
}
