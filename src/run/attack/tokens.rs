//! Dictionary attack on the columns of a release that have nothing in common with the originals: tokens, as somebody made them.
//!
//! The attacker has a list of values that may be behind the tokens, as of all phone numbers; here it is some of the originals', so that
//! a hit is a person found. Each is tried under every plain hash, with what tools put around a value, and under every text of
//! the release that may be a salt or a key. The naive attacker tries values that nobody has.

use super::super::parallel::{Worker, each_shard};
use super::super::{Progress, Stage, make_pool};
use super::{AttackJob, Made};
use crate::attack::{Digest, Draws, Measured, Restored, Trials, dictionary, key_material};
use crate::digest::unkeyed::HASHES;
use crate::error::{ErrorKind, Result};
use crate::read::{Scratch, Shard, ShardCount, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Different cells of a column that are held.
const CELLS: usize = 1 << 20;
/// Columns of the originals that are tried where no name says which it is.
const COLUMNS: usize = 16;
/// Texts of the release that are tried as salt or key.
const SALTS: usize = 64;
/// Salts and keys that everybody tries first. A key of zeros is, for an HMAC, no key.
const COMMON: [&str; 9] = ["\0", "salt", "pepper", "secret", "key", "password", "changeme", "123456", "0"];

/// Makes the attack on every column of the release that is none of `comparable`; `raw` says which column of the originals is behind
/// one, where it has the same name.
pub(super) fn dictionaries(
    job: &AttackJob,
    comparable: &BTreeSet<usize>,
    raw: &BTreeMap<usize, usize>,
    progress: &Progress,
) -> Result<Vec<Made>> {
    let width = job.release.schema().fields().len();
    let others: Vec<usize> = (0..width).filter(|at| !comparable.contains(at)).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let released = distinct(&job.release, &others, progress)?;
    let tokens: Vec<(usize, Vec<&[u8]>)> = others
        .iter()
        .zip(&released)
        .map(|(at, cells)| (*at, cells.iter().map(Vec::as_slice).collect::<Vec<_>>()))
        .filter(|(_, cells)| look_like_tokens(cells))
        .collect();
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let all = || (0..job.original.schema().fields().len()).take(COLUMNS);
    let wanted: BTreeSet<usize> = tokens
        .iter()
        .flat_map(|(at, _)| raw.get(at).map_or_else(|| all().collect(), |original| vec![*original]))
        .collect();
    let wanted: Vec<usize> = wanted.into_iter().collect();
    let values = distinct(&job.original, &wanted, progress)?;
    let controls = match &job.control {
        Some(control) => {
            let places = wanted.iter().map(|at| control.schema().position(&job.original.schema().fields()[*at].name));
            let places: Vec<usize> = places.map(|place| place.unwrap_or(0)).collect();
            Some(distinct(control, &places, progress)?)
        }
        None => None,
    };
    let salts = salts(&job.beside);
    let mut made = Vec::new();
    for (at, tokens) in &tokens {
        let tries =
            wanted.iter().enumerate().filter(|(_, original)| raw.get(at).is_none_or(|known| known == *original));
        let best = tries
            .map(|(place, original)| {
                let control = controls.as_ref().map(|controls| controls[place].as_slice());
                let (measured, by) = attack(job, &values[place], control, tokens, &salts);
                (*original, measured, by)
            })
            .max_by(|one, other| one.1.main.share().total_cmp(&other.1.main.share()).then(other.0.cmp(&one.0)));
        if let Some((original, measured, by)) = best {
            made.push(Made {
                attack: "dictionary",
                columns: vec![job.release.schema().fields()[*at].name.clone()],
                secret: Some(job.original.schema().fields()[original].name.clone()),
                measured,
                by,
            });
        }
    }
    Ok(made)
}

/// Whether most of the cells could be digests: eight letters or more, of an alphabet of digests, digits among them.
fn look_like_tokens(cells: &[&[u8]]) -> bool {
    let of_digest = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    let one = |cell: &&&[u8]| cell.len() >= 8 && cell.iter().all(of_digest);
    let some = cells.iter().take(1000);
    let (all, like) = (some.len(), some.filter(one).count());
    all > 0 && like * 10 >= all * 9
}

/// The attack on one column with the values of one column of the originals.
fn attack(
    job: &AttackJob,
    values: &[Vec<u8>],
    control: Option<&[Vec<u8>]>,
    tokens: &[&[u8]],
    salts: &BTreeSet<Vec<u8>>,
) -> (Measured, Vec<String>) {
    let mut draws = Draws::new(job.setting.seed, "dictionary");
    let mut some = |values: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let chosen = draws.some(job.setting.attacks as usize, values.len());
        chosen.into_iter().map(|at| values[at as usize].clone()).collect()
    };
    let targets = some(values);
    let nobody: Vec<Vec<u8>> = targets.iter().map(|value| [value.as_slice(), b"00\x01"].concat()).collect();
    let others = control.map(&mut some);
    let mut by = BTreeSet::new();
    let main = meet(&targets, tokens, salts, &mut by);
    let mut nothing = BTreeSet::new();
    let naive = meet(&nobody, tokens, salts, &mut nothing);
    let control = others.map(|others| meet(&others, tokens, salts, &mut nothing));
    (Measured { main, naive, control }, by.into_iter().collect())
}

