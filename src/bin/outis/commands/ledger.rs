//! `outis ledger`: the file of earlier releases.

use super::{print_json, say};
use crate::args::{LedgerAct, LedgerArgs, Told};
use crate::exit::Exit;
use outis::error::{Result, counted, shown};
use outis::ledger::Ledger;
use outis::run::LedgerFiles;
use outis::secret::{self, KeySource};
use serde_json::json;

pub(crate) fn run(arguments: &LedgerArgs, told: Told) -> Result<Exit> {
    let ledger = match arguments.what {
        LedgerAct::Init => Ledger::create(&arguments.file, secret::load(&KeySource::File(arguments.key.clone()))?)?,
        LedgerAct::List => LedgerFiles { file: arguments.file.clone(), key: arguments.key.clone() }.open()?,
    };
    let releases = ledger.entries();
    if told.json {
        let one = |(entry, state): &(outis::ledger::Entry, outis::ledger::State)| {
            json!({
                "release": entry.release, "population": entry.population, "state": state.name(), "key": entry.key,
                "classes": entry.classes.len(),
                "tokens": entry.tokens.iter().map(|tokens| json!({
                    "column": tokens.column, "domain": tokens.domain, "kept": tokens.sketch.len(),
                })).collect::<Vec<_>>(),
            })
        };
        print_json(&json!({
            "file": arguments.file.display().to_string(),
            "fingerprint": ledger.keys().fingerprint(),
            "releases": releases.iter().map(one).collect::<Vec<_>>(),
        }))?;
    }
    if !told.quiet {
        say(&format!("{}: {}", arguments.file.display(), counted(releases.len() as u64, "release")));
        for (entry, state) in releases {
            let (population, classes) = (shown(&entry.population), entry.classes.len());
            say(&format!("  {}  {:<10} {population}  classes {classes}", entry.release, state.name()));
        }
    }
    Ok(Exit::Fine)
}
