//! Leaks of tokens and keys.

use super::in_tier;
use super::world::{self, World, clean, hex, honest, phone};
use crate::digest::unkeyed::FUNCTIONS;
use crate::gate::*;
use crate::limits::Share;

fn function(name: &str, input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    FUNCTIONS.iter().find(|function| function.name == name).unwrap().compute(input, &mut out);
    out
}

fn tool(tokenize: world::Tokenize) -> World {
    World { tokenize, ..clean() }
}

#[test]
fn a_kept_key_fails_an_anonymized_release_only() {
    let mut kept = clean();
    kept.policy.key = KeyHome::Kept;
    assert_eq!(kept.fired(), ["key"]);
    kept.policy.anonymized = false;
    assert!(kept.fired().is_empty());
}

#[test]
fn a_page_that_may_be_swapped_or_dumped_is_told() {
    let well = clean().policy.process;
    for process in [Process { key_locked: false, ..well }, Process { core_dumps: true, ..well }] {
        let mut world = clean();
        world.policy.process = process;
        assert_eq!(world.with_status(Status::Warn), ["memory"]);
    }
}

#[test]
fn a_hash_that_anybody_can_compute_fires() {
    let tools: [world::Tokenize; 6] = [
        |_, _, value| hex(&function("md5", value)),
        |_, _, value| hex(&function("sha256", value)[..16]),
        |_, _, value| hex(&function("sm3", value)[16..]),
        |_, _, value| hex(&function("sha256 of md5", value)[..16]),
        |_, _, value| hex(&function("md5", &[b"salt", value].concat())),
        |_, domain, value| hex(&function("blake3", &[domain.as_bytes(), b":", value].concat())[..16]),
    ];
    for (at, tokenize) in tools.into_iter().enumerate() {
        assert_eq!(tool(tokenize).fired(), ["second-key", "unkeyed"], "tool {at}");
    }
}

#[test]
fn a_keyed_hash_under_a_well_known_key_fires() {
    // the key is one, so a second random key makes other tokens; but everybody knows the first
    let world = tool(|under, domain, value| match under {
        Under::RunKey => hex(&function("hmac-sha256, key `secret`", value)[..16]),
        Under::OtherKey => honest(under, domain, value),
    });
    assert_eq!(world.fired(), ["unkeyed"]);
}

#[test]
fn a_key_that_is_ignored_fires() {
    let world = tool(|_, domain, value| honest(Under::RunKey, domain, value));
    assert_eq!(world.fired(), ["second-key"]);
}

#[test]
fn a_token_that_is_an_encoding_of_the_value_fires() {
    let world = tool(|_, _, value| format!("{:0<32}", hex(value)));
    assert!(world.fired().contains(&"unkeyed"), "{:?}", world.fired());
}

#[test]
fn few_tokens_are_a_fingerprint() {
    let mut hospital = clean();
    // three hospitals under honest tokens
    for (at, row) in hospital.source.iter_mut().enumerate() {
        row[0] = Some(phone(at % 3));
    }
    assert_eq!(hospital.fired(), ["token-fingerprint"]);
    hospital.policy.limits.token_distinct = Share::NONE;
    hospital.policy.limits.token_top = Share::from_millionths(400_000).unwrap();
    assert!(hospital.fired().is_empty(), "{}", hospital.measured("token-fingerprint"));
}

#[test]
fn one_token_in_many_rows_is_a_fingerprint() {
    let mut world = clean();
    for row in &mut world.source[..20] {
        row[0] = Some(phone(0));
    }
    assert_eq!(world.fired(), ["token-fingerprint"]);
    // many rows of a person are what a subject column is for, but not a third of all rows
    world.policy.columns[0].role = Role::Subject;
    assert_eq!(world.fired(), ["token-fingerprint"]);
}

#[test]
fn one_domain_key_under_two_names_fires() {
    let mut world = tool(|under, _, value| honest(under, "one key for all", value));
    world.add(0, "mobile", "token", |row| Some(phone(row)));
    world.policy.columns[4].domain = Some("mobile".into());
    assert_eq!(world.fired(), ["token-overlap"]);
    world.policy.columns[4].domain = Some("phone".into());
    assert!(world.fired().is_empty(), "declared: {:?}", world.fired());
}

