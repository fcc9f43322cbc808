//! Which cells are missing does not single a person out within a class.
//!
//! Missing values are values (threats, A22): who has no phone, no e-mail and no second diagnosis may be alone with that. Every
//! combination of quasi-identifiers and pattern of nulls in the other columns is counted on disk.

use crate::error::counted_classes;
use crate::gate::rule::{Effect, Finding, Rule, Stage};
use crate::gate::{Case, Count, Marks, Measured, Place, Reading};
use crate::group::{self, Shape, TableBuilder};
use crate::value::{Batch, Text, TextBuilder};
use std::borrow::Cow;

pub(super) const RULE: Rule = Rule {
    id: "null-pattern",
    threat: "G21",
    reason: "what is missing in a row can tell it apart as well as what is there",
    stage: Stage::Classes,
    effect: Effect::WARN,
    wants,
    judge,
};

/// Class tables over quasi-identifiers and the pattern of nulls, one a worker.
struct Patterns {
    quasi: Vec<usize>,
    others: Vec<usize>,
    subject: Option<usize>,
    nulls: u64,
    builders: Vec<TableBuilder>,
    /// Members of each pattern and class, when all was counted.
    members: Vec<u64>,
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
        members: Vec::new(),
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
    let rare = patterns.members.iter().filter(|members| **members < u64::from(k.get())).count() as u64;
    Finding::of(rare == 0, format!("{} of pattern and class are rarer", counted_classes(rare)), limit)
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
            members: Vec::new(),
        }
    }
    fn batch(&mut self, _: Place, batch: &Batch<'_>, _: &Marks) {
        let mut patterns = TextBuilder::with_capacity(batch.rows, self.others.len().div_ceil(4));
        for row in 0..batch.rows {
            // as letters, so that it is text: four columns a letter
            patterns.push_with(|bytes| {
                for columns in self.others.chunks(4) {
                    let bits = columns.iter().fold(0, |bits, at| 2 * bits + u8::from(batch.columns[*at].is_null(row)));
                    self.nulls += u64::from(bits.count_ones());
                    bytes.push(b'a' + bits);
                }
            });
        }
        let patterns = patterns.finish(true);
        let texts: Vec<Cow<'_, Text<'_>>> = self.quasi.iter().map(|at| batch.columns[*at].to_text()).collect();
        let quasi: Vec<&Text<'_>> = texts.iter().map(AsRef::as_ref).chain([&patterns]).collect();
        let subject = self.subject.map(|at| batch.columns[at].to_text());
        for table in &mut self.builders {
            table.add(&quasi, &[], subject.as_deref());
        }
    }
    fn absorb(&mut self, other: Self) {
        self.nulls += other.nulls;
        self.builders.extend(other.builders);
    }
    fn finish(&mut self, threads: usize) {
        let builders = std::mem::take(&mut self.builders);
        if self.nulls > 0 {
            self.members = group::merge(builders, threads).members().to_vec();
        }
    }
}
