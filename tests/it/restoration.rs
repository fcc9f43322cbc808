//! "Cannot be restored", tried: the attacks of `outis::attack` on a published release of made-up people find nothing beyond chance,
//! and the same attacks on what careless tools make find nearly everything.
//!
//! The release is of a test seed, so that the truth is known here: which token stands for whom. The attacker is not given the seed.

use crate::support::Folder;
use outis::anatomy::{Expected, Packing, Sight, examine};
use outis::attack::{
    Digest, by_frequency, correlation_by_chance, dictionary, identifiers, identifiers_in, key_material, most_by_chance,
    rank_correlation, same_part,
};
use outis::domain::check_digit::resident_id_character;
use outis::secret::{Label, MasterKey, Suite, TextEncoding, encode};
use polars::prelude::{DataFrame, IntoColumn as _, IntoSeries as _, NamedFrom as _, Series, StringChunked};
use polars_arrow::array::Utf8ViewArray;
use polars_io::SerWriter as _;
use sha2::Digest as _;
use std::collections::{BTreeMap, BTreeSet};

/// Chance that a sound release fails one of the comparisons here.
const ALPHA: f64 = 1e-6;
const SEED: u64 = 7;
const ROWS: usize = 20_000;

const SHA256: Digest = Digest { name: "sha256", block: 64, function: |bytes| sha2::Sha256::digest(bytes).to_vec() };
const SHA512: Digest = Digest { name: "sha512", block: 128, function: |bytes| sha2::Sha512::digest(bytes).to_vec() };
const SM3: Digest =
    Digest { name: "sm3", block: 64, function: |bytes| <sm3::Sm3 as sm3::Digest>::digest(bytes).to_vec() };

/// Rows of a CSV file without quotes, less the header.
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn sha256_hex(value: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(value))
}

/// All mobile numbers that begin so.
fn mobiles(prefix: &str) -> Vec<Vec<u8>> {
    let free = 11 - prefix.len();
    (0..10_usize.pow(free as u32)).map(|rest| format!("{prefix}{rest:0free$}").into_bytes()).collect()
}

/// All resident IDs of a region and a birth date: 999 numbers, of which the last character follows.
fn resident_ids(front: &str) -> Vec<Vec<u8>> {
    (1..1000)
        .map(|number| {
            let digits = format!("{front}{number:03}").into_bytes();
            let last = resident_id_character(digits[..].try_into().unwrap()).unwrap();
            [digits, vec![last]].concat()
        })
        .collect()
}

/// A release of made-up people, and what the source says.
struct Published {
    folder: Folder,
    source: Vec<Vec<String>>,
    release: Vec<Vec<String>>,
    /// Everything that lies in the release, unpacked.
    bytes: Vec<u8>,
}

fn publish() -> Published {
    let folder = Folder::new();
    folder.outis(&["sample", "--rows", &ROWS.to_string(), "--output", "people.csv", "--quiet"]).expect(0);
    let profile = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/quickstart.toml")).unwrap();
    let profile = profile.replace("suppress_at_most = \"3%\"", "suppress_at_most = \"12%\"");
    assert!(profile.contains("12%"), "few people make more small classes");
    folder.write("p.toml", profile);
    let seed = SEED.to_string();
    folder
        .outis(&["run", "p.toml", "-i", "people.csv", "-o", "out", "--insecure-test-seed", &seed, "--quiet"])
        .expect(0);
    let (mut release, mut bytes) = (Vec::new(), Vec::new());
    for name in folder.files().into_iter().filter(|name| name.starts_with("out/")) {
        bytes.extend(std::fs::read(folder.join(&name)).unwrap());
        if name.ends_with(".csv") {
            release.extend(table(&folder.read(&name)));
        }
    }
    let source = table(&folder.read("people.csv"));
    assert!(release.len() * 5 > source.len() * 4, "most rows are drawn and released");
    Published { folder, source, release, bytes }
}

/// The token of a value under a seed, in releases of the profile `quickstart`: the truth, which needs the key.
fn token(seed: u64, domain: &str, semantic: &str, value: &str) -> String {
    let key = MasterKey::insecure_from_test_seed(seed);
    let label = Label { domain, release: "quickstart", semantic, canonicaliser: 1 };
    let mut text = Vec::new();
    encode(&key.field(Suite::HmacSha256, &label).tag(value.as_bytes()), 128, TextEncoding::Hex, &mut text);
    String::from_utf8(text).unwrap()
}

fn places(released: &[Vec<String>], column: usize) -> Vec<&[u8]> {
    released.iter().map(|row| row[column].as_bytes()).collect()
}

