//! A source, an honest tool and its release, all in memory; tests plant leaks in it.

use crate::anatomy::{Expected, Packing};
use crate::domain::SemanticType;
use crate::error::Result;
use crate::gate::*;
use crate::group::{Shape, TableBuilder, merge};
use crate::limits::K;
use crate::secret::{Label, MasterKey, Suite};
use crate::value::{Batch, Column, DataType, Field, Schema, TextBuilder};
use std::path::PathBuf;

/// How a tool makes a token of a canonical form.
pub(crate) type Tokenize = fn(Under, &str, &[u8]) -> String;
/// A row of cells.
pub(crate) type Row = Vec<Option<String>>;

/// Columns `phone` (token), `city` (quasi), `ill` (sensitive), `amount` (rounded to 100).
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) source: Vec<Row>,
    /// What lies on disk, where it is not what the tool made.
    pub(crate) planted: Option<Vec<Row>>,
    pub(crate) names: Vec<String>,
    pub(crate) listing: Vec<String>,
    pub(crate) policy: Policy,
    pub(crate) tokenize: Tokenize,
    /// What operators `mask` and `shift_date` make of a value in a column.
    pub(crate) mask: fn(usize, &str) -> String,
    /// Whether the run kept nothing aside.
    pub(crate) without_aside: bool,
    /// By released column: its hierarchy.
    pub(crate) hierarchies: Vec<Option<std::sync::Arc<crate::hierarchy::Hierarchy>>>,
    /// Cities of the population.
    pub(crate) population: Option<Vec<&'static str>>,
    /// Rows of the source that were not drawn.
    pub(crate) not_drawn: Vec<Row>,
    /// Documents beside the data: name and text.
    pub(crate) documents: Vec<(&'static str, &'static str)>,
}

