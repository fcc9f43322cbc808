//! Binds a profile to a schema and to keys. Every complaint in one go, in the order of the profile.

use super::conditions::conditions;
use super::{ColumnPlan, OpenLevels, Operators, Plan, together};
use crate::error::{Complaint, Error, ErrorKind, Result, counted, shown};
use crate::gate::{self, Alphabet, KeyHome, TokenShape};
use crate::hierarchy::{self, Hierarchy, Problem};
use crate::profile::{
    ColumnSpec, Encoding, Goal, HierarchySpec, OperatorSpec, PopulationSpec, Position, Profile, Recoding, Role,
    SuiteName, Unit,
};
use crate::secret::{Custody, Label, MasterKey, Suite};
use crate::transform::{self, Generalize, Materials, Operator, Reversal, TokenRegistry, TypeCheck};
use crate::value::{DataType, Field, Schema};
use crate::write::{Compression, Format, Layout};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A plan and the operators that carry its keys.
pub struct Compiled {
    /// What will run, without a key.
    pub plan: Plan,
    /// One operator per column of the plan.
    pub operators: Operators,
}

/// Compiles a profile for an input with this schema. Files that the profile names are relative to `folder`;
/// `input_format` is the release's format where the profile names none.
///
/// # Errors
/// [`ErrorKind::Profile`] with every complaint.
pub fn compile(
    profile: &Profile,
    schema: &Schema,
    key: &MasterKey,
    folder: Option<&Path>,
    input_format: &str,
) -> Result<Compiled> {
    let mut compiler = Compiler { profile, schema, key, folder, complaints: Vec::new(), registries: BTreeMap::new() };
    compiler.columns_agree(input_format);
    let mut columns = Vec::new();
    let mut operators = Vec::new();
    for spec in &profile.columns {
        let Some(source) = schema.position(&spec.name) else { continue };
        if let Some((column, operator)) = compiler.column(spec, source) {
            columns.push(column);
            operators.push(operator);
        }
    }
    together::bind(&mut columns, &operators);
    let released: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].released_as.is_some()).collect();
    let quasi: Vec<usize> = released.iter().copied().filter(|at| columns[*at].role == Role::Quasi).collect();
    let permuted = released.iter().copied().filter(|at| operators[*at].permutes_rows()).collect();
    let subject = columns.iter().position(|column| column.role == Role::Subject);
    let layout = compiler.layout(&columns, &released, input_format);
    let models = compiler.models(&columns, &operators);
    compiler.classes(&columns, &operators, &quasi, &models);
    compiler.population(&columns, &operators, &quasi, &models);
    if !compiler.complaints.is_empty() {
        compiler.complaints.sort();
        return Err(Error::new(ErrorKind::Profile(compiler.complaints)));
    }
    let plan = Plan {
        name: profile.name.clone(),
        version: profile.version.clone(),
        goal: profile.goal,
        tier: profile.tier,
        purpose: profile.purpose.clone(),
        provenance: profile.provenance.clone(),
        columns,
        released,
        quasi,
        permuted,
        subject,
        unit: profile.privacy.unit,
        rows_per_subject: profile.privacy.rows_per_subject,
        k: profile.privacy.k,
        models: models.asked,
        sensitive: models.sensitive,
        search: profile.search.clone(),
        population: match profile.privacy.population {
            Some(PopulationSpec::Size(size)) => Some(size),
            Some(PopulationSpec::Table { .. }) | None => None,
        },
        population_table: matches!(profile.privacy.population, Some(PopulationSpec::Table { .. })),
        limits: limits(profile),
        suppress_at_most: profile.privacy.suppress_at_most,
        sample: profile.sample,
        suite: suite(profile).name(),
        key: key_home(profile, key),
        layout: layout.ok_or(ErrorKind::Internal("a plan without a layout"))?,
        approval: profile.approval().cloned(),
        shuffle: profile.output.shuffle,
        parts: profile.output.parts,
        sources: profile.sources.iter().map(|(key, source)| (key.clone(), source.clone())).collect(),
        conditions: conditions(profile),
        signed: None,
    };
    Ok(Compiled { plan, operators: Operators(operators) })
}

pub(super) struct Compiler<'c> {
    pub(super) profile: &'c Profile,
    schema: &'c Schema,
    key: &'c MasterKey,
    folder: Option<&'c Path>,
    pub(super) complaints: Vec<Complaint>,
    /// Shared by the columns of one token domain with tokens below 128 bits.
    registries: BTreeMap<String, Arc<TokenRegistry>>,
}

