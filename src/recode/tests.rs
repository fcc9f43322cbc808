//! Microaggregation against its definition; the other kinds are tested against the search, in `tests/it/recode.rs`.

use super::microaggregate;
use proptest::prelude::*;

proptest! {
    #[test]
    fn groups_have_k_members_and_their_means(
        points in proptest::collection::vec((-50_i32..50, 0_i32..9, 1_u64..4), 1..120), k in 1_u64..12,
    ) {
        let columns: Vec<Vec<f64>> = vec![
            points.iter().map(|point| f64::from(point.0)).collect(),
            points.iter().map(|point| f64::from(point.1)).collect(),
        ];
        let members: Vec<u64> = points.iter().map(|point| point.2).collect();
        let found = microaggregate(&columns, &members, k);
        prop_assert_eq!(found.is_some(), members.iter().sum::<u64>() >= k);
        let Some(found) = found else { return Ok(()) };
        for group in 0..found.means.len() {
            let of: Vec<usize> = (0..points.len()).filter(|at| found.group_of[*at] as usize == group).collect();
            let count: u64 = of.iter().map(|at| members[*at]).sum();
            prop_assert!(count >= k, "{count} members");
            for (column, mean) in columns.iter().zip(&found.means[group]) {
                let sum: f64 = of.iter().map(|at| column[*at] * f64::from(u32::try_from(members[*at]).unwrap())).sum();
                prop_assert!((sum / f64::from(u32::try_from(count).unwrap()) - mean).abs() < 1e-9);
            }
        }
        prop_assert!(found.lost.iter().all(|lost| (0.0..=1.0 + 1e-9).contains(lost)));
    }
}

#[test]
fn close_numbers_come_together() {
    // three heaps far from each other: nothing but the spread within them is lost
    let values: Vec<f64> = [0.0, 1.0, 2.0, 1000.0, 1001.0, 1002.0, 5000.0, 5001.0, 5002.0].into();
    let found = microaggregate(&[values], &[1; 9], 3).unwrap();
    let mut means: Vec<f64> = found.means.iter().map(|mean| mean[0]).collect();
    means.sort_by(f64::total_cmp);
    assert_eq!(means, [1.0, 1001.0, 5001.0]);
    assert!(found.lost[0] < 1e-6);
}

#[test]
fn more_classes_than_are_grouped_at_once() {
    let values: Vec<f64> = (0..10_000).map(|at| f64::from(at * 7919 % 10_007)).collect();
    let found = microaggregate(&[values.clone(), values], &[1; 10_000], 5).unwrap();
    assert!((1_000..=2_000).contains(&found.means.len()), "{} groups", found.means.len());
    assert!(found.lost[0] < 1e-4, "{}", found.lost[0]);
}
