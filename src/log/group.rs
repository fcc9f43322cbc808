//! How many shards or inputs share an event, so that the log of any run stays small.
//!
//! The number depends on the counts alone, never on threads or time: two runs over the same input group alike. A run of a
//! hundred thousand shards has no more than `2 * LARGEST` events of shards, about half a megabyte.

use std::ops::Range;

/// Events of a kind that are not exceeded; shards that do not fill a group at an input's end may double it.
pub const LARGEST: usize = 1024;

/// The smallest power of two that brings `count` things down to [`LARGEST`] groups.
fn size_of_group(count: usize) -> usize {
    count.div_ceil(LARGEST).max(1).next_power_of_two()
}

/// Cuts `inputs` into runs of equal length, the last one shorter.
#[must_use]
pub fn group_inputs(inputs: usize) -> Vec<Range<usize>> {
    chunks(0..inputs, size_of_group(inputs))
}

/// Cuts shards into groups, none of which lies in two of the inputs' groups: `shards` by group of inputs, in order. The
/// outcome is one list of ranges over all shards for each group of inputs.
#[must_use]
pub fn group_shards(shards: &[usize]) -> Vec<Vec<Range<usize>>> {
    let size = size_of_group(shards.iter().sum());
    let mut start = 0;
    shards
        .iter()
        .map(|count| {
            let range = start..start + count;
            start = range.end;
            chunks(range, size)
        })
        .collect()
}

fn chunks(range: Range<usize>, size: usize) -> Vec<Range<usize>> {
    range.clone().step_by(size).map(|start| start..(start + size).min(range.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_few_shards_stand_alone_and_many_share() {
        assert_eq!(group_shards(&[2, 0, 2]), [vec![0..1, 1..2], vec![], vec![2..3, 3..4]]);
        assert_eq!(group_inputs(3), [0..1, 1..2, 2..3]);
        // a billion rows of 90 bytes in shards of half a mebibyte
        let shards = 90 * 1_000_000_000_usize / (512 << 10);
        let groups = group_shards(&[shards]);
        assert_eq!((groups[0].len(), groups[0][0].len()), (671, 256));
        assert_eq!(group_inputs(1025).len(), 513);
    }

    proptest! {
        #[test]
        fn every_shard_is_in_one_group_and_no_group_in_two_inputs(counts in prop::collection::vec(0_usize..3000, 0..40)) {
            let groups = group_shards(&counts);
            let mut next = 0;
            for (count, groups) in counts.iter().zip(&groups) {
                let start = next;
                for group in groups {
                    prop_assert_eq!(group.start, next);
                    prop_assert!(!group.is_empty());
                    next = group.end;
                }
                prop_assert_eq!(next - start, *count);
            }
            prop_assert!(groups.iter().map(Vec::len).sum::<usize>() <= LARGEST + counts.len());
        }
    }
}