#[test]
fn two_domains_of_an_honest_tool_share_nothing() {
    let mut world = clean();
    world.add(0, "mobile", "token", |row| Some(phone(row)));
    world.policy.columns[4].domain = Some("mobile".into());
    assert!(world.fired().is_empty());
    assert_eq!(world.measured("token-overlap"), "0 shared in 1 pair of columns");
}

#[test]
fn two_values_under_one_token_fire() {
    // eight bits of a hash, written as if they were 128
    let world = tool(|under, domain, value| format!("{:0<32}", &honest(under, domain, value)[..2]));
    assert!(world.fired().contains(&"collisions"), "{:?}", world.fired());
}

#[test]
fn tokens_on_disk_that_nobody_made_fire() {
    let mut world = clean();
    world.plant(3, 0, Some("00112233445566778899aabbccddeeff"));
    assert_eq!(world.fired(), ["collisions"]);
    let measured = world.measured("collisions");
    assert!(measured.contains("1 unknown, 1 missing"), "{measured}");
}

#[test]
fn the_expected_number_of_collisions_is_told() {
    let measured = clean().measured("collisions");
    // 60² / 2^129 = 5 · 10^-36
    assert!(measured.ends_with("in 60 (all), expected by chance 10^-35"), "{measured}");
}

#[test]
fn a_tool_that_hashes_spellings_fires() {
    let mut world = clean();
    world.policy.limits.value_support = Some(1);
    let spelled = SpellsApart(world);
    let finding = spelled.judge("equal-spellings");
    assert!(finding.refuses(), "{}", finding.measured);
    assert!(finding.measured.starts_with("240 of 240 spellings apart"), "{}", finding.measured);
}

/// A tool that does not bring cells into canonical form.
struct SpellsApart(World);

impl Reapply for SpellsApart {
    fn apply(&self, _: usize, cells: &[Option<&[u8]>], under: Under) -> crate::error::Result<Vec<Option<Vec<u8>>>> {
        Ok(cells.iter().map(|cell| cell.map(|raw| honest(under, "phone", raw).into_bytes())).collect())
    }
}

impl SpellsApart {
    fn judge(&self, rule: &str) -> Verdict {
        self.0.judge_with(self).0.into_iter().find(|verdict| verdict.rule == rule).unwrap()
    }
}

/// A world with a second column of the phone number, masked by `mask`.
fn masked(mask: fn(usize, &str) -> String) -> World {
    let mut world = World { mask, ..clean() };
    world.add(0, "masked", "mask", |row| Some(phone(row)));
    world.policy.columns[4].token = None;
    world.policy.columns[4].domain = None;
    // which values are rare is another rule's question
    world.policy.limits.value_support = Some(1);
    world
}

#[test]
fn a_mask_that_leaves_too_little_hidden_fires() {
    let mut world = masked(|_, raw| format!("{}**", &raw[..9]));
    world.policy.limits.candidates = Some(101);
    assert_eq!(world.fired(), ["derivatives"]);
    world.policy.limits.candidates = Some(100);
    assert!(world.fired().is_empty(), "{:?}", world.fired());
}

#[test]
fn two_masks_that_complete_each_other_fire() {
    let mut world =
        masked(|at, raw| if at == 4 { format!("{}****", &raw[..7]) } else { format!("*******{}", &raw[7..]) });
    assert!(world.fired().is_empty(), "{:?}", world.fired());
    world.add(4, "end", "mask", |row| Some(phone(row)));
    assert_eq!(world.fired(), ["derivatives"]);
}

#[test]
fn a_conditional_release_still_blocks_on_keys() {
    for tier in [Tier::Trade, Tier::Conditional] {
        assert_eq!(in_tier(tool(|_, _, value| hex(&function("md5", value))), tier).fired(), ["second-key", "unkeyed"]);
    }
}
