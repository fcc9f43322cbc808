//! The classes of a release as keyed tags: of every label, and of the sensitive values of every class.

use super::Keys;
use super::keys::tag;
use crate::group::ClassTable;
use std::collections::BTreeMap;

/// Every class of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassSketch {
    /// Released names of the quasi-identifiers.
    pub columns: Vec<String>,
    /// Class after class, a tag for each column.
    pub labels: Vec<u64>,
    /// Members of each class.
    pub members: Vec<u64>,
    /// The sensitive columns.
    pub sensitive: Vec<SensitiveSketch>,
}

/// The values of one sensitive column, class by class; classes with the same values share one set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SensitiveSketch {
    /// Released name.
    pub column: String,
    /// Sets of tags, each sorted.
    pub sets: Vec<Vec<u64>>,
    /// By class: its set.
    pub of: Vec<u32>,
}

impl ClassSketch {
    /// From the classes of a release; the names are those of its columns, in order.
    ///
    /// # Panics
    /// If the names are not as many as the columns.
    #[must_use]
    pub fn new(classes: &ClassTable, quasi: &[&str], sensitive: &[&str], keys: &Keys) -> Self {
        assert_eq!((quasi.len(), sensitive.len()), (classes.quasi().len(), classes.sensitive().len()), "names");
        let tags: Vec<Vec<u64>> = classes
            .quasi()
            .iter()
            .zip(quasi)
            .map(|(values, name)| {
                let key = keys.labels(name);
                values.iter().map(|value| tag(&key, value)).collect()
            })
            .collect();
        let labels = (0..classes.len())
            .flat_map(|class| tags.iter().enumerate().map(move |(at, tags)| tags[classes.codes(at)[class] as usize]))
            .collect();
        Self {
            columns: quasi.iter().map(|name| (*name).to_owned()).collect(),
            labels,
            members: classes.members().to_vec(),
            sensitive: sensitive.iter().enumerate().map(|(at, name)| sets(classes, at, name, keys)).collect(),
        }
    }
    /// Number of classes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
    /// The label's tag of a class in a column.
    pub(super) fn label(&self, class: usize, column: usize) -> u64 {
        self.labels[class * self.columns.len() + column]
    }
}

fn sets(classes: &ClassTable, at: usize, name: &str, keys: &Keys) -> SensitiveSketch {
    let key = keys.values(name);
    let tags: Vec<u64> = classes.sensitive()[at].iter().map(|value| tag(&key, value)).collect();
    let mut known: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
    let mut sketch = SensitiveSketch { column: name.to_owned(), ..SensitiveSketch::default() };
    for class in 0..classes.len() {
        let (codes, _) = classes.histogram(at).of(class);
        let mut set: Vec<u64> = codes.iter().map(|code| tags[*code as usize]).collect();
        set.sort_unstable();
        let next = u32::try_from(known.len()).expect("fewer than 2^32 sets");
        let number = *known.entry(set).or_insert_with_key(|set| {
            sketch.sets.push(set.clone());
            next
        });
        sketch.of.push(number);
    }
    sketch
}