impl Compiler<'_> {
    pub(super) fn complain(&mut self, spec: Option<&ColumnSpec>, what: impl Into<String>, advice: impl Into<String>) {
        self.complain_at(spec.map(|spec| spec.position).unwrap_or_default(), what, advice);
    }

    pub(super) fn complain_at(&mut self, position: Position, what: impl Into<String>, advice: impl Into<String>) {
        let (line, column) = (position.line, position.column);
        self.complaints.push(Complaint { line, column, what: what.into(), advice: advice.into() });
    }

    /// The schema is closed: exactly the columns that the profile names. Where no name is of the profile, these may be
    /// cells of a row that was taken for a header, and none is told.
    fn columns_agree(&mut self, input_format: &str) {
        let declared = |name: &str| self.profile.columns.iter().any(|spec| spec.name == name);
        if !self.schema.is_empty() && !self.schema.fields().iter().any(|field| declared(&field.name)) {
            let (count, csv) = (self.schema.len() as u64, input_format == "csv");
            let names =
                if count == 1 { "the one name".to_owned() } else { format!("none of the {}", counted(count, "name")) };
            let (place, verb) = (if csv { "header" } else { "input" }, if count == 1 { "is not" } else { "is" });
            let advice = if csv {
                "set `header = false` under [input] for a file without a header, or look at the `delimiter`"
            } else {
                "look whether this is the right input for the profile"
            };
            return self.complain(None, format!("{names} in the {place} {verb} a column of the profile"), advice);
        }
        let (all, unknown) =
            (self.schema.len(), self.schema.fields().iter().filter(|field| !declared(&field.name)).count());
        // a cell can be a column's name by chance: where most are none, they may be cells, too
        if input_format == "csv" && unknown * 2 > all {
            let what =
                format!("{unknown} of the {} in the header are no columns of the profile", counted(all as u64, "name"));
            let advice = "set `header = false` under [input] for a file without a header, look at the `delimiter`, or add a [[column]] for each with its role";
            self.complain(None, what, advice);
        }
        for field in self.schema.fields() {
            if !declared(&field.name) && (input_format != "csv" || unknown * 2 <= all) {
                let what = format!("the input has a column `{}` that the profile does not name", shown(&field.name));
                self.complain(None, what, "add a [[column]] with its role; `apply = \"drop\"` leaves it out");
            }
        }
        for spec in &self.profile.columns {
            if self.schema.position(&spec.name).is_none() {
                let what = format!("the input has no column `{}`", spec.name);
                self.complain(Some(spec), what, "look at the name, or take the [[column]] out");
            }
        }
    }

    fn column(&mut self, spec: &ColumnSpec, source: usize) -> Option<(ColumnPlan, Operator)> {
        let input_type = self.schema.fields()[source].data_type;
        let (operator, level) = self.operator(spec)?;
        let open = match level {
            Some((_, levels)) if spec.level.is_none() => Some(self.open_levels(spec, levels)?),
            _ => None,
        };
        let output_type = match operator.output_type(input_type) {
            Ok(output) => output,
            Err(needed) => {
                let name = operator.name();
                let found = input_type.name();
                let what = format!("`{name}` on column `{}` needs {needed}, the input has {found}", spec.name);
                self.complain(Some(spec), what, "choose another operator, or convert the column before");
                return None;
            }
        };
        self.role_allows(spec, &operator);
        let token = match &spec.apply {
            Some(OperatorSpec::Token { bits, encoding, .. } | OperatorSpec::Surrogate { bits, encoding }) => {
                Some(token_shape(*bits, *encoding))
            }
            _ => None,
        };
        let domain = match &spec.apply {
            Some(OperatorSpec::Token { domain, .. }) => Some(domain.clone()),
            _ => None,
        };
        let grid = match &spec.apply {
            Some(
                OperatorSpec::Round { step }
                | OperatorSpec::Microaggregate { step, .. }
                | OperatorSpec::Noise { step, .. },
            ) => Some(gate::Step { mantissa: step.mantissa(), scale: step.scale() }),
            _ => None,
        };
        let column = ColumnPlan {
            name: spec.name.clone(),
            released_as: output_type.map(|_| spec.released_name().to_owned()),
            source,
            role: spec.role,
            semantic_type: spec.semantic,
            semantic: format!("{}/{}", spec.semantic.name(), spec.semantic.version()),
            check: spec
                .type_declared
                .then(|| {
                    let on_invalid = transform::on_invalid_from_spec(spec.invalid);
                    TypeCheck::before(&operator, input_type, spec.semantic, on_invalid)
                })
                .flatten(),
            input_type,
            output_type,
            operator: operator.name(),
            parameters: match &open {
                Some(open) => open_parameters(&operator, open, self.profile.search.recoding),
                None => parameters(&operator),
            },
            iso_20889: match (&open, self.profile.search.recoding) {
                (Some(_), Recoding::Local | Recoding::Multidimensional) => "generalization (local generalization)",
                (Some(_), Recoding::Global) | (None, _) => operator.iso_20889(),
            },
            reversible_by: if open.is_some() { "nobody above level 0" } else { self.reversible_by(&operator) },
            level: level.filter(|_| open.is_none()),
            open,
            weight: spec.weight,
            token,
            grid,
            shared_by: match &operator {
                Operator::Microaggregate(groups) => Some(groups.k()),
                _ => None,
            },
            domain,
            together: Vec::new(),
        };
        Some((column, operator))
    }

    /// The operator of a column, and its level and number of levels where it generalizes.
    fn operator(&mut self, spec: &ColumnSpec) -> Option<(Operator, Option<(usize, usize)>)> {
        let on_invalid = transform::on_invalid_from_spec(spec.invalid);
        if let Some(generalize) = &spec.generalize {
            let hierarchy = self.hierarchy(spec, generalize)?;
            let levels = hierarchy.levels();
            if spec.level.is_none() && self.profile.privacy.k.is_none() && self.profile.privacy.models.is_empty() {
                let what = format!("column `{}` is generalized, but to no level, and no model asks for one", spec.name);
                self.complain(
                    Some(spec),
                    what,
                    format!("set `level` to 1 up to {}, or a model under [privacy]", levels - 1),
                );
                return None;
            }
            // an open column stands at its raw values until the search has picked a level
            let level = spec.level.unwrap_or(0);
            if level >= levels {
                let what = format!("column `{}` has levels 0 to {}, not {level}", spec.name, levels - 1);
                self.complain(Some(spec), what, format!("set `level` to 0 up to {}", levels - 1));
                return None;
            }
            return Some((Operator::Generalize(Generalize::new(hierarchy, level, on_invalid)), Some((level, levels))));
        }
        let keep = OperatorSpec::Keep;
        let apply = spec.apply.as_ref().unwrap_or(&keep);
        let materials = Materials {
            semantic: spec.semantic,
            subject: self.profile.columns.iter().find(|spec| spec.role == Role::Subject).map(|spec| spec.semantic),
            on_invalid,
            field_key: self.field_key(spec, apply),
            stream_key: matches!(apply, OperatorSpec::Surrogate { .. })
                .then(|| Arc::new(self.key.stream(&format!("surrogate/{}", spec.name)))),
            registry: self.registry(apply),
        };
        match transform::from_spec(apply, materials) {
            Ok(operator) => Some((operator, None)),
            Err(why) => {
                let what = format!("`{}` on column `{}`: {why}", apply.name(), spec.name);
                self.complain(Some(spec), what, "`outis operators` tells what each operator takes");
                None
            }
        }
    }

    /// The levels among which the search picks one.
    fn open_levels(&mut self, spec: &ColumnSpec, levels: usize) -> Option<OpenLevels> {
        let (least, most) = (spec.min_level.unwrap_or(0), spec.max_level.unwrap_or(levels - 1));
        for (key, level) in [("min_level", least), ("max_level", most)] {
            if level >= levels {
                let what = format!("column `{}` has levels 0 to {}, not `{key}` {level}", spec.name, levels - 1);
                self.complain(Some(spec), what, format!("set `{key}` to 0 up to {}", levels - 1));
                return None;
            }
        }
        Some(OpenLevels { least, most, weight: spec.weight })
    }

    pub(super) fn hierarchy(&mut self, spec: &ColumnSpec, generalize: &HierarchySpec) -> Option<Arc<Hierarchy>> {
        let folder = self.folder.unwrap_or(Path::new("")).to_path_buf();
        let read = |file: &str| {
            let path = folder.join(file);
            std::fs::read(&path).map_err(|cause| Error::io("read the hierarchy", &path, &cause))
        };
        match hierarchy::from_spec(generalize, read) {
            Ok(hierarchy) => Some(Arc::new(hierarchy)),
            Err(Problem::File(error)) => {
                self.complain(Some(spec), error.to_string(), "the path is relative to the profile");
                None
            }
            Err(Problem::InFile(complaints)) => {
                for complaint in complaints {
                    let file = match generalize {
                        HierarchySpec::Tree { file, .. } => format!(", `{}`", shown(file)),
                        _ => String::new(),
                    };
                    let what = match complaint.line {
                        0 => format!("hierarchy of column `{}`{file}: {}", spec.name, complaint.what),
                        line => format!("hierarchy of column `{}`{file}, line {line}: {}", spec.name, complaint.what),
                    };
                    self.complain(Some(spec), what, complaint.advice);
                }
                None
            }
            Err(Problem::Parameters(why)) => {
                let what = format!("hierarchy of column `{}`: {why}", spec.name);
                self.complain(Some(spec), what, "mend the parameters of `generalize`");
                None
            }
        }
    }

    fn field_key(&self, spec: &ColumnSpec, apply: &OperatorSpec) -> Option<Arc<crate::secret::FieldKey>> {
        let release = self.profile.keys.release.as_deref().unwrap_or(&self.profile.name);
        let label = |domain, semantic, canonicaliser| Label { domain, release, semantic, canonicaliser };
        let (label, suite) = match apply {
            OperatorSpec::Token { domain, .. } => {
                (label(domain, spec.semantic.name(), spec.semantic.version()), suite(self.profile))
            }
            // one shift per person for all date columns
            OperatorSpec::ShiftDate { .. } => (label("outis/shift-date", "date", 1), Suite::HmacSha256),
            _ => return None,
        };
        Some(Arc::new(self.key.field(suite, &label)))
    }

    fn registry(&mut self, apply: &OperatorSpec) -> Option<Arc<TokenRegistry>> {
        match apply {
            OperatorSpec::Token { domain, bits, .. } if *bits < 128 => {
                let name = format!("{domain}/{bits}");
                Some(Arc::clone(self.registries.entry(name).or_insert_with(|| Arc::new(TokenRegistry::new(*bits)))))
            }
            _ => None,
        }
    }

    /// What the role forbids, asked of the compiled operator and not of the profile's words.
    fn role_allows(&mut self, spec: &ColumnSpec, operator: &Operator) {
        let direct = matches!(spec.role, Role::Direct | Role::Subject);
        let anonymized = self.profile.goal == Goal::Anonymized;
        let masked = matches!(operator, Operator::Mask(_)) && !anonymized;
        if direct && !operator.fit_for_direct_identifier() && !masked {
            let what = format!("`{}` leaves too much of the identifier in column `{}`", operator.name(), spec.name);
            self.complain(Some(spec), what, "use drop, redact, token or surrogate");
        }
        if matches!(operator, Operator::Microaggregate(_)) && self.profile.privacy.unit == Unit::Subject {
            let what = format!("`microaggregate` on column `{}` counts rows, and `unit` is `subject`", spec.name);
            self.complain(Some(spec), what, "use `round`, or count rows");
        }
        if operator.permutes_rows() && !self.profile.output.shuffle {
            let what = format!("`shuffle` on column `{}` needs the rows shuffled too", spec.name);
            self.complain(Some(spec), what, "set `shuffle = true` under [output]");
        }
    }

    fn reversible_by(&self, operator: &Operator) -> &'static str {
        match operator.reversible_with() {
            Reversal::Nobody => "nobody",
            Reversal::KeyHolder => match key_home(self.profile, self.key) {
                KeyHome::Run => "nobody once the key is destroyed",
                KeyHome::Kept => "the key holder",
                KeyHome::TestSeed => "anyone with the test seed",
            },
            Reversal::Anyone => "not changed",
        }
    }

    fn layout(&mut self, columns: &[ColumnPlan], released: &[usize], input_format: &str) -> Option<Layout> {
        let output = &self.profile.output;
        let name = output.format.as_deref().unwrap_or(input_format);
        let Some(format) = Format::parse(name) else {
            self.complain(None, format!("no release format is called `{name}`"), "csv, ndjson, parquet or ipc");
            return None;
        };
        let fields = released.iter().map(|at| Field {
            name: columns[*at].released_as.clone().unwrap_or_default(),
            data_type: columns[*at].output_type.unwrap_or(DataType::Text),
        });
        let schema = match Schema::new(fields.collect()) {
            Ok(schema) => schema,
            Err(name) => {
                self.complain(None, format!("two columns are released as `{name}`"), "give one another name with `as`");
                return None;
            }
        };
        if schema.is_empty() {
            if self.complaints.is_empty() {
                self.complain(None, "no column is released", "keep, generalize or tokenize at least one");
            }
            return None;
        }
        let mut layout = Layout::new(format, schema);
        layout.delimiter = output.delimiter;
        layout.null = output.null.clone().into_bytes();
        match Compression::parse(&output.compression) {
            // typed formats compress inside, always: `none` is the text formats' default
            Some(Compression::None) if !format.is_text() => {}
            Some(compression) => layout.compression = compression,
            None => {
                self.complain(None, format!("no compression is called `{}`", output.compression), "none, gzip or zstd");
            }
        }
        // where the cells are as they were, so are their digits
        let scale = |at: &usize| match columns[*at].operator {
            "keep" | "shuffle" => self.schema.scale(columns[*at].source),
            _ => None,
        };
        layout.decimal_scales = released.iter().map(scale).collect();
        if let Err(error) = layout.check() {
            self.complain(None, error.to_string(), "look at [output]");
        }
        Some(layout)
    }
}

