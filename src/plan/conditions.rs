//! What else of a profile decides what leaves or is kept, where it is not as by default: lines for the plan's page.
//!
//! Given: a profile. Says no file, no path and no key.

use crate::error::shown;
use crate::profile::{Invalid, Profile, Ragged, StrayQuotes};

/// Name and words of each condition.
pub(super) fn conditions(profile: &Profile) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut say = |name: &str, words: Option<String>| all.extend(words.map(|words| (name.to_owned(), words)));
    let byte = |byte: u8| shown(&char::from(byte).to_string());

    let input = &profile.input;
    say("input format", input.format.clone());
    say("input encoding", (input.encoding != "utf-8").then(|| input.encoding.clone()));
    say("input delimiter", (input.delimiter != b',').then(|| byte(input.delimiter)));
    say("input quote", (input.quote != Some(b'"')).then(|| input.quote.map_or_else(|| "none".to_owned(), byte)));
    say("input header", (!input.header).then(|| "none: the profile's columns name the fields in order".to_owned()));
    let nulls: Vec<String> = input.null.iter().map(|text| format!("\"{}\"", shown(text))).collect();
    say("input null", (input.null != [""]).then(|| nulls.join(", ")));
    say("ragged rows", (input.ragged == Ragged::Reject).then(|| "are left out and counted".to_owned()));
    say("stray quotes", (input.stray_quotes == StrayQuotes::Keep).then(|| "are taken as they stand".to_owned()));
    for column in &profile.columns {
        let becomes = match column.invalid {
            Invalid::Error => None,
            Invalid::Null => Some("become missing, and are counted".to_owned()),
            Invalid::Text => {
                Some("are taken as text where that will do, else become missing, and are counted".to_owned())
            }
        };
        say(&format!("cells of `{}` that are not of its type", shown(&column.name)), becomes);
    }

    let gate = &profile.gate;
    for (name, limit) in [
        (
            "different tokens of a column",
            gate.token_distinct_at_least.map(|share| format!("at least {share} of the rows")),
        ),
        ("rows of one token", gate.token_share_at_most.map(|share| format!("at most {share}"))),
        ("members of every value", gate.value_support.map(|members| format!("at least {members}"))),
        ("different numbers of a column", gate.distinct_numbers_at_most.map(|share| format!("at most {share}"))),
        ("rows that few columns tell apart", gate.unique_rows_at_most.map(|share| format!("at most {share}"))),
        ("candidates of an identifier", gate.candidates_at_least.map(|values| format!("at least {values}"))),
        ("rows with a finer label", gate.finer_labels_at_most.map(|share| format!("at most {share}"))),
        (
            "members of a class of the population",
            gate.presence_at_most.map(|share| format!("at most {share} released")),
        ),
    ] {
        say(name, limit);
    }
    let ledger = profile.ledger.as_ref();
    say(
        "releases of the same people",
        ledger.map(|ledger| {
            format!(
                "of `{}`: together they leave everybody at least {} sensitive values",
                shown(&ledger.population),
                ledger.values_left
            )
        }),
    );

    let output = &profile.output;
    say("output delimiter", (output.delimiter != b',').then(|| byte(output.delimiter)));
    say("output null", (!output.null.is_empty()).then(|| format!("\"{}\"", shown(&output.null))));
    let evidence = &profile.evidence;
    let signed = match (evidence.sign.len(), &evidence.sign_command) {
        (_, Some(_)) => Some("by a program of the maker's".to_owned()),
        (0, None) => None,
        (keys, None) => Some(crate::error::counted(keys as u64, "key")),
    };
    say("signed with", signed);
    say("entered in", evidence.log.as_ref().map(|_| "an organisation's log".to_owned()));
    say("source", evidence.salts.as_ref().map(|_| "committed to under a salt that is kept".to_owned()));
    all
}
