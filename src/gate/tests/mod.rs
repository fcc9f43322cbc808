//! Every rule has a planted leak that makes it fire and a clean release that it passes.

mod attacks;
mod classes;
mod files;
mod keys;
pub(super) mod world;

use super::*;
use world::{World, clean};

#[test]
fn a_clean_release_passes_every_rule() {
    let (verdicts, passed) = clean().judge();
    assert!(passed);
    for verdict in verdicts {
        assert!(
            matches!(verdict.status, Status::Pass | Status::NotApplicable),
            "{}: {}, allowed {}",
            verdict.rule,
            verdict.measured,
            verdict.limit
        );
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
    let mut blind = clean();
    blind.without_aside = true;
    let refused = blind.fired();
    for rule in ["unkeyed", "collisions", "unique-rows"] {
        assert!(refused.contains(&rule), "{rule} had nothing to look at: {refused:?}");
    }
}

#[test]
fn rules_have_ids_of_their_own_and_go_from_cheap_to_expensive() {
    let ids: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.is_sorted_by_key(|rule| rule.stage));
}

#[test]
fn tier_closed_never_publishes() {
    let mut closed = clean();
    closed.policy.tier = Tier::Closed;
    assert_eq!(closed.fired(), ["tier"]);
}

#[test]
fn a_recoding_that_follows_the_rows_fires_in_the_open_and_is_told_elsewhere() {
    for recoding in [Recoding::Local, Recoding::Multidimensional, Recoding::Relaxed] {
        let mut world = clean();
        world.policy.recoding = recoding;
        assert_eq!(world.fired(), ["recoding"]);
        for tier in [Tier::Trade, Tier::Conditional] {
            let (verdicts, passed) = in_tier(world.clone(), tier).judge();
            assert!(passed);
            assert!(verdicts.iter().any(|verdict| verdict.rule == "recoding" && verdict.status == Status::Warn));
        }
    }
}

#[test]
fn an_unplanned_column_fires() {
    let mut leak = clean();
    leak.names[2] = "name".into();
    assert!(leak.fired().contains(&"columns"));
}

#[test]
fn a_lost_and_a_doubled_row_fire() {
    let mut lost = clean();
    let mut rows = lost.on_disk();
    rows.remove(0);
    lost.planted = Some(rows);
    assert!(lost.fired().contains(&"rows"));
    let mut doubled = clean();
    let mut rows = doubled.on_disk();
    rows.push(rows[0].clone());
    doubled.planted = Some(rows);
    assert_eq!(doubled.fired(), ["rows"]);
    let mut wrong = clean();
    wrong.policy.rows.read = 70;
    assert_eq!(wrong.fired(), ["rows"], "an account that does not add up");
}

#[test]
fn suppression_over_its_limit_or_misreported_fires() {
    for (rows, limit) in [(1, 0), (0, 1)] {
        let mut world = clean();
        world.policy.suppression = Suppression { rows, limit };
        assert_eq!(world.fired(), ["suppression"]);
    }
}

#[test]
fn an_extra_and_a_missing_file_fire() {
    let mut extra = clean();
    extra.listing.push("data/mapping.csv".into());
    assert_eq!(extra.fired(), ["files"]);
    let mut missing = clean();
    missing.listing.clear();
    assert_eq!(missing.fired(), ["files"]);
}

#[test]
fn a_raw_or_short_token_fires() {
    for planted in ["13800138000", "00112233445566778899aabbccddeef", "00112233445566778899AABBCCDDEEFF"] {
        let mut leak = clean();
        leak.plant(1, 0, Some(planted));
        assert!(leak.fired().contains(&"tokens"), "{planted}");
    }
}

#[test]
fn alphabets_are_told_apart() {
    let shape = |alphabet| TokenShape { alphabet, length: 4 };
    assert!(shape(Alphabet::Hex).fits(b"09af") && !shape(Alphabet::Hex).fits(b"09ag"));
    assert!(shape(Alphabet::Base32).fits(b"az27") && !shape(Alphabet::Base32).fits(b"az18"));
    assert!(shape(Alphabet::Base64Url).fits(b"aZ-_") && !shape(Alphabet::Base64Url).fits(b"aZ+/"));
}

/// In the two tiers that are not open, what a rule of that effect does.
fn in_tier(mut world: World, tier: Tier) -> World {
    world.policy.tier = tier;
    world
}
