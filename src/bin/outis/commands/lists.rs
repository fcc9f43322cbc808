//! What there is to choose from: operators, types, presets, schema, completions.

use super::{print, print_json};
use crate::args::{Cli, CompletionArgs, Told};
use crate::exit::Exit;
use clap::CommandFactory as _;
use outis::domain::SemanticType;
use outis::error::Result;
use outis::{check, profile, transform};

pub(crate) fn operators(told: Told) -> Result<Exit> {
    let catalogue = transform::catalogue();
    if told.json {
        let all: Vec<_> = catalogue
            .iter()
            .map(|operator| {
                let parameters: std::collections::BTreeMap<_, _> = operator.parameters.iter().copied().collect();
                serde_json::json!({
                    "name": operator.name,
                    "iso_20889": operator.iso_20889,
                    "summary": operator.summary,
                    "parameters": parameters,
                    "example": operator.example,
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(Exit::Fine);
    }
    let mut text = String::new();
    for operator in catalogue {
        text.push_str(&format!("{}\n  {}\n", operator.name, operator.summary));
        text.push_str(&format!("  ISO/IEC 20889: {}\n", operator.iso_20889));
        for (name, meaning) in operator.parameters {
            text.push_str(&format!("    {name:<12} {meaning}\n"));
        }
        text.push_str(&format!("  {}\n\n", operator.example));
    }
    print(&text)?;
    Ok(Exit::Fine)
}

pub(crate) fn models(told: Told) -> Result<Exit> {
    if told.json {
        let all: Vec<_> = check::CATALOGUE
            .iter()
            .map(|model| {
                serde_json::json!({
                    "name": model.name,
                    "promise": model.promise,
                    "not": model.not,
                    "monotony": model.monotony.words(),
                    "source": model.source,
                    "example": model.example,
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(Exit::Fine);
    }
    let mut text = String::new();
    for model in check::CATALOGUE {
        text.push_str(&format!("{}\n  promises  {}\n  not       {}\n", model.name, model.promise, model.not));
        text.push_str(&format!("  merging   {}\n  source    {}\n", model.monotony.words(), model.source));
        for line in model.example.lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    }
    print(&text)?;
    Ok(Exit::Fine)
}

pub(crate) fn types(told: Told) -> Result<Exit> {
    if told.json {
        let all: Vec<_> = SemanticType::ALL
            .iter()
            .map(|(name, kind)| {
                serde_json::json!({
                    "name": name,
                    "description": kind.description(),
                    "version": kind.version(),
                    "identifies": kind.identifies(),
                    "domain_bits": kind.domain_bits().map(|bits| format!("{bits:.1}")),
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(Exit::Fine);
    }
    let mut text = String::new();
    for (name, kind) in SemanticType::ALL {
        let direct = if kind.identifies() { "  (names one person alone)" } else { "" };
        text.push_str(&format!("{name:<16} {}{direct}\n", kind.description()));
    }
    print(&text)?;
    Ok(Exit::Fine)
}

pub(crate) fn presets(told: Told) -> Result<Exit> {
    if told.json {
        let all: std::collections::BTreeMap<_, _> = profile::BUILTIN.iter().copied().collect();
        print_json(&all)?;
        return Ok(Exit::Fine);
    }
    let mut text = String::new();
    for (name, toml) in profile::BUILTIN {
        text.push_str(&format!("# extends = \"{name}\"\n{}\n\n", toml.trim()));
    }
    print(&text)?;
    Ok(Exit::Fine)
}

pub(crate) fn schema() -> Result<Exit> {
    print_json(&profile::json_schema())?;
    Ok(Exit::Fine)
}

pub(crate) fn completions(arguments: &CompletionArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "outis", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
