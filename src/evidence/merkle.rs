//! The Merkle tree of RFC 6962 (section 2.1) over SHA-256: roots, proofs, and their checks.
//!
//! Responsible for: one root for a sequence of entries; a short proof that an entry is in the tree (inclusion), and that a
//! tree is the start of a later one (consistency). Given: the exact bytes of entries, or subtree hashes that somebody
//! stored. It never interprets an entry. Checks follow RFC 9162, 2.1.3.2 and 2.1.4.2.

use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};

/// A node of the tree: 32 bytes of SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry; the leading zero byte keeps leaves apart from nodes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// The hash of two neighbours.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// A tree that only grows and keeps one hash for each full subtree: the root of a log of any length in constant memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// Roots of the full subtrees, the largest first: one for each bit of `size`.
    peaks: Vec<Hash>,
}

impl Tree {
    /// A tree of `size` entries whose full subtrees have these roots, the largest first.
    ///
    /// # Errors
    /// When their number is not that of the bits of `size`.
    pub fn resume(size: u64, peaks: Vec<Hash>) -> Result<Self> {
        if peaks.len() != size.count_ones() as usize {
            return Err(Error::new(ErrorKind::Internal("a tree has one peak for each bit of its size")));
        }
        Ok(Self { size, peaks })
    }
    /// Appends an entry; gives its leaf hash.
    pub fn push(&mut self, entry: &[u8]) -> Hash {
        let hash = leaf_hash(entry);
        self.push_hash(hash);
        hash
    }
    /// Appends an entry by its leaf hash.
    pub fn push_hash(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("one peak for each bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
    /// The root; of no entries, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks)
    }
}

/// Where the hashes of full subtrees are kept.
pub trait Subtrees {
    /// The root of the full subtree of `2^level` entries that starts at entry `index * 2^level`.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn subtree(&self, level: u32, index: u64) -> Result<Hash>;
}

/// All hashes of a tree in memory, level by level: for a run's log, which has thousands of entries, not billions.
#[derive(Debug, Clone, Default)]
pub struct Levels(Vec<Vec<Hash>>);

impl Levels {
    /// The tree of these entries.
    pub fn of<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Self {
        let mut levels = Self::default();
        for entry in entries {
            levels.push(entry.as_ref());
        }
        levels
    }
    /// Appends an entry.
    pub fn push(&mut self, entry: &[u8]) {
        let mut hash = leaf_hash(entry);
        for level in 0.. {
            if self.0.len() == level {
                self.0.push(Vec::new());
            }
            let hashes = &mut self.0[level];
            hashes.push(hash);
            let [left, right] = match hashes.as_chunks::<2>() {
                (pairs, []) => *pairs.last().expect("one was just pushed, and they come in pairs"),
                _ => return,
            };
            hash = node_hash(&left, &right);
        }
    }
    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.first().map_or(0, |leaves| leaves.len() as u64)
    }
}

impl Subtrees for Levels {
    fn subtree(&self, level: u32, index: u64) -> Result<Hash> {
        let hashes = self.0.get(level as usize);
        let hash = hashes.and_then(|hashes| hashes.get(usize::try_from(index).ok()?));
        hash.copied().ok_or_else(|| Error::new(ErrorKind::Internal("a subtree that the tree does not have")))
    }
}

/// The root over the first `size` entries.
///
/// # Errors
/// When a subtree cannot be had.
pub fn root_of(source: &impl Subtrees, size: u64) -> Result<Hash> {
    range(source, 0, size)
}