#[test]
fn nothing_of_a_published_release_is_restored_beyond_chance() {
    let Published { folder, source, release, bytes } = publish();
    // the truth: 0 id_no, 2 phone of the source are 0 and 1 of the release
    let ids: BTreeMap<String, usize> =
        source.iter().enumerate().map(|(at, row)| (token(SEED, "person", "cn.resident_id", &row[0]), at)).collect();
    let person: Vec<usize> = release.iter().map(|row| ids[&row[0]]).collect();

    // dictionary: every number of a prefix and every ID of a region and birth date that persons of the source have
    let (phone, id) = (&source[0][2], &source[0][0]);
    let tokens: Vec<&[u8]> = places(&release, 0).into_iter().chain(places(&release, 1)).collect();
    let none = BTreeSet::new();
    for candidates in [mobiles(&phone[..7]), resident_ids(&id[..14])] {
        assert!(candidates.iter().any(|candidate| candidate == phone.as_bytes() || candidate == id.as_bytes()));
        let restored = dictionary(&candidates, &[SHA256, SHA512, SM3], &none, &tokens);
        assert!(restored.tried >= 999 * 3 && restored.guesses.is_empty(), "128 bits are not met by chance");
    }
    // old key material: every text of the release as salt and key, and the key of another run
    let material = key_material(&bytes[bytes.len().saturating_sub(200_000)..]);
    let evidence: Vec<u8> = folder
        .files()
        .iter()
        .filter(|name| name.starts_with("out/") && !name.ends_with(".csv"))
        .flat_map(|name| std::fs::read(folder.join(name)).unwrap())
        .collect();
    let salts: BTreeSet<Vec<u8>> =
        key_material(&evidence).into_iter().filter(|text| text.len() >= 16).take(400).collect();
    assert!(!material.is_empty() && !salts.is_empty());
    let candidates: Vec<Vec<u8>> = vec![phone.clone().into_bytes(), id.clone().into_bytes()];
    assert!(dictionary(&candidates, &[SHA256, SM3], &salts, &tokens).guesses.is_empty());
    let known: BTreeSet<&str> = release.iter().map(|row| row[0].as_str()).collect();
    for row in &source[..200] {
        assert!(
            !known.contains(token(SEED + 1, "person", "cn.resident_id", &row[0]).as_str()),
            "the key of another run"
        );
    }

    // frequency: how often each ID stands is known; matched by rank, no more than chance is right
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    source.iter().for_each(|row| *counts.entry(row[0].as_str()).or_default() += 1);
    let values: Vec<(&str, u64)> = counts.into_iter().collect();
    let shares: Vec<f64> = values.iter().map(|(_, count)| *count as f64).collect();
    let ids_of_release = places(&release, 0);
    let guesses = by_frequency(&ids_of_release, &shares);
    let right = guesses
        .iter()
        .filter(|(token, value)| source[ids[std::str::from_utf8(token).unwrap()]][0] == values[*value].0)
        .count() as u64;
    assert!(right <= most_by_chance(guesses.len() as u64, 1.0 / guesses.len() as f64, ALPHA), "{right} by frequency");

    // order: rank correlation, and the same hundredth of both files
    let pairs: Vec<(u64, u64)> = person.iter().enumerate().map(|(at, from)| (*from as u64, at as u64)).collect();
    let found = rank_correlation(&pairs).unwrap().abs();
    assert!(found <= correlation_by_chance(pairs.len(), ALPHA), "{found}");
    let hits = same_part(&pairs, (source.len() as u64, release.len() as u64), 100);
    assert!(hits <= most_by_chance(pairs.len() as u64, 0.01, ALPHA), "{hits} in the same hundredth");

    // residue: no identifier of the source in any byte, in any format
    let of_source: BTreeSet<Vec<u8>> =
        source.iter().flat_map(|row| [row[0].clone().into_bytes(), row[2].clone().into_bytes()]).collect();
    assert_eq!(identifiers_in(&bytes).intersection(&of_source).count(), 0);
    for (format, end, expected) in [("parquet", "parquet", Expected::Parquet), ("ipc", "arrow", Expected::Arrow)] {
        let target = format!("out-{format}");
        let arguments = ["run", "p.toml", "-i", "people.csv", "-o", &target, "--output-format", format, "--quiet"];
        folder.outis(&arguments).expect(0);
        for name in folder.files().iter().filter(|name| name.starts_with(&target) && name.ends_with(end)) {
            let found = identifiers(&folder.join(name), &expected).unwrap();
            assert_eq!(found.intersection(&of_source).count(), 0, "{name}");
        }
    }
}

