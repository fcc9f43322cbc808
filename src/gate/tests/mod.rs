//! Every rule has a planted leak that makes it fire and a clean release that it passes.

use super::*;
use crate::digest::Digest;
use crate::domain::SemanticType;
use crate::limits::K;
use crate::value::{Batch, Column, DataType, Field, Schema, TextBuilder};

/// A staged release in memory: columns `id` (token), `city`, `ill`.
struct Fake {
    rows: Vec<[&'static str; 3]>,
    names: [&'static str; 3],
    listing: Vec<String>,
}

const ID: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";

fn clean() -> Fake {
    Fake {
        rows: vec![[ID, "north", "flu"], [OTHER, "north", "flu"], [ID, "south", "cold"], [OTHER, "south", "flu"]],
        names: ["id", "city", "ill"],
        listing: vec!["data/part-00000.csv".into()],
    }
}

fn policy() -> Policy {
    let roles = [("id", Role::Subject), ("city", Role::Quasi), ("ill", Role::Sensitive)];
    let column = |at: usize| ReleasedColumn {
        name: roles[at].0.into(),
        data_type: DataType::Text,
        source: at,
        role: roles[at].1,
        operator: if at == 0 { "token" } else { "keep" },
        permuted: false,
        token: (at == 0).then_some(TokenShape { alphabet: Alphabet::Hex, length: 32 }),
        domain: (at == 0).then(|| "person".to_owned()),
    };
    let source = |at: usize| SourceColumn {
        name: roles[at].0.into(),
        role: roles[at].1,
        semantic: SemanticType::Text,
        released: Some(at),
    };
    Policy {
        sources: (0..3).map(source).collect(),
        columns: (0..3).map(column).collect(),
        rows_per_subject: None,
        typed: false,
        quasi: vec![1],
        sensitive: Vec::new(),
        subject: None,
        models: Vec::new(),
        k: K::new(2),
        tier: Tier::Trade,
        rows: RowAccount { read: 6, released: 4, suppressed: 1, rejected: 1, not_drawn: 0, over_cap: 0 },
        suppression: Suppression { rows: 1, limit: 1 },
        files: vec!["data/part-00000.csv".into()],
        anonymized: true,
        key: KeyHome::Run,
    }
}

impl Staged for Fake {
    fn schemas(&self) -> Result<Vec<Schema>> {
        let fields = self.names.iter().map(|name| Field { name: (*name).into(), data_type: DataType::Text });
        Ok(vec![Schema::new(fields.collect()).unwrap()])
    }
    fn examine<'p>(&self, _: &[usize], make: &(dyn Fn() -> Examiner<'p> + Sync)) -> Result<Vec<Examiner<'p>>> {
        // two workers, as in a real run
        let mut examiners = vec![make(), make()];
        for (at, rows) in self.rows.chunks(self.rows.len().div_ceil(2).max(1)).enumerate() {
            let column = |place: usize| {
                let mut builder = TextBuilder::default();
                rows.iter().for_each(|row| builder.push(row[place].as_bytes()));
                Column::Text(builder.finish(false))
            };
            let batch = Batch { first_row: 0, rows: rows.len(), columns: (0..3).map(column).collect() };
            examiners[at].batch(0, at as u64, &batch)?;
        }
        Ok(examiners)
    }
    fn facts(&self) -> Result<Vec<FileFacts>> {
        Ok(vec![FileFacts { name: "data/part-00000.csv".into(), bytes: 1, digest: Digest::of_text("x") }])
    }
    fn listing(&self) -> Result<Vec<String>> {
        Ok(self.listing.clone())
    }
    fn paths(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }
    fn folder(&self) -> std::path::PathBuf {
        std::path::PathBuf::new()
    }
}

/// The rules that fire.
fn fired(staged: Fake, policy: &Policy) -> Vec<&'static str> {
    let aside = Aside::default();
    let (files, folder) = (staged.paths(), staged.folder());
    let case =
        Case { policy, aside: &aside, operators: None, files, folder, marker: Marker::new(1), seed: 1, threads: 2 };
    let (judgement, report) = judge(staged, &case, &|| 0).unwrap();
    assert_eq!(report.verdicts.len(), RULES.len(), "every rule gives a verdict");
    let fired: Vec<_> =
        report.verdicts.iter().filter(|verdict| verdict.refuses()).map(|verdict| verdict.rule).collect();
    assert_eq!(matches!(judgement, Judgement::Passed(_)), fired.is_empty());
    fired
}

#[test]
fn a_clean_release_passes_every_rule() {
    assert!(fired(clean(), &policy()).is_empty());
}

#[test]
fn tier_closed_never_publishes() {
    assert_eq!(fired(clean(), &Policy { tier: Tier::Closed, ..policy() }), ["tier"]);
}

#[test]
fn a_kept_key_fails_an_anonymized_release_only() {
    let kept = Policy { key: KeyHome::Kept, ..policy() };
    assert_eq!(fired(clean(), &kept), ["key"]);
    assert!(fired(clean(), &Policy { anonymized: false, ..kept }).is_empty());
}

