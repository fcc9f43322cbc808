//! The rules on files, bytes and order: each with a planted leak that it catches and a clean release that it passes.

use super::*;
use crate::anatomy::{Expected, Packing};
use crate::domain::SemanticType;
use crate::value::{Batch, Column, DataType, Field, Schema, Text, TextBuilder};
use std::path::PathBuf;

const ROWS: usize = 400;

/// A release on disk, of phone numbers as tokens, with towns and remarks, and the source that it was made of.
struct Scene {
    folder: tempfile::TempDir,
    /// Token, town and remark of each row of the release.
    rows: Vec<[String; 3]>,
    /// Place in the source of each row of the release.
    from: Vec<usize>,
    policy: Policy,
    elsewhere: Option<u64>,
    /// Bytes of the data file, where not the rows as CSV.
    bytes: Option<Vec<u8>>,
    log: String,
}

fn phone(row: usize) -> String {
    format!("138{:08}", (row * 7_919 + 1_234_567) % 100_000_000)
}

fn name(row: usize) -> String {
    let given = char::from_u32(0x4e00 + u32::try_from(row).unwrap()).unwrap();
    format!("{}{given}芳", ["欧阳", "司马", "诸葛"][row % 3])
}

/// A number that nobody can guess from another.
fn scattered(number: usize) -> u64 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Scene {
    fn clean() -> Self {
        let mut from: Vec<usize> = (0..ROWS).collect();
        from.sort_by_key(|row| scattered(*row));
        let row = |row: &usize| {
            let token = format!("{:016x}{:016x}", scattered(*row + 1000), scattered(*row + 5000));
            [token, ["north", "south"][row % 2].to_owned(), format!("visit {}", row % 9)]
        };
        let mut policy = world::clean().policy;
        policy.columns.truncate(3);
        policy.sources.truncate(3);
        policy.columns[2].role = Role::Insensitive;
        policy.sources[2].role = Role::Insensitive;
        policy.sources[0].semantic = SemanticType::Mobile;
        policy.sources.push(SourceColumn {
            name: "name".into(),
            role: Role::Direct,
            semantic: SemanticType::Name,
            released: None,
        });
        policy.rows = RowAccount { read: ROWS as u64, released: ROWS as u64, ..RowAccount::default() };
        policy.suppression = Suppression::default();
        policy.files.push("evidence/log.jsonl".into());
        Self {
            folder: tempfile::tempdir().unwrap(),
            rows: from.iter().map(row).collect(),
            from,
            policy,
            elsewhere: Some(0),
            bytes: None,
            log: "{\"v\":1,\"event\":{\"type\":\"shard_done\",\"rows_in\":400}}\n".into(),
        }
    }
    /// What my rules say.
    fn verdicts(self) -> Vec<(&'static str, Status, String)> {
        let folder = self.folder.path().to_path_buf();
        std::fs::create_dir_all(folder.join("data")).unwrap();
        std::fs::create_dir_all(folder.join("evidence")).unwrap();
        let csv = || {
            let rows: String = self.rows.iter().map(|row| row.join(",") + "\n").collect();
            format!("phone,city,ill\n{rows}").into_bytes()
        };
        std::fs::write(folder.join("data/part-00000.csv"), self.bytes.clone().unwrap_or_else(csv)).unwrap();
        std::fs::write(folder.join("evidence/log.jsonl"), &self.log).unwrap();
        let mut aside = Aside { rows_seen: ROWS as u64, ..Aside::default() };
        for position in 0..ROWS {
            let at = self.from.iter().position(|from| *from == position).unwrap();
            let (mut raw, mut released) = (Cells::default(), Cells::default());
            for cell in [phone(position), self.rows[at][1].clone(), self.rows[at][2].clone(), name(position)] {
                raw.push(Some(cell.as_bytes()));
            }
            self.rows[at].iter().for_each(|cell| released.push(Some(cell.as_bytes())));
            aside.rows.push(SampledRow { position: position as u64, fate: Fate::Released, raw, released });
        }
        let case = Case {
            policy: &self.policy,
            aside: &aside,
            operators: None,
            hierarchies: Vec::new(),
            files: vec![folder.join("data/part-00000.csv")],
            folder,
            source: &Phones,
            elsewhere: self.elsewhere,
            marker: Marker::new(1),
            seed: 1,
            threads: 2,
        };
        let (_, report) = judge(OnDisk(&self), &case, &|| 0).unwrap();
        let mine = ["structure", "log", "elsewhere", "canary", "identifiers", "order"];
        let mine = report.verdicts.into_iter().filter(|verdict| mine.contains(&verdict.rule));
        mine.map(|verdict| (verdict.rule, verdict.status, verdict.measured)).collect()
    }
    fn fired(self) -> Vec<&'static str> {
        let verdicts = self.verdicts();
        assert_eq!(verdicts.len(), 6);
        verdicts.into_iter().filter(|(_, status, _)| *status != Status::Pass).map(|(rule, ..)| rule).collect()
    }
}

/// The source, once more.
struct Phones;

