//! Several plain text files, walked side by side: a piece of each, then the next of each.

use super::bytes::Bytes;
use super::packed::Text;
use super::{Anatomy, Expected, Packing, Sight, text_of};
use crate::error::{Error, ErrorKind, Result};
use std::path::Path;

/// Bytes that are read of each file at once: few enough that those of sixteen files stay in the second cache.
const PIECE: usize = 32 << 10;

/// Walks text files that are not packed, each with a sight of its own. After each round `own` is given the new piece of every file, empty
/// where a file is over; all are read once.
///
/// # Errors
/// [`ErrorKind::Io`]; where the files are expected to be packed or of columns.
pub fn examine_side_by_side<S: Sight>(
    paths: &[&Path],
    expected: &Expected,
    sights: &mut [S],
    own: &mut dyn FnMut(&[&[u8]]),
) -> Result<Vec<Anatomy>> {
    let mut walks = Vec::new();
    for path in paths {
        let text = text_of(expected).filter(|(packing, _)| *packing == Packing::None);
        let (_, text) = text.ok_or(ErrorKind::Internal("files that cannot be walked side by side"))?;
        walks.push((Bytes::open(path)?, text, Anatomy::default()));
    }
    let mut buffers = vec![vec![0; PIECE]; paths.len()];
    let mut counts = vec![0; paths.len()];
    for round in 0_u64.. {
        for (at, (file, text, anatomy)) in walks.iter_mut().enumerate() {
            let read = file.read(round * PIECE as u64, &mut buffers[at]);
            counts[at] = read.map_err(|error: Error| error.in_file(paths[at]))?;
            let piece = &buffers[at][..counts[at]];
            if !piece.is_empty() {
                sights[at].bytes(piece);
                text.feed(piece, anatomy);
            }
        }
        if counts.iter().all(|count| *count == 0) {
            break;
        }
        let pieces: Vec<&[u8]> = buffers.iter().zip(&counts).map(|(buffer, count)| &buffer[..*count]).collect();
        own(&pieces);
    }
    let finish = |(_, mut text, mut anatomy): (Bytes, Box<dyn Text>, Anatomy)| {
        text.finish(&mut anatomy);
        anatomy
    };
    Ok(walks.into_iter().map(finish).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::examine;

    /// Remembers what it was shown.
    #[derive(Default)]
    struct Shown(Vec<u8>);

    impl Sight for Shown {
        fn bytes(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
    }

    #[test]
    fn each_file_is_walked_and_shown_as_if_it_were_alone() {
        let folder = tempfile::tempdir().unwrap();
        let line = |at: usize| format!("{at},some text of a row\n");
        let texts: Vec<String> = [0, 1, 4000, 2000, 10_000]
            .iter()
            .map(|rows| (0..*rows).map(line).collect::<String>() + if *rows == 4000 { "\n\"x\"\r\n" } else { "" })
            .collect();
        let paths: Vec<_> = (0..texts.len()).map(|at| folder.path().join(at.to_string())).collect();
        paths.iter().zip(&texts).for_each(|(path, text)| std::fs::write(path, text).unwrap());
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let csv = |packing| Expected::Csv { delimiter: b',', null: Vec::new(), packing };
        let mut sights: Vec<Shown> = texts.iter().map(|_| Shown::default()).collect();
        let mut own = vec![Vec::<u8>::new(); texts.len()];
        let mut take = |pieces: &[&[u8]]| own.iter_mut().zip(pieces).for_each(|(own, piece)| own.extend(*piece));
        let found = examine_side_by_side(&paths, &csv(Packing::None), &mut sights, &mut take).unwrap();
        for (at, text) in texts.iter().enumerate() {
            assert!(sights[at].0 == text.as_bytes() && own[at] == text.as_bytes(), "{at}");
            assert_eq!(found[at], examine(paths[at], &csv(Packing::None), &mut Shown::default()).unwrap());
        }
        assert_eq!(found[2].oddities.len(), 2);
        let mut blind = [Shown::default()];
        for expected in [csv(Packing::Gzip), Expected::Parquet] {
            assert!(examine_side_by_side(&paths[..1], &expected, &mut blind, &mut |_| {}).is_err());
        }
        std::fs::remove_file(paths[0]).unwrap();
        assert!(examine_side_by_side(&paths[..1], &csv(Packing::None), &mut blind, &mut |_| {}).is_err());
    }
}
