//! Keyed 64-bit marks of values: by them distinct values are counted and drawn.
//!
//! A mark is made of folded products: two words under secret keys are multiplied, and the halves of the 128 bits are laid over each other.
//! Every word of the value goes through such a product, and its length through the last one. Marks live as long as a run and are in no
//! release.

use super::distinct::spread;
use crate::value::Text;

/// Takes keyed marks of values: those who do not know the seed cannot choose values that are left out.
#[derive(Clone)]
pub struct Marker {
    keys: [u64; 6],
}

impl Marker {
    /// With a seed that belongs to the run.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        let keys = std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            spread(state)
        });
        Self { keys }
    }
    /// The mark of a value; never zero, so that zero can stand for null.
    #[must_use]
    #[inline]
    pub fn mark(&self, value: &[u8]) -> u64 {
        let words = if value.len() <= SHORT { self.pair(ends(value)) } else { self.long(value) };
        self.finish(words, value.len() as u64)
    }
    /// The marks of cells in order; zero for null.
    #[inline]
    pub(super) fn take<'c>(&self, cells: impl Iterator<Item = Option<&'c [u8]>>, marks: &mut Vec<u64>) {
        marks.clear();
        marks.extend(cells.map(|cell| cell.map_or(0, |cell| self.mark(cell))));
    }
    /// Gives the mark of every cell, zero for null, by its row.
    #[inline]
    pub fn each(&self, cells: &Text<'_>, mut look: impl FnMut(usize, u64)) {
        let (bytes, spans) = (cells.bytes(), cells.spans());
        if spans.iter().fold(true, |all, span| all & (span.width() as usize == BLOCK)) {
            // as tokens are: no branch for the length of each
            let keys = self.clone();
            for (row, span) in spans.iter().enumerate() {
                let cell = bytes[span.start()..].first_chunk::<BLOCK>().expect("a cell lies in its buffer");
                look(row, keys.finish(keys.block(cell), BLOCK as u64));
            }
            return;
        }
        for (row, span) in spans.iter().enumerate() {
            look(row, span.get(bytes).map_or(0, |cell| self.mark(cell)));
        }
    }
    #[inline]
    fn pair(&self, (first, second): (u64, u64)) -> u64 {
        fold(first ^ self.keys[0], second ^ self.keys[1])
    }
    /// More than sixteen bytes: 32 at a time, at the end the last 32, some of which may have been there before.
    #[inline]
    fn long(&self, value: &[u8]) -> u64 {
        let (mut one, mut two) = (self.keys[1], self.keys[3]);
        let mut rest = value;
        while let Some((block, more)) = rest.split_first_chunk::<BLOCK>()
            && !more.is_empty()
        {
            one = fold(word(block, 0) ^ self.keys[0], word(block, 8) ^ one);
            two = fold(word(block, 16) ^ self.keys[2], word(block, 24) ^ two);
            rest = more;
        }
        let before = &value[value.len().saturating_sub(BLOCK)..];
        let last = &value[value.len() - SHORT..];
        let (Some(before), Some(last)) = (before.first_chunk::<SHORT>(), last.first_chunk::<SHORT>()) else {
            unreachable!("a long value has sixteen bytes")
        };
        fold(word(before, 0) ^ self.keys[0], word(before, 8) ^ one)
            ^ fold(word(last, 0) ^ self.keys[2], word(last, 8) ^ two)
    }
    /// As [`Self::long`] of so many bytes.
    #[inline]
    fn block(&self, block: &[u8; BLOCK]) -> u64 {
        fold(word(block, 0) ^ self.keys[0], word(block, 8) ^ self.keys[1])
            ^ fold(word(block, 16) ^ self.keys[2], word(block, 24) ^ self.keys[3])
    }
    #[inline]
    fn finish(&self, words: u64, length: u64) -> u64 {
        let mark = fold(words ^ self.keys[4], length ^ self.keys[5]);
        mark | u64::from(mark == 0)
    }
}

/// Bytes of a value that is two words.
pub(super) const SHORT: usize = 16;

/// Bytes that a long value is taken by.
const BLOCK: usize = 2 * SHORT;

/// Up to sixteen bytes as two words that tell them, for a given length: from both ends, so that they may overlap.
#[inline]
fn ends(value: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return (0, 0) };
    (u64::from(*first) | u64::from(value[value.len() / 2]) << 8, u64::from(*last))
}

/// Up to sixteen bytes as two words, zeros behind.
#[inline]
pub(super) fn short_words(value: &[u8]) -> (u64, u64) {
    let length = value.len();
    if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        let behind = if length == 8 { 0 } else { u64::from_le_bytes(*last) >> (8 * (SHORT - length)) };
        return (u64::from_le_bytes(*first), behind);
    }
    if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        let behind = u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4));
        return (u64::from(u32::from_le_bytes(*first)) | behind, 0);
    }
    (value.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)), 0)
}

#[inline]
fn word<const N: usize>(block: &[u8; N], at: usize) -> u64 {
    let bytes = block[at..].first_chunk::<8>().expect("a block holds whole words");
    u64::from_le_bytes(*bytes)
}