/// What the profile sets of the gate's limits; the defaults stand for the rest.
fn limits(profile: &Profile) -> gate::Limits {
    let (spec, default) = (profile.gate, gate::Limits::default());
    gate::Limits {
        token_distinct: spec.token_distinct_at_least.unwrap_or(default.token_distinct),
        token_top: spec.token_share_at_most.unwrap_or(default.token_top),
        value_support: spec.value_support.or(default.value_support),
        distinct_numbers: spec.distinct_numbers_at_most.unwrap_or(default.distinct_numbers),
        unique_rows: spec.unique_rows_at_most.unwrap_or(default.unique_rows),
        candidates: spec.candidates_at_least.or(default.candidates),
        finer_labels: spec.finer_labels_at_most.or(default.finer_labels),
        presence: spec.presence_at_most.or(default.presence),
    }
}

fn suite(profile: &Profile) -> Suite {
    match profile.keys.suite {
        SuiteName::HmacSha256 => Suite::HmacSha256,
        SuiteName::HmacSm3 => Suite::HmacSm3,
    }
}

/// The first 64 bits of the SHA-256 of a hierarchy's canonical description: another file is another plan.
pub(super) fn hierarchy_digest(operator: &Operator) -> Option<String> {
    let Operator::Generalize(generalize) = operator else { return None };
    let mut description = Vec::new();
    generalize.hierarchy().digest_bytes(&mut description);
    Some(crate::digest::Digest::of_bytes(&description).as_str()[..16].to_owned())
}

