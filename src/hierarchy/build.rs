//! From a profile's words to a hierarchy: the only file here that knows profiles.

use super::{Categories, DateLadder, Frequency, Hierarchy, Interval, Prefix, Region, RegionStep, Step, Suffix, Tree};
use crate::error::{Complaint, Error};
use crate::profile::{DateStep, HierarchySpec, RegionName};

/// Why a hierarchy could not be built.
#[derive(Debug)]
pub enum Problem {
    /// The file could not be read.
    File(Error),
    /// The file was read and is wrong: lines are its own.
    InFile(Vec<Complaint>),
    /// The parameters do not fit together: what is wrong.
    Parameters(&'static str),
}

/// Builds a hierarchy; `read` gives the bytes of a tree's file, named as in the profile, and is not called otherwise.
///
/// # Errors
/// [`Problem`].
pub fn from_spec(
    spec: &HierarchySpec,
    read: impl FnOnce(&str) -> crate::error::Result<Vec<u8>>,
) -> Result<Hierarchy, Problem> {
    Ok(match spec {
        HierarchySpec::Interval { steps, origin, low, high } => {
            Hierarchy::Interval(Interval::new(steps, *origin, *low, *high).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Prefix { lengths } => {
            Hierarchy::Prefix(Prefix::new(lengths.clone()).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Suffix { lengths } => {
            Hierarchy::Suffix(Suffix::new(lengths.clone()).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Region { steps } => {
            let step = |step: &RegionName| match step {
                RegionName::City => RegionStep::City,
                RegionName::Province => RegionStep::Province,
                RegionName::Part => RegionStep::Part,
            };
            Hierarchy::Region(Region::new(steps.iter().map(step).collect()).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Frequency { order, keep, other } => {
            let order = order.iter().map(|value| value.clone().into_bytes()).collect();
            let frequency = Frequency::new(order, keep.clone(), other.clone().into_bytes());
            Hierarchy::Frequency(frequency.map_err(Problem::Parameters)?)
        }
        HierarchySpec::Date { steps } => {
            let steps = steps.iter().copied().map(step_from_spec).collect();
            Hierarchy::Date(DateLadder::new(steps).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Categories { groups, other } => {
            let groups = groups.iter().map(|(value, group)| (value.clone().into(), group.clone().into())).collect();
            let other = other.clone().map(Into::into);
            Hierarchy::Categories(Categories::new(groups, other).map_err(Problem::Parameters)?)
        }
        HierarchySpec::Tree { file, separator } => {
            let bytes = read(file).map_err(Problem::File)?;
            Hierarchy::Tree(Tree::parse(&bytes, *separator).map_err(Problem::InFile)?)
        }
    })
}

/// A precision as the profile names it.
#[must_use]
pub fn step_from_spec(step: DateStep) -> Step {
    match step {
        DateStep::Day => Step::Day,
        DateStep::Week => Step::Week,
        DateStep::Month => Step::Month,
        DateStep::Quarter => Step::Quarter,
        DateStep::Year => Step::Year,
        DateStep::Years(years) => Step::Years(years),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Decimal;

    #[test]
    fn every_kind_is_built_and_only_a_tree_reads() {
        let none = |_: &str| panic!("no file is needed");
        let five = Decimal::whole(5);
        let interval = HierarchySpec::Interval { steps: vec![five], origin: Decimal::whole(0), low: None, high: None };
        assert_eq!(from_spec(&interval, none).ok().unwrap().levels(), 3);
        let prefix = HierarchySpec::Prefix { lengths: vec![4, 3, 2] };
        assert_eq!(from_spec(&prefix, none).ok().unwrap().levels(), 5);
        let suffix = HierarchySpec::Suffix { lengths: vec![4, 2] };
        assert_eq!(from_spec(&suffix, none).ok().unwrap().levels(), 4);
        let region = HierarchySpec::Region { steps: vec![RegionName::City, RegionName::Part] };
        assert_eq!(from_spec(&region, none).ok().unwrap().levels(), 4);
        let frequency = |keep: &[usize]| HierarchySpec::Frequency {
            order: vec!["a".into(), "b".into()],
            keep: keep.to_vec(),
            other: "other".into(),
        };
        assert_eq!(from_spec(&frequency(&[2, 1]), none).ok().unwrap().levels(), 4);
        assert!(matches!(from_spec(&frequency(&[3]), none), Err(Problem::Parameters(_))));
        let date = HierarchySpec::Date { steps: vec![DateStep::Month, DateStep::Year, DateStep::Years(5)] };
        assert_eq!(from_spec(&date, none).ok().unwrap().levels(), 5);
        let groups = [("a".to_owned(), "A".to_owned())].into();
        let categories = HierarchySpec::Categories { groups, other: None };
        assert_eq!(from_spec(&categories, none).ok().unwrap().levels(), 3);
        let tree = HierarchySpec::Tree { file: "t.csv".into(), separator: b',' };
        let read = |name: &str| {
            assert_eq!(name, "t.csv");
            Ok(b"a,A,*\nb,B,*\n".to_vec())
        };
        assert_eq!(from_spec(&tree, read).ok().unwrap().levels(), 3);
        assert!(matches!(from_spec(&tree, |_| Ok(Vec::new())), Err(Problem::InFile(_))));
        let date = HierarchySpec::Date { steps: vec![DateStep::Week, DateStep::Year] };
        assert!(matches!(from_spec(&date, none), Err(Problem::Parameters(_))));
    }

    #[test]
    fn steps_keep_their_names_and_their_order() {
        for step in
            [DateStep::Day, DateStep::Week, DateStep::Month, DateStep::Quarter, DateStep::Year, DateStep::Years(7)]
        {
            assert_eq!(step.name(), step_from_spec(step).name());
            for coarser in [DateStep::Week, DateStep::Month, DateStep::Years(14)] {
                assert_eq!(step.refines(coarser), step_from_spec(step).refines(step_from_spec(coarser)));
            }
        }
    }
}