/// How many of the targets have a token that one of their digests is.
fn meet(targets: &[Vec<u8>], tokens: &[&[u8]], salts: &BTreeSet<Vec<u8>>, by: &mut BTreeSet<String>) -> Trials {
    let digests: Vec<Digest> =
        HASHES.iter().map(|hash| Digest { name: hash.name, block: hash.block, function: hash.function }).collect();
    let mut met: BTreeSet<usize> = BTreeSet::new();
    let mut take = |found: Restored, of: &dyn Fn(usize) -> usize| {
        met.extend(found.guesses.values().map(|candidate| of(*candidate)));
        by.extend(found.recipes.keys().map(|(digest, recipe)| format!("{digest}: {}", recipe.name())));
    };
    let (mut forms, mut whose) = (Vec::new(), Vec::new());
    for (at, target) in targets.iter().enumerate() {
        for form in dressed(target) {
            forms.push(form);
            whose.push(at);
        }
    }
    take(dictionary(&forms, &digests, &BTreeSet::new(), tokens), &|candidate| whose[candidate]);
    take(dictionary(targets, &digests, salts, tokens), &|candidate| candidate);
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    Trials { attempts: targets.len() as u64, successes: met.len() as f64 }
}

/// A value as tools write it before they hash it.
fn dressed(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let around = |before: &[u8], after: &[u8]| [before, value, after].concat();
    let mut forms = BTreeSet::from([
        value.to_vec(),
        value.to_ascii_lowercase(),
        value.to_ascii_uppercase(),
        around(b"", b"\n"),
        around(b"\"", b"\""),
        around(b"+86", b""),
        around(b"86", b""),
    ]);
    if !digits.is_empty() {
        forms.insert(digits);
    }
    forms
}

/// Texts of these files that may be a salt or a key, those that stand behind such a word first; and the usual ones.
fn salts(files: &[PathBuf]) -> BTreeSet<Vec<u8>> {
    let mut salts: BTreeSet<Vec<u8>> = COMMON.iter().map(|text| text.as_bytes().to_vec()).collect();
    let parts: Vec<Vec<u8>> = files.iter().filter_map(|path| ends(path).ok()).collect();
    let most = salts.len() + SALTS;
    for near in [true, false] {
        for bytes in &parts {
            for text in if near { behind_a_word(bytes) } else { key_material(bytes) } {
                if salts.len() < most {
                    salts.insert(text);
                }
            }
        }
    }
    salts
}

/// What stands behind `salt`, `pepper`, `secret` or `key`.
fn behind_a_word(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let lower = bytes.to_ascii_lowercase();
    let mut found = BTreeSet::new();
    for word in [&b"salt"[..], b"pepper", b"secret", b"key"] {
        for at in memchr::memmem::find_iter(&lower, word).take(SALTS) {
            found.extend(key_material(&bytes[at + word.len()..(at + word.len() + 100).min(bytes.len())]));
        }
    }
    found
}

/// The first and the last bytes of a file, where formats keep what they say of themselves.
fn ends(path: &Path) -> std::io::Result<Vec<u8>> {
    const PART: u64 = 1 << 16;
    let mut file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(PART).read_to_end(&mut bytes)?;
    let length = file.metadata()?.len();
    if length > 2 * PART {
        file.seek(SeekFrom::Start(length - PART))?;
    }
    file.take(PART).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The different cells of some columns, nulls left out, in order of their bytes.
fn distinct(source: &Source, places: &[usize], progress: &Progress) -> Result<Vec<Vec<Vec<u8>>>> {
    let pool = make_pool(1)?;
    progress.begin(Stage::Survey);
    let pass = source.pass()?.only(places.iter().copied()).without_fingerprints();
    let worker = Cells { places, cells: vec![BTreeSet::new(); places.len()] };
    let (mut workers, _) = each_shard(source, &pass, &pool, vec![worker], progress)?;
    let worker = workers.pop().ok_or(ErrorKind::Internal("a worker died"))?;
    Ok(worker.cells.into_iter().map(|cells| cells.into_iter().collect()).collect())
}

struct Cells<'j> {
    places: &'j [usize],
    cells: Vec<BTreeSet<Vec<u8>>>,
}

impl Worker for Cells<'_> {
    type Output = ();

    fn shard(&mut self, shard: Shard, scratch: &mut Scratch) -> Result<(ShardCount, ())> {
        let count = shard.read(scratch, &mut |batch| {
            for (place, cells) in self.places.iter().zip(&mut self.cells) {
                for cell in batch.columns[*place].to_text().iter().flatten() {
                    if cells.len() < CELLS && !cells.contains(cell) {
                        cells.insert(cell.to_vec());
                    }
                }
            }
            Ok(())
        })?;
        Ok((count, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_word_is_tried_first() {
        let found = behind_a_word(b"{\"Salt\": \"9f86d081884c7d65\", \"other\": \"00112233445566778899\"}");
        assert!(found.contains(&b"9f86d081884c7d65"[..]));
        assert!(look_like_tokens(&[b"9f86d081884c7d65", b"00112233"]) && !look_like_tokens(&[b"flu", b"a cold day"]));
    }

    #[test]
    fn values_are_tried_as_tools_write_them() {
        let forms = dressed(b"138-0013-8000");
        assert!(forms.contains(&b"13800138000"[..]) && forms.contains(&b"+86138-0013-8000"[..]));
    }
}