impl Reread for Phones {
    fn each(&self, columns: &[usize], look: &(dyn Fn(&Text<'_>) + Sync)) -> Result<bool> {
        for column in columns {
            let mut builder = TextBuilder::default();
            (0..ROWS).for_each(|row| builder.push(if *column == 0 { phone(row) } else { name(row) }.as_bytes()));
            look(&builder.finish(false));
        }
        Ok(true)
    }
}

/// The release as the gate reads it.
struct OnDisk<'s>(&'s Scene);

impl Staged for OnDisk<'_> {
    fn schemas(&self) -> Result<Vec<Schema>> {
        let fields = ["phone", "city", "ill"].map(|name| Field { name: name.into(), data_type: DataType::Text });
        Ok(vec![Schema::new(fields.to_vec()).unwrap()])
    }
    fn examine<'p>(&self, _: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>> {
        let mut examiners = vec![make(), make()];
        for (shard, rows) in self.0.rows.chunks(64).enumerate() {
            let column = |place: usize| {
                let mut builder = TextBuilder::default();
                rows.iter().for_each(|row| builder.push(row[place].as_bytes()));
                Column::Text(builder.finish(false))
            };
            let batch = Batch { first_row: 0, rows: rows.len(), columns: (0..3).map(column).collect() };
            examiners[shard % 2].batch(0, shard as u64, &batch)?;
        }
        Ok(examiners)
    }
    fn listing(&self) -> Result<Vec<String>> {
        Ok(vec!["data/part-00000.csv".into(), "evidence/log.jsonl".into()])
    }
    fn paths(&self) -> Vec<PathBuf> {
        vec![self.folder().join("data/part-00000.csv")]
    }
    fn folder(&self) -> PathBuf {
        self.0.folder.path().to_path_buf()
    }
}

#[test]
fn a_clean_release_passes_the_rules_on_files_bytes_and_order() {
    for (rule, status, measured) in Scene::clean().verdicts() {
        assert_eq!(status, Status::Pass, "{rule}: {measured}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_fire_structure() {
    for bytes in ["\u{feff}id,city,ill\n", "id,city,ill\r\n", "id,city,ill\n\"a\",b,c\n"] {
        let scene = Scene { bytes: Some(bytes.as_bytes().to_vec()), ..Scene::clean() };
        assert_eq!(scene.fired(), ["structure"]);
    }
}

#[test]
fn a_file_of_another_format_is_a_rule_that_did_not_run() {
    let mut scene = Scene::clean();
    scene.policy.form = Expected::Parquet;
    assert_eq!(scene.fired(), ["structure", "canary"]);
    let mut scene = Scene::clean();
    scene.policy.form = Expected::Csv { delimiter: b',', null: Vec::new(), packing: Packing::Gzip };
    assert_eq!(scene.fired(), ["structure", "canary"]);
}

#[test]
fn a_raw_value_in_a_file_or_log_fires_canary_in_any_encoding() {
    // marks are spread over the sorted values, so that the first is one
    let mark = (0..ROWS).map(phone).min().unwrap();
    let hex = data_encoding::HEXLOWER.encode(mark.as_bytes());
    let base64 = data_encoding::BASE64.encode(format!("x{mark}y").as_bytes());
    for planted in [mark.clone(), hex, base64] {
        assert_eq!(Scene { log: format!("{{\"event\":\"{planted}\"}}\n"), ..Scene::clean() }.fired(), ["canary"]);
    }
    // all of them in the log: the marks among them are found
    let all: String = (0..ROWS).map(|row| data_encoding::HEXUPPER.encode(phone(row).as_bytes())).collect();
    assert_eq!(Scene { log: format!("{{\"event\":\"{all}\"}}\n"), ..Scene::clean() }.fired(), ["canary"]);
}

#[test]
fn one_phone_of_the_source_in_one_remark_fires_identifiers() {
    let mut scene = Scene::clean();
    scene.rows[99][2] = format!("call {} please", phone(311));
    let fired = scene.fired();
    assert!(fired.contains(&"identifiers"), "{fired:?}");
    // a number of the same form that is nobody's here is found by its form, in prose
    let mut scene = Scene::clean();
    scene.rows[99][2] = "call 13900139000 please".into();
    assert_eq!(scene.fired(), ["identifiers"]);
    // a name of the source in prose without blanks, where the column is prose; one of four characters, so in any
    let mut scene = Scene::clean();
    scene.policy.sources[2].semantic = SemanticType::FreeText;
    scene.rows[5][2] = format!("患者{}来诊", name(4));
    assert!(scene.fired().contains(&"identifiers"));
    let mut scene = Scene::clean();
    scene.rows[5][2] = name(4);
    assert!(scene.fired().contains(&"identifiers"));
}

#[test]
fn the_order_of_the_source_or_of_a_raw_column_fires_order() {
    let mut scene = Scene::clean();
    let mut both: Vec<(usize, [String; 3])> = scene.from.iter().copied().zip(scene.rows.clone()).collect();
    both.sort_by_key(|(from, _)| *from);
    (scene.from, scene.rows) = both.iter().cloned().unzip();
    assert_eq!(scene.fired(), ["order"]);
    // nearly the order of the source: neighbours change places
    let mut scene = Scene::clean();
    both.sort_by_key(|(from, _)| *from as u64 + scattered(*from) % 100);
    (scene.from, scene.rows) = both.iter().cloned().unzip();
    assert_eq!(scene.fired(), ["order"]);
    // sorted by the raw phone, which did not leave
    let mut scene = Scene::clean();
    both.sort_by_key(|(from, _)| phone(*from));
    (scene.from, scene.rows) = both.into_iter().unzip();
    assert_eq!(scene.fired(), ["order"]);
}

#[test]
fn a_log_of_single_rows_and_a_file_elsewhere_fire() {
    let log = "{\"event\":{\"type\":\"bad\",\"row\":17}}\n".to_owned();
    assert_eq!(Scene { log, ..Scene::clean() }.fired(), ["log"]);
    let log = "{\"v\":1}\n".repeat(5000);
    assert_eq!(Scene { log, ..Scene::clean() }.fired(), ["log"]);
    assert_eq!(Scene { elsewhere: Some(1), ..Scene::clean() }.fired(), ["elsewhere"]);
    assert_eq!(Scene { elsewhere: None, ..Scene::clean() }.fired(), ["elsewhere"], "not known is not fine");
}