/// An HMAC under the key of the domain, 128 bits.
pub(crate) fn honest(under: Under, domain: &str, canonical: &[u8]) -> String {
    let key = MasterKey::insecure_from_test_seed(if under == Under::RunKey { 1 } else { 2 });
    let label = Label { domain, release: "", semantic: "x", canonicaliser: 1 };
    hex(&key.field(Suite::HmacSha256, &label).tag(canonical)[..16])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn phone(number: usize) -> String {
    format!("138{:08}", 10_000_019 + number * 7919)
}

/// Sixty persons in two cities, with two illnesses and three amounts.
pub(crate) fn clean() -> World {
    let row = |at: usize| -> Row {
        let city = if at.is_multiple_of(2) { "north" } else { "south" };
        let ill = if (at / 2).is_multiple_of(2) { "flu" } else { "cold" };
        vec![Some(phone(at)), Some(city.into()), Some(ill.into()), Some(format!("{}.50", 1900 + 100 * (at % 3)))]
    };
    let source: Vec<Row> = (0..60).map(row).collect();
    let names: Vec<String> = ["phone", "city", "ill", "amount"].map(String::from).to_vec();
    let roles = [Role::Direct, Role::Quasi, Role::Sensitive, Role::Sensitive];
    let semantics = [SemanticType::Mobile, SemanticType::Text, SemanticType::Text, SemanticType::Decimal];
    let column = |at: usize| ReleasedColumn {
        name: names[at].clone(),
        data_type: DataType::Text,
        source: at,
        role: roles[at],
        operator: ["token", "keep", "keep", "round"][at],
        grid: (at == 3).then_some(Step { mantissa: 100, scale: 0 }),
        shared_by: None,
        together: Vec::new(),
        permuted: false,
        token: (at == 0).then_some(TokenShape { alphabet: Alphabet::Hex, length: 32 }),
        domain: (at == 0).then(|| "phone".to_owned()),
    };
    let policy = Policy {
        sources: (0..4)
            .map(|at| SourceColumn {
                name: names[at].clone(),
                role: roles[at],
                semantic: semantics[at],
                released: Some(at),
            })
            .collect(),
        columns: (0..4).map(column).collect(),
        typed: false,
        form: Expected::Csv { delimiter: b',', null: Vec::new(), packing: Packing::None },
        quasi: vec![1],
        sensitive: Vec::new(),
        subject: None,
        rows_per_subject: None,
        k: K::new(2),
        models: Vec::new(),
        levels_from: "fixed before the data was seen",
        population: None,
        tier: Tier::Open,
        rows: RowAccount { read: 62, released: 60, suppressed: 1, rejected: 1, not_drawn: 0, over_cap: 0, withheld: 0 },
        suppression: Suppression { rows: 1, limit: 1 },
        files: vec!["data/part-00000.csv".into()],
        limits: Limits::default(),
        recoding: Recoding::Levels,
        process: Process { key_locked: true, core_dumps: false, sockets: Some(0) },
        anonymized: true,
        key: KeyHome::Run,
    };
    let listing = policy.files.clone();
    World {
        source,
        planted: None,
        names,
        listing,
        policy,
        tokenize: honest,
        mask: |_, raw| raw.into(),
        without_aside: false,
        hierarchies: Vec::new(),
        population: None,
        not_drawn: Vec::new(),
        documents: Vec::new(),
    }
}

impl World {
    /// What the tool makes of the source.
    pub(crate) fn released(&self) -> Vec<Row> {
        self.source.iter().map(|row| (0..self.policy.columns.len()).map(|at| self.make(at, row)).collect()).collect()
    }
    fn make(&self, at: usize, row: &Row) -> Option<String> {
        let column = &self.policy.columns[at];
        let raw = row[column.source].as_ref()?;
        if let Some(domain) = &column.domain {
            return Some(self.token(at, domain, raw.as_bytes(), Under::RunKey));
        }
        Some(match column.operator {
            "round" => format!("{}", (raw.parse::<f64>().unwrap() / 100.0).round() * 100.0),
            "mask" | "shift_date" => (self.mask)(at, raw),
            _ => raw.clone(),
        })
    }
    fn token(&self, at: usize, domain: &str, raw: &[u8], under: Under) -> String {
        let semantic = self.policy.sources[self.policy.columns[at].source].semantic;
        let mut canonical = Vec::new();
        semantic.canonicalize(raw, &mut canonical).unwrap();
        (self.tokenize)(under, domain, &canonical)
    }
    /// What lies on disk.
    pub(crate) fn on_disk(&self) -> Vec<Row> {
        self.planted.clone().unwrap_or_else(|| self.released())
    }
    /// Plants a cell on disk.
    pub(crate) fn plant(&mut self, row: usize, column: usize, cell: Option<&str>) {
        let mut rows = self.on_disk();
        rows[row][column] = cell.map(str::to_owned);
        self.planted = Some(rows);
    }
    /// Another column of the source, released under the operator.
    pub(crate) fn add(
        &mut self,
        like: usize,
        name: &str,
        operator: &'static str,
        cell: impl Fn(usize) -> Option<String>,
    ) {
        let at = self.names.len();
        self.names.push(name.into());
        for (row, cells) in self.source.iter_mut().enumerate() {
            cells.push(cell(row));
        }
        let source = SourceColumn { name: name.into(), released: Some(at), ..self.policy.sources[like].clone() };
        self.policy.sources.push(source);
        let (name, source) = (name.into(), self.policy.sources.len() - 1);
        self.policy.columns.push(ReleasedColumn { name, source, operator, ..self.policy.columns[like].clone() });
    }
    fn aside(&self, marker: &Marker) -> Aside {
        if self.without_aside {
            return Aside::default();
        }
        let columns = &self.policy.columns;
        let empty = || DistinctSample::new(marker.clone(), 1000);
        let mut aside = Aside {
            rows: Vec::new(),
            shapes: None,
            direct: self.policy.sources.iter().map(|source| source.role.names_a_person().then(empty)).collect(),
            tokens: columns.iter().map(|column| column.domain.is_some().then(empty)).collect(),
            rows_seen: 61,
            earlier: None,
            population: self.population.as_ref().map(|people| population(people)),
            spare: Vec::new(),
        };
        for (position, (raw, released)) in self.source.iter().zip(self.released()).enumerate() {
            let cells = |row: &Row| {
                let mut cells = Cells::default();
                row.iter().for_each(|cell| cells.push(cell.as_ref().map(String::as_bytes)));
                cells
            };
            for (at, sample) in aside.tokens.iter_mut().enumerate() {
                let (Some(sample), Some(token), Some(raw)) = (sample, &released[at], &raw[columns[at].source]) else {
                    continue;
                };
                let mut entry = Vec::new();
                pair(raw.as_bytes(), token.as_bytes(), &mut entry);
                sample.keep(marker.mark(token.as_bytes()), &entry, 1);
            }
            let row = SampledRow {
                position: position as u64,
                fate: Fate::Released,
                raw: cells(raw),
                released: cells(&released),
            };
            aside.rows.push(row);
        }
        for (position, raw) in (self.source.len()..).zip(&self.not_drawn) {
            let (mut cells, mut released) = (Cells::default(), Cells::default());
            for (at, cell) in raw.iter().enumerate() {
                cells.push(cell.as_ref().map(String::as_bytes));
                released.push(self.make(at, raw).as_ref().map(String::as_bytes));
            }
            aside.rows.push(SampledRow { position: position as u64, fate: Fate::NotDrawn, raw: cells, released });
        }
        aside
    }
    /// Every verdict, and whether it may leave.
    pub(crate) fn judge(&self) -> (Vec<Verdict>, bool) {
        self.judge_with(self)
    }
    /// The same with other operators to be asked again.
    pub(crate) fn judge_with(&self, operators: &dyn Reapply) -> (Vec<Verdict>, bool) {
        let marker = Marker::new(3);
        let aside = self.aside(&marker);
        let disk = Disk { names: self.names.clone(), rows: self.on_disk(), listing: self.listing.clone() };
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_path_buf();
        std::fs::create_dir(folder.join("data")).unwrap();
        std::fs::create_dir(folder.join("evidence")).unwrap();
        self.listing.iter().for_each(|name| std::fs::write(folder.join(name), "").unwrap());
        for (name, text) in &self.documents {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let part = folder.join("data/part-00000.csv");
        let line =
            |row: &Row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join(",") + "\n";
        let rows: String = disk.rows.iter().map(line).collect();
        std::fs::write(&part, disk.names.join(",") + "\n" + &rows).unwrap();
        let files = vec![part];
        let case = Case {
            policy: &self.policy,
            aside: &aside,
            operators: Some(operators),
            hierarchies: self.hierarchies.iter().map(Option::as_deref).collect(),
            files,
            folder,
            source: &NoRows,
            elsewhere: Some(0),
            marker,
            seed: 1,
            threads: 2,
        };
        let (judgement, report) = crate::gate::judge(disk, &case, &|| 0).unwrap();
        assert_eq!(report.verdicts.len(), RULES.len(), "every rule gives a verdict");
        let passed = matches!(judgement, Judgement::Passed(_));
        assert_eq!(passed, !report.verdicts.iter().any(Verdict::refuses));
        (report.verdicts, passed)
    }
    /// A case for who looks at files of their own in a folder.
    pub(crate) fn with_case<T>(&self, folder: &std::path::Path, ask: impl FnOnce(Case<'_>) -> T) -> T {
        let marker = Marker::new(3);
        let aside = self.aside(&marker);
        ask(Case {
            policy: &self.policy,
            aside: &aside,
            operators: Some(self),
            hierarchies: Vec::new(),
            files: Vec::new(),
            folder: folder.to_path_buf(),
            source: &NoRows,
            elsewhere: Some(0),
            marker,
            seed: 1,
            threads: 1,
        })
    }
    /// The rules that refuse.
    pub(crate) fn fired(&self) -> Vec<&'static str> {
        self.with_status(Status::Fail)
    }
    /// The rules that ended so.
    pub(crate) fn with_status(&self, status: Status) -> Vec<&'static str> {
        let (verdicts, _) = self.judge();
        verdicts.iter().filter(|verdict| verdict.status == status).map(|verdict| verdict.rule).collect()
    }
    /// What a rule says that it measured.
    pub(crate) fn measured(&self, rule: &str) -> String {
        let (verdicts, _) = self.judge();
        verdicts.into_iter().find(|verdict| verdict.rule == rule).unwrap().measured
    }
}

impl Reapply for World {
    fn apply(&self, column: usize, cells: &[Option<&[u8]>], under: Under) -> Result<Vec<Option<Vec<u8>>>> {
        let domain = self.policy.columns[column].domain.as_deref().unwrap_or_default();
        let token = |cell: &Option<&[u8]>| cell.map(|raw| self.token(column, domain, raw, under).into_bytes());
        Ok(cells.iter().map(token).collect())
    }
}

/// The population by city.
fn population(cities: &[&str]) -> Population {
    let mut table = TableBuilder::new(Shape { quasi: 1, sensitive: 0, subject: false });
    let mut cells = TextBuilder::default();
    cities.iter().for_each(|city| cells.push(city.as_bytes()));
    table.add(&[&cells.finish(false)], &[], None);
    Population::new(merge(vec![table], 1))
}

/// A source that is read once more and has no rows left.
struct NoRows;

impl Reread for NoRows {
    fn each(&self, _: &[usize], _: &(dyn Fn(&crate::value::Text<'_>) + Sync)) -> Result<bool> {
        Ok(true)
    }
}

/// A staged release in memory.
pub(crate) struct Disk {
    names: Vec<String>,
    rows: Vec<Row>,
    listing: Vec<String>,
}

impl Staged for Disk {
    fn schemas(&self) -> Result<Vec<Schema>> {
        let fields = self.names.iter().map(|name| Field { name: name.clone(), data_type: DataType::Text });
        Ok(vec![Schema::new(fields.collect()).unwrap()])
    }
    fn examine<'p>(&self, _: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>> {
        // two workers, as in a real run
        let mut examiners = vec![make(), make()];
        for (at, rows) in self.rows.chunks(self.rows.len().div_ceil(2).max(1)).enumerate() {
            let column = |place: usize| {
                let mut builder = TextBuilder::default();
                rows.iter().for_each(|row| builder.push_option(row[place].as_ref().map(String::as_bytes)));
                Column::Text(builder.finish(false))
            };
            let columns = (0..self.names.len()).map(column).collect();
            let batch = Batch { first_row: 0, rows: rows.len(), columns };
            examiners[at].batch(0, at as u64, &batch)?;
        }
        Ok(examiners)
    }
    fn listing(&self) -> Result<Vec<String>> {
        Ok(self.listing.clone())
    }
    fn paths(&self) -> Vec<PathBuf> {
        Vec::new()
    }
    fn folder(&self) -> PathBuf {
        PathBuf::new()
    }
}
