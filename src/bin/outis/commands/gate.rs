//! `outis gate`: the rules, and their test of themselves.

use super::{print, print_json, say};
use crate::args::{GateArgs, Told};
use crate::exit::Exit;
use outis::error::{Result, counted};
use outis::gate::{RULES, Tier};
use outis::run::{Planted, self_test};
use serde_json::json;

pub(crate) fn run(arguments: &GateArgs, told: Told) -> Result<Exit> {
    if arguments.self_test { test(told) } else { list(told) }
}

fn list(told: Told) -> Result<Exit> {
    if told.json {
        let one = |rule: &&outis::gate::Rule| {
            let in_tier = |tier| rule.effect.in_tier(tier).name();
            json!({
                "rule": rule.id, "threat": rule.threat, "stage": rule.stage.name(), "reason": rule.reason,
                "open": in_tier(Tier::Open), "trade": in_tier(Tier::Trade), "conditional": in_tier(Tier::Conditional),
            })
        };
        print_json(&json!({ "rules": RULES.iter().map(one).collect::<Vec<_>>() }))?;
    } else {
        let mut text = String::from("rule                 check  open    trade   conditional  why\n");
        for rule in RULES {
            let in_tier = |tier| rule.effect.in_tier(tier).name();
            text.push_str(&format!(
                "{:<20} {:<6} {:<7} {:<7} {:<12} {}\n",
                rule.id,
                rule.threat,
                in_tier(Tier::Open),
                in_tier(Tier::Trade),
                in_tier(Tier::Conditional),
                rule.reason
            ));
        }
        print(&text)?;
    }
    Ok(Exit::Fine)
}

fn test(told: Told) -> Result<Exit> {
    let all = self_test()?;
    let missed = all.iter().filter(|planted| !planted.holds()).count();
    if told.json {
        let one = |planted: &Planted| {
            json!({
                "rule": planted.rule, "threat": planted.threat, "leak": planted.leak, "with_leak": planted.with_leak,
                "without": planted.without, "measured": planted.measured,
                "measured_without": planted.measured_without, "holds": planted.holds(),
            })
        };
        print_json(&json!({ "planted": all.iter().map(one).collect::<Vec<_>>(), "missed": missed }))?;
    }
    if !told.quiet {
        say("rule                 check  with leak  without         leak");
        for planted in &all {
            let note = if planted.holds() { "" } else { "   NOT SEEN" };
            let leak = planted.leak.unwrap_or("no leak is planted for it: nothing shows that it works");
            say(&format!(
                "{:<20} {:<6} {:<10} {:<15} {leak}{note}",
                planted.rule, planted.threat, planted.with_leak, planted.without
            ));
        }
        let leaks = all.iter().filter(|planted| planted.leak.is_some()).count() as u64;
        say(&format!(
            "{} for {}, {missed} not seen",
            counted(leaks, "planted leak"),
            counted(RULES.len() as u64, "rule")
        ));
    }
    Ok(if missed == 0 { Exit::Fine } else { Exit::Refused })
}
