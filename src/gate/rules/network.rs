//! Nothing went over a network while the release was made.
//!
//! What a program can say of itself (threats, A30): it links no network code, which a test of the program's imports holds; and while
//! the gate judged, it held no socket open that it did not have from whoever started it. Where it is a library in another
//! program, that one may open some meanwhile, so this is told and does not block.

use crate::error::counted;
use crate::gate::rule::{Effect, Finding, Rule, Stage, wants_nothing};
use crate::gate::{Case, Measured};

pub(super) const RULE: Rule = Rule {
    id: "network",
    threat: "G29",
    reason: "raw rows that go to a service elsewhere are released, whatever the release hides",
    stage: Stage::Configuration,
    effect: Effect::WARN,
    wants: wants_nothing,
    judge,
};

fn judge(case: &Case<'_>, _: &Measured) -> Finding {
    let open = match case.policy.process.sockets {
        Some(sockets) => format!("{} opened during the run", counted(sockets, "socket")),
        None => "the system does not tell which sockets are open".to_owned(),
    };
    let holds = case.policy.process.sockets.is_none_or(|sockets| sockets == 0);
    Finding::of(holds, format!("no network code in the program, {open}"), "0 sockets")
}