/// Both halves of a product, laid over each other.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves are wanted")]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left).wrapping_mul(u128::from(right));
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextBuilder;
    use std::collections::BTreeSet;

    /// Chance that a test of these would fail if marks were drawn by lot, over all its comparisons; the seeds are fixed.
    const ALPHA: f64 = 1e-8;

    /// Kinds of values: so many of each.
    fn kinds(count: u32) -> Vec<Vec<String>> {
        let hex = |number: u32| format!("{:016x}{:016x}", spread(u64::from(number)), spread(!u64::from(number)));
        let date = |day: u32| format!("{:04}-{:02}-{:02}", 1200 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
        let each = |make: &dyn Fn(u32) -> String| (0..count).map(make).collect::<Vec<_>>();
        vec![
            each(&|number| number.to_string()),
            each(&|number| format!("{number:09}")),
            each(&|number| format!("1380{number:011}2X")),
            each(&hex),
            each(&date),
            each(&|number| format!("somebody.{number}@a-long-name-of-some-company.example.com")),
        ]
    }

    /// The deviation of a chi-squared statistic, normal enough with thousands of degrees of freedom.
    fn deviation(counts: &[u64]) -> f64 {
        let total: u64 = counts.iter().sum();
        let expected = total as f64 / counts.len() as f64;
        let chi: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        let degrees = (counts.len() - 1) as f64;
        (chi - degrees) / (2.0 * degrees).sqrt()
    }

    #[test]
    fn low_and_high_bits_are_even_and_no_two_marks_are_equal() {
        // 6.5 standard deviations of a normal variable are passed with chance 4e-11 on each side; a chi-squared one of 4095 degrees has
        // a longer tail above, eight times as much there
        let limit = 6.5;
        const { assert!(12.0 * (8.0 + 1.0) * 4e-11 < ALPHA) };
        let marker = Marker::new(11);
        for values in kinds(200_000) {
            let (mut low, mut high, mut all) = (vec![0_u64; 1 << 12], vec![0_u64; 1 << 14], BTreeSet::new());
            for value in &values {
                let mark = marker.mark(value.as_bytes());
                low[usize::try_from(mark % (1 << 12)).unwrap()] += 1;
                high[usize::try_from(mark >> 50).unwrap()] += 1;
                all.insert(mark);
            }
            let (low, high) = (deviation(&low), deviation(&high));
            assert!(low.abs() < limit && high.abs() < limit, "{}: {low} {high}", values[1]);
            assert_eq!(all.len(), values.iter().collect::<BTreeSet<_>>().len());
        }
    }

    #[test]
    fn a_bit_of_the_value_or_of_the_seed_turns_every_bit_of_the_mark_half_the_time() {
        // each count is binomial, 4000 draws of 1/2: 7.5 standard deviations are passed with chance 7e-14
        const DRAWS: u32 = 4000;
        let limit = 7.5 * (f64::from(DRAWS) / 4.0).sqrt();
        const { assert!(6.0 * 25.0 * 64.0 * 7e-14 < ALPHA) };
        for (number, values) in kinds(DRAWS).into_iter().enumerate() {
            let marker = Marker::new(number as u64);
            let shortest = values.iter().map(String::len).min().unwrap();
            // the first and the last byte, and one in the middle
            let places: BTreeSet<usize> = [0, shortest / 2, shortest - 1].into();
            let mut turned = vec![[0_u32; 64]; 8 * places.len() + 1];
            for (seed, value) in values.iter().enumerate() {
                let mark = marker.mark(value.as_bytes());
                let flips = places.iter().flat_map(|place| (0..8).map(move |bit| (*place, bit)));
                let mut others: Vec<u64> = flips
                    .map(|(place, bit)| {
                        let mut other = value.clone().into_bytes();
                        other[place] ^= 1 << bit;
                        marker.mark(&other)
                    })
                    .collect();
                let under = |seed: usize| Marker::new(seed as u64).mark(value.as_bytes());
                others.push(mark ^ under(2 * seed) ^ under(2 * seed + 1));
                for (turned, other) in turned.iter_mut().zip(others) {
                    (0..64).for_each(|bit| turned[bit] += u32::try_from((mark ^ other) >> bit & 1).unwrap());
                }
            }
            for count in turned.iter().flatten() {
                let off = f64::from(*count) - f64::from(DRAWS) / 2.0;
                assert!(off.abs() < limit, "{}: {off}", values[1]);
            }
        }
    }

    #[test]
    fn length_counts_and_no_mark_is_zero() {
        let marker = Marker::new(1);
        let zeros = [0_u8; 70];
        let marks: BTreeSet<u64> = (0..=70).map(|length| marker.mark(&zeros[..length])).collect();
        assert!(marks.len() == 71 && !marks.contains(&0));
    }

    #[test]
    fn cells_of_one_length_have_the_marks_of_each() {
        let marker = Marker::new(9);
        for lengths in [[32; 3], [32, 31, 33], [16; 3], [0, 32, 32]] {
            let cells = lengths.map(|length| (0..length).map(|at| at as u8 * 7).collect::<Vec<u8>>());
            let mut builder = TextBuilder::default();
            cells.iter().for_each(|cell| builder.push_option((!cell.is_empty()).then_some(cell)));
            let mut marks = Vec::new();
            marker.each(&builder.finish(false), |row, mark| marks.push((row, mark)));
            let expected = |(row, cell): (usize, &Vec<u8>)| (row, if cell.is_empty() { 0 } else { marker.mark(cell) });
            assert_eq!(marks, cells.iter().enumerate().map(expected).collect::<Vec<_>>());
        }
    }

    proptest::proptest! {
        #[test]
        fn short_values_are_told_by_their_words(one in "[a-c]{0,16}", other in "[a-c]{0,16}") {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            if one.len() == other.len() {
                proptest::prop_assert_eq!(ends(one) == ends(other), one == other);
                proptest::prop_assert_eq!(short_words(one) == short_words(other), one == other);
            }
        }
    }
}
