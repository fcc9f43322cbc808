//! What all rows of a person say together, at the levels of a node.
//!
//! Responsible for: signatures climbing with the classes, and who leaves. A signature is the classes that a person's rows stand
//! in and how often; a person leaves with all their rows if fewer than k persons share it, or if one of its classes leaves.
//!
//! Persons of one signature have one at every coarser node, so whoever leaves there by k leaves here too: k counted on persons
//! only becomes less upwards, as k counted on rows does. Signatures are compared whole, not by marks.

use super::counts::Count;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// The persons of a table by signature.
#[derive(Clone, Default)]
pub struct Signatures {
    /// Persons that share each signature.
    pub alike: Vec<u64>,
    /// Where each signature starts in `classes`; one more entry than signatures.
    pub starts: Vec<usize>,
    /// Class and rows there of one of its persons, ascending by class, signature after signature.
    pub classes: Vec<(u32, u64)>,
}

/// Who leaves.
pub(super) struct Leaving {
    /// Rows of the persons whose signature too few share.
    pub(super) firmly: u64,
    /// Rows of all who leave.
    pub(super) rows: u64,
    /// The same by class.
    pub(super) by_class: Vec<u64>,
}

impl Signatures {
    pub(super) fn bytes(&self) -> usize {
        self.alike.len() * 16 + self.classes.len() * 16
    }
    fn of(&self, signature: usize) -> &[(u32, u64)] {
        &self.classes[self.starts[signature]..self.starts[signature + 1]]
    }
    /// The signatures where classes have become coarser ones.
    pub(super) fn merged(&self, target: &[u32]) -> Self {
        let mut merged = Self { alike: Vec::new(), starts: vec![0], classes: Vec::new() };
        let mut known: HashMap<Vec<(u32, u64)>, usize, FixedState> =
            HashMap::with_capacity_and_hasher(self.alike.len(), FixedState::default());
        for (signature, &alike) in self.alike.iter().enumerate() {
            let mut coarse: Vec<(u32, u64)> =
                self.of(signature).iter().map(|&(class, times)| (target[class as usize], times)).collect();
            coarse.sort_unstable();
            coarse.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 += next.1;
                }
                same
            });
            match known.entry(coarse) {
                Entry::Occupied(at) => merged.alike[*at.get()] += alike,
                Entry::Vacant(new) => {
                    merged.classes.extend_from_slice(new.key());
                    new.insert(merged.alike.len());
                    merged.alike.push(alike);
                    merged.starts.push(merged.classes.len());
                }
            }
        }
        merged
    }
    /// Who leaves where these classes do.
    pub(super) fn leaving<C: Count>(&self, k: u64, out: &[bool], rows: &[C]) -> Leaving {
        let mut leaving = Leaving { firmly: 0, rows: 0, by_class: vec![0; rows.len()] };
        for (signature, &alike) in self.alike.iter().enumerate() {
            let classes = self.of(signature);
            let rare = alike < k;
            if rare || classes.iter().any(|&(class, _)| out[class as usize]) {
                for &(class, times) in classes {
                    leaving.by_class[class as usize] += times * alike;
                    leaving.rows += times * alike;
                    leaving.firmly += if rare { times * alike } else { 0 };
                }
            }
        }
        leaving
    }
}
