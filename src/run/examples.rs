//! Runs a profile's `[[example]]` rows through its operators: one row in, one row out, no classes, no files.

use super::transforming::Transforming;
use crate::error::{Complaint, Error, ErrorKind, Result};
use crate::plan::{self, Compiled};
use crate::profile::{Example, Loaded, Profile};
use crate::secret::MasterKey;
use crate::transform::{Cells, Scratch};
use crate::value::{Batch, Column, DataType, Field, Schema, TextBuilder};
use std::path::Path;

/// Any token, in an example.
const TOKEN: &str = "<token>";
/// Anything, in an example.
const ANY: &str = "<any>";
/// Null, in an example.
const NULL: &str = "<null>";

/// What the examples of a profile gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExamplesChecked {
    /// Examples whose cells were compared.
    pub compared: usize,
    /// Examples without `out`: the row goes through the operators, and there is nothing to compare it with.
    pub without_out: usize,
    /// One for each thing that does not come out as written. Examples are made-up rows of the profile itself, so they may be
    /// quoted.
    pub complaints: Vec<Complaint>,
}

/// Checks every example. A cell of a column whose level the search picks may be that of any level that it may pick.
///
/// # Errors
/// The profile does not compile.
pub fn check_examples(loaded: &Loaded, folder: Option<&Path>) -> Result<ExamplesChecked> {
    let profile = &loaded.profile;
    let fields = profile.columns.iter().map(|spec| Field { name: spec.name.clone(), data_type: DataType::Text });
    let schema =
        Schema::new(fields.collect()).map_err(|name| Error::new(ErrorKind::DuplicateColumn).in_column(&name))?;
    let key = MasterKey::ephemeral()?;
    let compiled = plan::compile(profile, &schema, &key, folder, "csv")?;
    let mut complaints = Vec::new();
    for example in &profile.examples {
        check(profile, &compiled, example, &mut complaints);
    }
    let without_out = profile.examples.iter().filter(|example| example.output.is_empty()).count();
    Ok(ExamplesChecked { compared: profile.examples.len() - without_out, without_out, complaints })
}

fn check(profile: &Profile, compiled: &Compiled, example: &Example, complaints: &mut Vec<Complaint>) {
    let mut complain = |what: String, advice: &str| {
        let (line, column) = (example.position.line, example.position.column);
        complaints.push(Complaint { line, column, what, advice: advice.to_owned() });
    };
    let unknown: Vec<&String> =
        example.input.keys().filter(|name| !profile.columns.iter().any(|spec| spec.name == **name)).collect();
    for name in unknown {
        complain(format!("the example has a column `{name}` that the profile does not name"), "look at the name");
    }
    let plan = &compiled.plan;
    let mut transforming = Transforming::new(plan, &compiled.operators);
    let cells = profile.columns.iter().map(|spec| {
        let mut cell = TextBuilder::default();
        cell.push_option(example.input.get(&spec.name).filter(|cell| *cell != NULL).map(String::as_bytes));
        Column::Text(cell.finish(false))
    });
    let batch = Batch { first_row: 0, rows: 1, columns: cells.collect() };
    let columns = match transforming.columns(&plan.released, &batch, 0) {
        Ok((columns, _)) => columns,
        Err(error) => return complain(format!("the example stops: {error}"), "mend the row, or the column's type"),
    };
    let mut expected = example.output.clone();
    for (at, column) in plan.released.iter().zip(&columns) {
        let planned = &plan.columns[*at];
        let name = planned.released_as.clone().unwrap_or_default();
        let mut cell = Vec::new();
        let found =
            if column.write_text(0, &mut cell) { String::from_utf8_lossy(&cell).into_owned() } else { NULL.into() };
        let Some(wanted) = expected.remove(&name) else { continue };
        let fits = match wanted.as_str() {
            ANY => true,
            TOKEN => planned.token.is_some_and(|shape| shape.fits(found.as_bytes())),
            wanted => wanted == found || (planned.open.is_some() && on_a_level(compiled, *at, &batch, wanted)),
        };
        if !fits {
            complain(
                format!("the example's `{name}` comes out as `{found}`, not `{wanted}`"),
                "mend the example or the column",
            );
        }
    }
    for name in expected.keys() {
        complain(format!("the example expects a column `{name}` that is not released"), "look at the name");
    }
}

/// Whether a cell becomes what is wanted on one of the levels that the search may pick.
fn on_a_level(compiled: &Compiled, at: usize, batch: &Batch<'_>, wanted: &str) -> bool {
    let planned = &compiled.plan.columns[at];
    let (Some(open), Some(generalize)) = (&planned.open, compiled.operators.generalize(at)) else { return false };
    let cells = Cells { column: &batch.columns[planned.source], subject: None, shard: 0, first_row: 0 };
    (open.least..=open.most).any(|level| {
        let mut cell = Vec::new();
        let outcome = generalize.at(level).apply_alone(&cells, &mut Scratch::default());
        let written = outcome.is_ok_and(|outcome| outcome.column.write_text(0, &mut cell));
        if written { cell == wanted.as_bytes() } else { wanted == NULL }
    })
}
