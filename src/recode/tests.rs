//! Microaggregation against its definition; the other kinds are tested against the search, in `tests/it/recode.rs`.

use super::microaggregate;
use proptest::prelude::*;
use std::collections::BTreeSet;

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

/// MDAV as the paper says it, and no quicker: every step looks at everything. Groups as sets of classes.
fn by_the_paper(columns: &[Vec<f64>], members: &[u64], k: u64) -> BTreeSet<BTreeSet<usize>> {
    let weight = |at: &usize| f64::from(u32::try_from(members[*at]).unwrap());
    let count = |of: &[usize]| of.iter().map(|at| members[*at]).sum::<u64>();
    let mean = |column: &[f64], of: &[usize]| {
        of.iter().map(|at| column[*at] * weight(at)).sum::<f64>() / of.iter().map(weight).sum::<f64>()
    };
    let mut left: Vec<usize> = (0..members.len()).collect();
    let standard: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let middle = mean(column, &left);
            let squares: Vec<f64> = column.iter().map(|value| (value - middle) * (value - middle)).collect();
            let deviation = mean(&squares, &left).sqrt();
            column.iter().map(|value| if deviation > 0.0 { (value - middle) / deviation } else { 0.0 }).collect()
        })
        .collect();
    let apart =
        |at: usize, to: &[f64]| standard.iter().zip(to).map(|(column, to)| (column[at] - to).powi(2)).sum::<f64>();
    let centre = |of: &[usize]| standard.iter().map(|column| mean(column, of)).collect::<Vec<f64>>();
    let point = |at: usize| standard.iter().map(|column| column[at]).collect::<Vec<f64>>();
    let farthest = |of: &[usize], from: &[f64]| {
        let mut far = of.to_vec();
        far.sort_by(|one, other| apart(*other, from).total_cmp(&apart(*one, from)).then(one.cmp(other)));
        far[0]
    };
    let gather = |left: &mut Vec<usize>, around: usize| {
        let mut near = left.clone();
        near.sort_by(|one, other| {
            apart(*one, &point(around)).total_cmp(&apart(*other, &point(around))).then(one.cmp(other))
        });
        near.retain(|at| *at != around);
        near.insert(0, around);
        let enough = (1..=near.len()).find(|many| count(&near[..*many]) >= k).unwrap();
        left.retain(|at| !near[..enough].contains(at));
        near[..enough].to_vec()
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    while count(&left) >= 3 * k {
        let one = farthest(&left, &centre(&left));
        groups.push(gather(&mut left, one));
        if count(&left) < k {
            break;
        }
        let other = farthest(&left, &point(one));
        groups.push(gather(&mut left, other));
    }
    if count(&left) >= 2 * k {
        let one = farthest(&left, &centre(&left));
        groups.push(gather(&mut left, one));
    }
    if count(&left) >= k {
        groups.push(left);
    } else {
        let centres: Vec<Vec<f64>> = groups.iter().map(|group| centre(group)).collect();
        for at in left {
            let nearest = (0..centres.len())
                .min_by(|one, other| apart(at, &centres[*one]).total_cmp(&apart(at, &centres[*other])));
            groups[nearest.unwrap()].push(at);
        }
    }
    groups.into_iter().map(|group| group.into_iter().collect()).collect()
}

proptest! {
    #[test]
    fn groups_are_those_of_the_paper(
        points in proptest::collection::vec((-1e6_f64..1e6, 0.0_f64..1.0, 1e9_f64..1.1e9, 1_u64..4), 1..60), k in 1_u64..9,
    ) {
        let column = |of: fn(&(f64, f64, f64, u64)) -> f64| points.iter().map(of).collect::<Vec<f64>>();
        let columns = [column(|point| point.0), column(|point| point.1), column(|point| point.2)];
        let members: Vec<u64> = points.iter().map(|point| point.3).collect();
        let Some(found) = microaggregate(&columns, &members, k) else { return Ok(()) };
        let groups: BTreeSet<BTreeSet<usize>> = (0..found.means.len())
            .map(|group| (0..points.len()).filter(|at| found.group_of[*at] as usize == group).collect())
            .collect();
        prop_assert_eq!(groups, by_the_paper(&columns, &members, k));
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
