//! Writes what platforms and portals read: lineage and catalogue entry, made from the log as it lies on disk.

use super::record::write_file;
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::merkle::Tree;
use crate::evidence::{EvidenceLinks, RunFacts, catalogue_entry, lineage};
use crate::log::{Entry, Moment, RunSealed};
use crate::profile::CatalogueSpec;
use crate::write::Stage;

const LINEAGE: &str = "lineage/openlineage.jsonl";
const CATALOGUE: &str = "catalog.json";

/// Lineage and catalogue entry of a run whose log is sealed; of one that waits for a second person, as it will be `sealed`.
pub(super) fn describe(stage: &Stage, words: &CatalogueSpec, sealed: &RunSealed) -> Result<()> {
    let read = |name: &str| {
        let path = stage.folder().join(name);
        std::fs::read(&path).map_err(|cause| Error::io("read", &path, &cause))
    };
    let (log, times) = (read(super::record::LOG)?, read(super::record::TIMES)?);
    let broken = || Error::new(ErrorKind::Internal("the log that was just written cannot be read"));
    let (mut tree, mut entries) = (Tree::default(), Vec::new());
    for line in lines(&log) {
        tree.push(line);
        entries.push(Entry::decode(line).map_err(|_| broken())?);
    }
    let moment = |line| serde_json::from_slice::<Moment>(line).map_err(|_| broken());
    let moments: Vec<Moment> = lines(&times).map(moment).collect::<Result<_>>()?;
    let mut facts = RunFacts::of(&entries).ok_or_else(broken)?;
    facts.sealed.get_or_insert(sealed);
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Err(broken()) };
    let root = data_encoding::HEXLOWER.encode(&tree.root());
    // The certificate names these files by digest, so they cannot name the certificate.
    let links = EvidenceLinks { log: Some((tree.size(), root)), certificate: None };
    stage.create_folder("lineage")?;
    write_file(stage, LINEAGE, &lineage(&facts, &first.wall, &last.wall, &links)?)?;
    let day = last.wall.get(..10).ok_or_else(broken)?;
    write_file(stage, CATALOGUE, &catalogue_entry(&facts, words, day)?)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}