/// An operator's parameters in words.
pub(super) fn parameters(operator: &Operator) -> String {
    let described = operator.describe();
    let words = described.strip_prefix(operator.name()).unwrap_or(&described).trim_start_matches(": ");
    match hierarchy_digest(operator) {
        Some(digest) => format!("{words}, hierarchy {digest}"),
        None => words.to_owned(),
    }
}

/// How the plan says that the search picks one level for a column.
pub const OPEN_LEVEL: &str = "the solver picks the level";

/// What the plan says of a column whose level the search picks.
fn open_parameters(operator: &Operator, open: &OpenLevels, recoding: Recoding) -> String {
    let (Operator::Generalize(generalize), Some(digest)) = (operator, hierarchy_digest(operator)) else {
        return String::new();
    };
    let hierarchy = generalize.hierarchy();
    let (least, most) = (hierarchy.level_name(open.least), hierarchy.level_name(open.most));
    let weight =
        if (open.weight - 1.0).abs() < f64::EPSILON { String::new() } else { format!(", weight {}", open.weight) };
    let picks = match recoding {
        Recoding::Global => OPEN_LEVEL,
        Recoding::Local => "the solver picks levels by region",
        Recoding::Multidimensional => "the solver cuts it by region",
    };
    format!(
        "{}, {picks}, {} ({least}) to {} ({most}){weight}, hierarchy {digest}",
        hierarchy.name(),
        open.least,
        open.most
    )
}

/// Where the key lives: as the profile says, unless this run has a seed. `explain` needs no key for that.
fn key_home(profile: &Profile, key: &MasterKey) -> KeyHome {
    let keys = &profile.keys;
    match key.custody() {
        Custody::TestSeed => KeyHome::TestSeed,
        _ if keys.file.is_some() || keys.environment.is_some() || keys.command.is_some() => KeyHome::Kept,
        Custody::Ephemeral => KeyHome::Run,
        Custody::File | Custody::Environment | Custody::Command => KeyHome::Kept,
    }
}

fn token_shape(bits: u16, encoding: Encoding) -> TokenShape {
    let bits = usize::from(bits);
    let (alphabet, bits_per_letter) = match encoding {
        Encoding::Hex => (Alphabet::Hex, 4),
        Encoding::Base32 => (Alphabet::Base32, 5),
        Encoding::Base64Url => (Alphabet::Base64Url, 6),
    };
    TokenShape { alphabet, length: bits.div_ceil(bits_per_letter) }
}