#[test]
fn the_same_attacks_restore_what_careless_tools_make() {
    let phones: Vec<String> = (0..500).map(|row| format!("1380000{:04}", row * 13 % 10_000)).collect();
    let candidates = mobiles("1380000");
    let none = BTreeSet::new();
    let restored = |tokens: &[String], salts: &BTreeSet<Vec<u8>>| {
        let tokens: Vec<&[u8]> = tokens.iter().map(String::as_bytes).collect();
        let restored = dictionary(&candidates, &[SHA256], salts, &tokens);
        restored.guesses.iter().filter(|(place, guess)| phones[**place].as_bytes() == candidates[**guess]).count()
    };
    // an unkeyed hash, and one cut to 40 bits
    let hashed: Vec<String> = phones.iter().map(|phone| sha256_hex(phone)).collect();
    let cut: Vec<String> = hashed.iter().map(|token| token[..10].to_owned()).collect();
    assert_eq!((restored(&hashed, &none), restored(&cut, &none)), (500, 500));

    // a salt of the column, kept in the metadata of the file
    let salt = "9f86d081884c7d65";
    let salted: Vec<String> = phones.iter().map(|phone| sha256_hex(&format!("{salt}{phone}"))).collect();
    assert_eq!(restored(&salted, &none), 0, "without the salt nothing is met");
    let folder = Folder::new();
    let path = folder.join("salted.parquet");
    let mut frame = frame(vec![Series::new("phone".into(), &salted)]);
    polars_io::parquet::write::ParquetWriter::new(std::fs::File::create(&path).unwrap())
        .with_key_value_metadata(Some(polars_io::parquet::write::KeyValueMetadata::from_static(vec![(
            "salt".into(),
            salt.into(),
        )])))
        .finish(&mut frame)
        .unwrap();
    let mut seen = Footer::default();
    examine(&path, &Expected::Parquet, &mut seen).unwrap();
    let salts: BTreeSet<Vec<u8>> = key_material(&seen.last).into_iter().filter(|text| text.len() == 16).collect();
    assert!(salts.len() < 20);
    assert_eq!(restored(&salted, &salts), 500);

    // values made missing by their bit alone
    let texts =
        Utf8ViewArray::from_slice_values(&phones).with_validity(Some((0..500).map(|row| row % 2 == 0).collect()));
    let column = StringChunked::with_chunk("phone".into(), texts).into_series();
    let path = folder.join("nulled.arrow");
    polars_io::ipc::IpcWriter::new(std::fs::File::create(&path).unwrap())
        .finish(&mut self::frame(vec![column]))
        .unwrap();
    let found = identifiers(&path, &Expected::Arrow).unwrap();
    assert!(phones.iter().all(|phone| found.contains(phone.as_bytes())), "those that were suppressed, too");

    // tokens of few values, of which everybody knows which is frequent: even a keyed hash does not help
    let hospitals: Vec<usize> = (0..5000_usize)
        .map(|row| (0..20).find(|hospital| row % (2 << hospital) < (1 << hospital)).unwrap_or(19))
        .collect();
    let tokens: Vec<String> =
        hospitals.iter().map(|hospital| token(3, "hospital", "text", &hospital.to_string())).collect();
    let tokens: Vec<&[u8]> = tokens.iter().map(String::as_bytes).collect();
    let mut shares = vec![0.0; 20];
    hospitals.iter().for_each(|hospital| shares[*hospital] += 1.0);
    let guesses = by_frequency(&tokens, &shares);
    let right =
        guesses.iter().filter(|(of, value)| token(3, "hospital", "text", &value.to_string()).as_bytes() == *of).count();
    assert!(
        right as u64 > most_by_chance(guesses.len() as u64, 1.0 / guesses.len() as f64, ALPHA),
        "{right} of {}",
        guesses.len()
    );

    // rows in the order of the source, each tenth of them suppressed
    let kept: Vec<u64> = (0..5000).filter(|row| row % 10 != 3).collect();
    let pairs: Vec<(u64, u64)> = kept.iter().enumerate().map(|(at, from)| (*from, at as u64)).collect();
    assert!(rank_correlation(&pairs).unwrap() > correlation_by_chance(pairs.len(), ALPHA));
    let hits = same_part(&pairs, (5000, pairs.len() as u64), 100);
    assert!(hits > most_by_chance(pairs.len() as u64, 0.01, ALPHA) && hits * 10 > pairs.len() as u64 * 8);
}

#[test]
fn a_name_in_gzip_tells_the_source_and_ours_has_none() {
    let folder = Folder::new();
    let path = folder.join("plain.csv.gz");
    let mut writer = flate2::GzBuilder::new()
        .filename("patients-of-ward-7.csv")
        .mtime(1_700_000_000)
        .write(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, b"a\n1\n").unwrap();
    writer.finish().unwrap();
    assert!(std::fs::read(&path).unwrap().windows(8).any(|window| window == b"patients"), "the name is in the file");
    let expected = Expected::Csv { delimiter: b',', null: Vec::new(), packing: Packing::Gzip };
    let odd = examine(&path, &expected, &mut outis::anatomy::Blind).unwrap().oddities;
    assert!(odd.contains_key(&outis::anatomy::Oddity::PackedHeader));
}

/// The last piece that a walk shows.
#[derive(Default)]
struct Footer {
    last: Vec<u8>,
}

impl Sight for Footer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.last = bytes.to_vec();
    }
}

fn frame(series: Vec<Series>) -> DataFrame {
    let rows = series[0].len();
    DataFrame::new(rows, series.into_iter().map(|series| series.into_column()).collect()).unwrap()
}