/// The proof that entry `index` is in the tree of the first `size` entries: sibling hashes from the leaf up.
///
/// # Errors
/// `index` is not below `size`, or a subtree cannot be had.
pub fn inclusion_proof(source: &impl Subtrees, index: u64, size: u64) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(Error::new(ErrorKind::Internal("no such entry in the tree")));
    }
    let (mut begin, mut end, mut path) = (0, size, Vec::new());
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            path.push(range(source, middle, end)?);
            end = middle;
        } else {
            path.push(range(source, begin, middle)?);
            begin = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `old` entries is the start of that of the first `size`. Empty for no entries and
/// for equal sizes.
///
/// # Errors
/// `old` is above `size`, or a subtree cannot be had.
pub fn consistency_proof(source: &impl Subtrees, old: u64, size: u64) -> Result<Vec<Hash>> {
    if old > size {
        return Err(Error::new(ErrorKind::Internal("a later tree is not smaller")));
    }
    if old == 0 || old == size {
        return Ok(Vec::new());
    }
    let (mut begin, mut end, mut path) = (0, size, Vec::new());
    while old != end {
        let middle = begin + split(end - begin);
        if old <= middle {
            path.push(range(source, middle, end)?);
            end = middle;
        } else {
            path.push(range(source, begin, middle)?);
            begin = middle;
        }
    }
    if begin > 0 {
        // The verifier has the old root itself where the old tree is one full subtree.
        path.push(range(source, begin, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that the entry with this leaf hash stands at `index` of the tree.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(step, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the tree of `old` entries with `old_root` is the start of the tree of `size` with `root`.
#[must_use]
pub fn verify_consistency(old: u64, old_root: &Hash, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if old > size {
        return false;
    }
    if old == size {
        return path.is_empty() && old_root == root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == fold(&[]);
    }
    let (first, rest) = if old.is_power_of_two() {
        (old_root, path)
    } else {
        match path.split_first() {
            Some(parts) => parts,
            None => return false,
        }
    };
    let (mut at, mut last) = (old - 1, size - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old_hash, mut hash) = (*first, *first);
    for step in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(step, &old_hash);
            hash = node_hash(step, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && hash == *root
}

/// The full subtrees of the first `size` entries, the largest first, as level and index.
#[must_use]
pub fn peaks(size: u64) -> Vec<(u32, u64)> {
    full_subtrees(0, size)
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The hash over entries `begin` up to `end`, where `begin` is a multiple of the power of two that covers the range.
fn range(source: &impl Subtrees, begin: u64, end: u64) -> Result<Hash> {
    let hashes: Vec<Hash> = full_subtrees(begin, end)
        .into_iter()
        .map(|(level, index)| source.subtree(level, index))
        .collect::<Result<_>>()?;
    Ok(fold(&hashes))
}

fn full_subtrees(begin: u64, end: u64) -> Vec<(u32, u64)> {
    let (mut at, mut parts) = (begin, Vec::new());
    for level in (0..64).rev() {
        if (end - begin) >> level & 1 == 1 {
            parts.push((level, at >> level));
            at += 1 << level;
        }
    }
    parts
}

/// One hash of neighbours of falling size, taken from the right.
fn fold(peaks: &[Hash]) -> Hash {
    match peaks.split_last() {
        None => sha256(&[]),
        Some((last, rest)) => rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6962, 2.1, word for word.
    fn naive(entries: &[Vec<u8>]) -> Hash {
        match entries {
            [] => sha256(&[]),
            [one] => leaf_hash(one),
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                node_hash(&naive(left), &naive(right))
            }
        }
    }

    fn entries(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|at| format!("entry {at}").into_bytes()).collect()
    }

    fn hex(hash: &Hash) -> String {
        data_encoding::HEXLOWER.encode(hash)
    }

    #[test]
    fn roots_of_the_certificate_transparency_test_vectors() {
        // The eight inputs and roots of the reference implementation (google/certificate-transparency, merkletree tests).
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        assert_eq!(hex(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (input, root) in inputs.iter().zip(roots) {
            tree.push(&data_encoding::HEXLOWER.decode(input.as_bytes()).unwrap());
            assert_eq!(hex(&tree.root()), root);
        }
    }

    #[test]
    fn every_root_and_every_proof_of_small_trees_holds_and_no_other_does() {
        let all = entries(40);
        let levels = Levels::of(&all);
        let roots: Vec<Hash> = (0..=40).map(|size| naive(&all[..size])).collect();
        for size in 0..=40_u64 {
            let root = &roots[size as usize];
            let mut tree = Tree::default();
            all[..size as usize].iter().for_each(|entry| {
                tree.push(entry);
            });
            assert_eq!((&tree.root(), &root_of(&levels, size).unwrap()), (root, root));
            for index in 0..size {
                let leaf = leaf_hash(&all[index as usize]);
                let path = inclusion_proof(&levels, index, size).unwrap();
                assert!(verify_inclusion(&leaf, index, size, &path, root), "{index} of {size}");
                for other in (0..size + 1).filter(|other| *other != index) {
                    assert!(!verify_inclusion(&leaf, other, size, &path, root), "{index} shown as {other} of {size}");
                }
            }
            for old in 0..=size {
                let path = consistency_proof(&levels, old, size).unwrap();
                assert!(verify_consistency(old, &roots[old as usize], size, root, &path), "{old} to {size}");
                for other in (0..=40).filter(|other| *other != old) {
                    assert!(!verify_consistency(other, &roots[old as usize], size, root, &path));
                    assert!(!verify_consistency(old, &roots[other as usize], size, root, &path));
                }
            }
        }
        assert!(inclusion_proof(&levels, 40, 40).is_err() && consistency_proof(&levels, 41, 40).is_err());
    }

    #[test]
    fn a_tree_goes_on_from_its_peaks() {
        let all = entries(23);
        let levels = Levels::of(&all);
        for size in 0..23 {
            let hashes = peaks(size).into_iter().map(|(level, index)| levels.subtree(level, index).unwrap()).collect();
            let mut tree = Tree::resume(size, hashes).unwrap();
            all[size as usize..].iter().for_each(|entry| {
                tree.push(entry);
            });
            assert_eq!(tree.root(), naive(&all));
        }
        assert!(Tree::resume(3, vec![]).is_err());
    }

    proptest! {
        #[test]
        fn a_proof_with_any_change_proves_nothing(size in 1_u64..600, at in 0_u64..600, old in 0_u64..600, step in any::<prop::sample::Index>(), bit in 0_usize..256, longer in any::<bool>()) {
            let (at, old) = (at % size, old % size);
            let all = entries(size as usize);
            let levels = Levels::of(&all);
            let (root, old_root) = (root_of(&levels, size).unwrap(), root_of(&levels, old).unwrap());
            let leaf = leaf_hash(&all[at as usize]);
            let path = inclusion_proof(&levels, at, size).unwrap();
            let between = consistency_proof(&levels, old, size).unwrap();
            prop_assert!(verify_inclusion(&leaf, at, size, &path, &root));
            prop_assert!(verify_consistency(old, &old_root, size, &root, &between));
            let spoil = |path: &[Hash]| {
                let mut path = path.to_vec();
                if longer || path.is_empty() {
                    path.push([7; 32]);
                } else {
                    let step = step.index(path.len());
                    path[step][bit / 8] ^= 1 << (bit % 8);
                }
                path
            };
            prop_assert!(!verify_inclusion(&leaf, at, size, &spoil(&path), &root));
            prop_assert!(!verify_consistency(old, &old_root, size, &root, &spoil(&between)));
            if let Some((_, shorter)) = path.split_last() {
                prop_assert!(!verify_inclusion(&leaf, at, size, shorter, &root));
            }
            if let Some((_, shorter)) = between.split_last() {
                prop_assert!(!verify_consistency(old, &old_root, size, &root, shorter));
            }
        }
    }
}
