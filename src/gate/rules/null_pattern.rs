//! Which cells are missing does not single a person out within a class.
//!
//! Missing values are values (threats, A22): who has no phone, no e-mail and no second diagnosis may be alone with that. Every
//! combination of quasi-identifiers and pattern of nulls in the other columns is counted on disk.

use crate::error::counted_classes;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Marks, Measured, Place, Reading};
use crate::group::{self, ClassTable, ClassifierScratch, Shape, TableBuilder};
use crate::value::{Batch, Text, TextBuilder};
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "null-pattern",
    threat: "G21",
    reason: "what is missing in a row can tell it apart as well as what is there",
    stage: Stage::Classes,
    effect: Effect::WARN,
    wants,
    judge,
};

/// Class tables over quasi-identifiers and the pattern of nulls, one a worker: of the rows that have a null, because there are few;
/// where persons are counted, of all rows, because a person may have rows of both kinds.
struct Patterns {
    quasi: Vec<usize>,
    others: Vec<usize>,
    subject: Option<usize>,
    nulls: u64,
    builders: Vec<TableBuilder>,
    /// All of them, when all was counted.
    table: Option<ClassTable>,
}

fn others(case: &Case<'_>) -> Vec<usize> {
    (0..case.policy.columns.len()).filter(|at| !case.policy.quasi.contains(at)).collect()
}

fn wants(case: &Case<'_>, reading: &mut Reading) {
    let others = others(case);
    if case.policy.k.is_none() || others.is_empty() {
        return;
    }
    let (quasi, subject) = (case.policy.quasi.clone(), case.policy.subject);
    reading.want(quasi.iter().chain(&others).copied().chain(subject), || Patterns {
        quasi: quasi.clone(),
        others: others.clone(),
        subject,
        nulls: 0,
        builders: Vec::new(),
        table: None,
    });
}

fn judge(case: &Case<'_>, measured: &Measured) -> Finding {
    let Some(k) = case.policy.k else {
        return Finding::not_applicable("the profile asks for no k");
    };
    if others(case).is_empty() {
        return Finding::not_applicable("nothing leaves but quasi-identifiers");
    }
    let limit = format!("every pattern shared by {} members of its class", k.get());
    let Some(patterns) = measured.count::<Patterns>() else {
        return Finding::did_not_run("the rows were not read");
    };
    if patterns.nulls == 0 {
        return Finding::of(true, "no null beside the quasi-identifiers", limit);
    }
    let Some(table) = &patterns.table else {
        return Finding::did_not_run("the patterns were not counted");
    };
    let is_rare = |members: &u64| *members < u64::from(k.get());
    let mut rare = table.members().iter().copied().filter(is_rare).count() as u64;
    if patterns.subject.is_none() {
        rare += without_nulls(table, measured).into_iter().filter(is_rare).count() as u64;
    }
    Finding::of(rare == 0, format!("{} of pattern and class are rarer", counted_classes(rare)), limit)
}

/// Rows without a null, of each class that has rows with one beside them.
fn without_nulls(table: &ClassTable, measured: &Measured) -> Vec<u64> {
    let (classes, width) = (measured.classes.as_ref(), table.quasi().len() - 1);
    let mut class_of = Vec::new();
    if let Some(classes) = classes {
        let columns: Vec<Text<'_>> = (0..width)
            .map(|column| {
                let mut cells = TextBuilder::default();
                table.codes(column).iter().for_each(|code| cells.push_option(table.quasi()[column].get(*code)));
                cells.finish(false)
            })
            .collect();
        let columns: Vec<&Text<'_>> = columns.iter().collect();
        classes.classifier().class_of(&columns, &mut ClassifierScratch::default(), &mut class_of);
    } else {
        class_of.resize(table.len(), 0);
    }
    let mut with_nulls: BTreeMap<u32, u64> = BTreeMap::new();
    for (class, members) in class_of.into_iter().zip(table.members()) {
        *with_nulls.entry(class).or_default() += members;
    }
    let of_class = |classes: &ClassTable, class: u32| classes.members().get(class as usize).copied().unwrap_or(0);
    let all = |class: u32| classes.map_or(measured.rows, |classes| of_class(classes, class));
    with_nulls.into_iter().map(|(class, rows)| all(class).saturating_sub(rows)).filter(|rest| *rest > 0).collect()
}

impl Count for Patterns {
    fn fork(&self) -> Self {
        let shape = Shape { quasi: self.quasi.len() + 1, sensitive: 0, subject: self.subject.is_some() };
        Self {
            quasi: self.quasi.clone(),
            others: self.others.clone(),
            subject: self.subject,
            nulls: 0,
            builders: vec![TableBuilder::new(shape)],
            table: None,
        }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        let whole = self.subject.is_some();
        if !whole && !self.others.iter().any(|at| batch.columns[*at].has_null()) {
            return;
        }
        let (mut patterns, mut rows) =
            (TextBuilder::with_capacity(batch.rows, self.others.len().div_ceil(4)), Vec::new());
        let mut letters = Vec::new();
        for row in 0..batch.rows {
            // as letters, so that it is text: four columns a letter
            letters.clear();
            let mut nulls = 0;
            for columns in self.others.chunks(4) {
                let bits = columns.iter().fold(0, |bits, at| 2 * bits + u8::from(batch.columns[*at].is_null(row)));
                nulls += u64::from(bits.count_ones());
                letters.push(b'a' + bits);
            }
            self.nulls += nulls;
            if whole || nulls > 0 {
                rows.push(row);
                patterns.push(&letters);
            }
        }
        let of_rows = |at: &usize| {
            let (column, mut cells) = (batch.columns[*at].to_text(), TextBuilder::default());
            for row in &rows {
                cells.push_option(column.get(*row));
            }
            cells.finish(false)
        };
        let patterns = patterns.finish(true);
        let texts: Vec<Text<'_>> = self.quasi.iter().map(of_rows).collect();
        let quasi: Vec<&Text<'_>> = texts.iter().chain([&patterns]).collect();
        let subject = self.subject.as_ref().map(of_rows);
        for table in &mut self.builders {
            table.add(&quasi, &[], subject.as_ref());
        }
    }
    fn absorb(&mut self, other: Self) {
        self.nulls += other.nulls;
        self.builders.extend(other.builders);
    }
    fn finish(&mut self, threads: usize) {
        let builders = std::mem::take(&mut self.builders);
        if self.nulls > 0 {
            self.table = Some(group::merge(builders, threads));
        }
    }
}