#[test]
fn an_unplanned_column_fires() {
    let mut leak = clean();
    leak.names[2] = "name";
    assert!(fired(leak, &policy()).contains(&"columns"));
}

#[test]
fn a_lost_and_a_doubled_row_fire() {
    let mut lost = clean();
    lost.rows.remove(0);
    assert!(fired(lost, &policy()).contains(&"rows"));
    let mut doubled = clean();
    doubled.rows.push(doubled.rows[0]);
    assert_eq!(fired(doubled, &policy()), ["rows"]);
    let mut policy = policy();
    policy.rows.read = 7;
    assert_eq!(fired(clean(), &policy), ["rows"], "an account that does not add up");
}

#[test]
fn suppression_over_its_limit_or_misreported_fires() {
    let over = Policy { suppression: Suppression { rows: 1, limit: 0 }, ..policy() };
    assert_eq!(fired(clean(), &over), ["suppression"]);
    let misreported = Policy { suppression: Suppression { rows: 0, limit: 1 }, ..policy() };
    assert_eq!(fired(clean(), &misreported), ["suppression"]);
}

#[test]
fn an_extra_and_a_missing_file_fire() {
    let mut extra = clean();
    extra.listing.push("data/mapping.csv".into());
    assert_eq!(fired(extra, &policy()), ["files"]);
    let mut missing = clean();
    missing.listing.clear();
    assert_eq!(fired(missing, &policy()), ["files"]);
}

#[test]
fn a_raw_or_short_token_fires() {
    for planted in ["13800138000", "00112233445566778899aabbccddeef", "00112233445566778899AABBCCDDEEFF"] {
        let mut leak = clean();
        leak.rows[1][0] = planted;
        assert_eq!(fired(leak, &policy()), ["tokens"]);
    }
}

#[test]
fn a_rule_that_did_not_run_fails_in_every_tier() {
    for tier in [Tier::Open, Tier::Trade, Tier::Conditional] {
        let status = Finding::did_not_run("why").status(Effect::WARN, tier);
        assert_eq!(status, Status::Fail);
        assert_eq!(Finding::of(false, "", "").status(Effect::WARN, tier), Status::Warn);
        assert_eq!(Finding::of(false, "", "").status(Effect::BLOCK, tier), Status::Fail);
        assert_eq!(Finding::not_applicable("why").status(Effect::BLOCK, tier), Status::NotApplicable);
    }
}

#[test]
fn rules_have_ids_of_their_own_and_go_from_cheap_to_expensive() {
    let ids: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.is_sorted_by_key(|rule| rule.stage));
}

#[test]
fn a_class_under_k_fires_even_when_the_run_thinks_otherwise() {
    let mut leak = clean();
    leak.rows[3][1] = "west";
    assert_eq!(fired(leak, &policy()), ["k-anonymity"]);
}

#[test]
fn rows_of_one_person_are_one_member() {
    let mut one_person = clean();
    one_person.rows[3][0] = ID;
    let by_row = policy();
    assert!(fired(Fake { rows: one_person.rows.clone(), ..clean() }, &by_row).is_empty());
    let by_person = Policy { subject: Some(0), ..policy() };
    assert_eq!(fired(one_person, &by_person), ["k-anonymity"], "two rows in the south, both of one person");
}

#[test]
fn a_person_who_stands_out_by_all_rows_together_fires() {
    // both classes have two persons, but one of them is in both
    let by_person = Policy { subject: Some(0), ..policy() };
    let mut together = clean();
    assert!(fired(Fake { rows: together.rows.clone(), ..clean() }, &by_person).is_empty());
    together.rows[3][0] = "0123456789abcdef0123456789abcdef";
    assert_eq!(fired(together, &by_person), ["k-anonymity"]);
}

#[test]
fn a_person_with_more_rows_than_are_taken_fires() {
    let mut twice = clean();
    twice.rows = vec![twice.rows[0], twice.rows[0], twice.rows[1], twice.rows[1]];
    let by_person = Policy { subject: Some(0), rows_per_subject: Some(2), ..policy() };
    assert!(fired(Fake { rows: twice.rows.clone(), ..clean() }, &by_person).is_empty());
    let one = Policy { rows_per_subject: Some(1), ..by_person };
    assert_eq!(fired(twice, &one), ["k-anonymity"]);
}

#[test]
fn alphabets_are_told_apart() {
    let shape = |alphabet| TokenShape { alphabet, length: 4 };
    assert!(shape(Alphabet::Hex).fits(b"09af") && !shape(Alphabet::Hex).fits(b"09ag"));
    assert!(shape(Alphabet::Base32).fits(b"az27") && !shape(Alphabet::Base32).fits(b"az18"));
    assert!(shape(Alphabet::Base64Url).fits(b"aZ-_") && !shape(Alphabet::Base64Url).fits(b"aZ+/"));
}
