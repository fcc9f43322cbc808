//! Places of an ordered column's values, and what a range between two of them covers.

/// Where raw codes stand in the order of their column. Codes may share a place; a code without one, as null, is in no range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    places: Vec<Option<u64>>,
    /// Codes in order, one for each place.
    line: Vec<u32>,
    total: u64,
}

impl Order {
    /// For each raw code its place among the column's whole domain, from 0, and how many places there are.
    ///
    /// # Panics
    /// If there are 2^32 codes or more.
    #[must_use]
    pub fn new(places: Vec<Option<u64>>, total: u64) -> Self {
        let code = |at: usize| u32::try_from(at).expect("codes are 32 bits");
        let mut line: Vec<(u64, u32)> =
            places.iter().enumerate().filter_map(|(at, place)| place.map(|place| (place, code(at)))).collect();
        line.sort_unstable();
        line.dedup_by_key(|(place, _)| *place);
        Self { places, line: line.into_iter().map(|(_, code)| code).collect(), total }
    }
    /// The place of a code.
    #[must_use]
    pub fn place(&self, code: u32) -> Option<u64> {
        self.places[code as usize]
    }
    /// The codes at the ends.
    #[must_use]
    pub fn ends(&self) -> Option<(u32, u32)> {
        Some((*self.line.first()?, *self.line.last()?))
    }
    /// The code whose place comes next.
    #[must_use]
    pub fn next(&self, code: u32) -> Option<u32> {
        self.line.get(self.rank(code)? + 1).copied()
    }
    /// The code whose place comes before.
    #[must_use]
    pub fn before(&self, code: u32) -> Option<u32> {
        self.line.get(self.rank(code)?.checked_sub(1)?).copied()
    }
    /// Places of the domain that a range covers: from its lowest value, or from the start where that is the first one, to the value
    /// after its highest, or to the end. So ranges that lie side by side leave nothing between them.
    #[must_use]
    pub fn covered(&self, low: u32, high: u32) -> u64 {
        let start = if self.before(low).is_none() { 0 } else { self.place(low).unwrap_or(0) };
        let end = self.next(high).and_then(|next| self.place(next)).unwrap_or(self.total);
        end.saturating_sub(start)
    }

    fn rank(&self, code: u32) -> Option<usize> {
        let place = self.place(code)?;
        self.line.binary_search_by_key(&Some(place), |code| self.places[*code as usize]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_side_by_side_cover_the_domain() {
        // values 3, 3, none, 7, 5 of a domain of 0 to 9
        let order = Order::new(vec![Some(3), Some(3), None, Some(7), Some(5)], 10);
        assert_eq!(order.ends(), Some((0, 3)));
        assert_eq!((order.next(1), order.next(4), order.next(3), order.next(2)), (Some(4), Some(3), None, None));
        assert_eq!((order.before(4), order.before(1)), (Some(0), None));
        assert_eq!(order.covered(0, 3), 10);
        assert_eq!((order.covered(0, 1), order.covered(4, 4), order.covered(3, 3)), (5, 2, 3));
        assert_eq!(Order::new(vec![None], 4).ends(), None);
    }
}
