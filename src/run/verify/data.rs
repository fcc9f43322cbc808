//! Counts the data files again and compares with what the log says of them.

use super::super::measure::tally;
use super::super::models;
use super::super::{Options, Progress, Stage, make_pool};
use super::{Links, ModelFound};
use crate::check::{Asked, Judge};
use crate::error::{ErrorKind, Result};
use crate::evidence::{Fault, Story};
use crate::group::ClassTable;
use crate::log::{FileForm, ModelAsked};
use crate::profile::Unit;
use crate::read::{self, Source};
use crate::report::Risk;
use std::path::PathBuf;

/// Reads every data file and compares rows, columns and classes with the log.
pub(super) fn found_again(links: &mut Links<'_>, story: &Story, options: &Options, progress: &Progress) -> Result<()> {
    let (mut paths, mut full) = (Vec::new(), Vec::new());
    for (at, file) in story.outputs.iter().enumerate() {
        let Some(path) = links.folder.plain(&file.file) else {
            links.add(Fault::FileMissing, &file.file);
            continue;
        };
        match links.folder.digest(&file.file) {
            Some(digest) if digest == file.digest => {}
            _ => links.add(Fault::FileChanged, &file.file),
        }
        if path.metadata().map_or(0, |file| file.len()) != file.bytes {
            links.add(Fault::FileChanged, &file.file);
        }
        // a file of lines without a line has no columns that could be read
        if !(story.bound.form.format == "ndjson" && file.rows == 0) {
            paths.push(path);
            full.push(at);
        }
    }
    let mut rows = vec![0; story.outputs.len()];
    let mut classes = None;
    if !paths.is_empty() {
        match count(&paths, story, options, progress) {
            Ok((counts, table)) => {
                for (at, count) in full.into_iter().zip(counts) {
                    rows[at] = count;
                }
                classes = table;
            }
            Err(error) if matches!(error.kind(), ErrorKind::Internal(_) | ErrorKind::Interrupted) => return Err(error),
            Err(error) if matches!(error.kind(), ErrorKind::MissingColumn | ErrorKind::UnlikeInputs) => {
                links.add(Fault::Columns, "data");
            }
            Err(_) => links.add(Fault::Unreadable, "data"),
        }
    }
    for (file, rows) in story.outputs.iter().zip(&rows) {
        if file.rows != *rows {
            links.add(Fault::Counts, &file.file);
        }
    }
    links.found.rows = rows.iter().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
    compare(links, story, classes.as_ref());
    let nothing = rows.iter().all(|rows| *rows == 0);
    links.found.models = story.bound.models.iter().map(|told| model(story, told, classes.as_ref(), nothing)).collect();
    if links.found.models.iter().any(|model| model.holds == Some(false)) {
        links.add(Fault::Models, "data");
    }
    Ok(())
}

/// The classes are those of the log, and not smaller than was asked.
fn compare(links: &mut Links<'_>, story: &Story, classes: Option<&ClassTable>) {
    let unit = if story.bound.unit == Unit::Subject.name() { Unit::Subject } else { Unit::Row };
    let found = Risk::counted(classes, links.found.rows.unwrap_or(0), unit);
    let enough = match (story.bound.k, found.smallest_class) {
        (Some(k), Some(least)) => least >= u64::from(k),
        _ => true,
    };
    if found.event(unit) != story.risk || !enough {
        links.add(Fault::Models, "data");
    }
    links.found.smallest_class = found.smallest_class;
}

/// The sensitive columns that the models look at, by released name, in the order in which they are counted.
fn sensitive(story: &Story) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in story.bound.models.iter().filter_map(|model| model.of.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Holds the data files to a model, where they and the log have what it takes.
fn model(story: &Story, told: &ModelAsked, classes: Option<&ClassTable>, nothing: bool) -> ModelFound {
    let found = |recounted, holds, note| ModelFound {
        model: crate::error::shown(&told.model),
        of: told.of.as_deref().map(crate::error::shown),
        asks: crate::error::harmless(&told.words),
        recounted,
        holds,
        note,
    };
    if !told.recountable() {
        let why = if told.of_table() {
            "the table of the population is not in the release: the maker's gate counted it, and nobody can again without it"
        } else {
            "the maker's order or hierarchy is not in the release"
        };
        return found(false, None, Some(why));
    }
    let place = told.of.as_ref().map_or(Some(0), |name| sensitive(story).iter().position(|known| known == name));
    let Some(asked) = place.and_then(|place| models::again(told, place)) else {
        return found(true, Some(false), Some("the log asks what no run asks"));
    };
    let Some(table) = classes else {
        return found(true, Some(nothing), (!nothing).then_some("no class could be counted"));
    };
    let bound = Asked::bind_all(&[asked], table, None);
    let holds = bound.is_ok_and(|models| Judge::over(table, None, &models).nothing());
    let taken = told.limits.iter().any(|(name, _)| name == "population");
    found(true, Some(holds), taken.then_some("the size of the population is the maker's word"))
}

/// Rows of every file, and the classes over the released quasi-identifiers.
fn count(
    paths: &[PathBuf],
    story: &Story,
    options: &Options,
    progress: &Progress,
) -> Result<(Vec<u64>, Option<ClassTable>)> {
    let source = open(paths, &story.bound.form)?;
    let names: Vec<&str> = source.schema().fields().iter().map(|field| field.name.as_str()).collect();
    if !names.iter().copied().eq(story.bound.released.iter().map(String::as_str)) {
        return Err(ErrorKind::MissingColumn.into());
    }
    let place = |column: &&crate::log::ColumnRecord| {
        column.released_as.as_ref().and_then(|name| names.iter().position(|known| known == name))
    };
    let of_role = |role: &str| story.bound.columns.iter().filter(move |column| column.role == role).collect::<Vec<_>>();
    let quasi: Vec<usize> = of_role("quasi").iter().filter_map(place).collect();
    let subject = if story.bound.unit == "subject" { of_role("subject").first().and_then(place) } else { None };
    let of_models = sensitive(story).into_iter().map(|name| names.iter().position(|known| *known == name));
    let sensitive: Vec<usize> = of_models.collect::<Option<_>>().ok_or(ErrorKind::MissingColumn)?;
    let pool = make_pool(options.threads)?;
    progress.begin(Stage::Gate);
    let (table, done) = tally(&source, &quasi, &sensitive, subject, &pool, progress)?;
    let mut rows = vec![0; paths.len()];
    for shard in done {
        rows[shard.file] += shard.count.rows;
    }
    // a release without rows has no class, and the log says so
    let has_classes = !quasi.is_empty();
    Ok((rows, has_classes.then_some(table)))
}

fn open(paths: &[PathBuf], form: &FileForm) -> Result<Source> {
    let options = read::Options {
        format: read::Format::from_name(&form.format),
        delimiter: form.delimiter,
        null: vec![form.null.clone().into_bytes()],
        as_text: true,
        ..read::Options::default()
    };
    Source::open(paths, options)
}
