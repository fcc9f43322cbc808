//! `outis check`: models, risks and uniqueness of any table, whoever made it.

use super::{load_profile, override_input, print_json, say};
use crate::args::{CheckArgs, Told};
use crate::exit::Exit;
use crate::progress::Line;
use outis::check::{Asked, Model};
use outis::error::{ErrorKind, Result, counted, counted_classes, shown};
use outis::limits::K;
use outis::profile::{InputSpec, PopulationSpec, Ragged, StrayQuotes};
use outis::read::{self, Source};
use outis::run::{self, Inquiry, Options, Progress, measure};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) fn run(arguments: &CheckArgs, told: Told) -> Result<Exit> {
    let (mut inquiry, k, mut input) = inquiry(arguments, told)?;
    override_input(&mut input, &arguments.reading)?;
    let names = std::mem::take(&mut inquiry.columns);
    if !input.header && names.is_empty() {
        return Err(ErrorKind::Usage(
            "--no-header needs --profile, whose released columns name those of the table".into(),
        )
        .into());
    }
    let open = |paths: &[PathBuf], input: &InputSpec| {
        Source::open(&read::expand(paths)?, read::Options::from_spec(input, names.clone())?)
    };
    if let Some(population) = &arguments.population {
        match population.replace('_', "").parse::<u64>() {
            Ok(0) => return Err(ErrorKind::Usage("--population is at least 1".into()).into()),
            Ok(size) => inquiry.population = Some(size),
            Err(_) => inquiry.population_table = Some(open(&[PathBuf::from(population)], &input)?),
        }
    }
    if arguments.threshold.millionths() == 0 {
        return Err(ErrorKind::Usage("--threshold is a share above 0 and at most 1".into()).into());
    }
    inquiry.threshold = f64::from(arguments.threshold.millionths()) / 1e6;
    inquiry.merge_below = k.map_or(0, |k| u64::from(k.get()));
    let source = open(&arguments.input, &input)?;
    let options = Options {
        threads: usize::from(arguments.working.threads),
        memory: arguments.working.memory,
        ..Options::default()
    };
    let progress = Arc::new(Progress::default());
    let line = Line::start(&progress, told.quiet || told.json);
    let document = run::check(&source, &inquiry, &options, &progress);
    drop(line);
    let mut document = document?;
    document.insert("k_asked".into(), k.map(K::get).into());
    let holds = document.get("holds") == Some(&Value::Bool(true));
    if told.json {
        print_json(&document)?;
    }
    if !told.quiet {
        tell(&document, &inquiry, k);
    }
    Ok(if holds { Exit::Fine } else { Exit::Refused })
}

/// What is asked, from the profile or the arguments.
fn inquiry(arguments: &CheckArgs, told: Told) -> Result<(Inquiry, Option<K>, InputSpec)> {
    let asked = match arguments.k {
        Some(k) => Some(K::new(k).ok_or_else(|| ErrorKind::Usage("--k is at least 2".into()))?),
        None => None,
    };
    let Some(path) = &arguments.profile else {
        let question = measure::Question {
            quasi: arguments.quasi.clone(),
            sensitive: arguments.sensitive.clone(),
            subject: arguments.subject.clone(),
        };
        let models = asked.map(|k| Asked::from(Model::KAnonymity(k))).into_iter().collect();
        let inquiry = Inquiry { question, extended: arguments.extended, models, ..Inquiry::default() };
        return Ok((inquiry, asked, plain_input()));
    };
    let (loaded, folder) = load_profile(path, told)?;
    let mut inquiry = run::inquiry(&loaded, Some(&folder)).map_err(|error| match error.kind() {
        ErrorKind::Profile(_) => error.in_file(path),
        _ => error,
    })?;
    inquiry.extended = arguments.extended;
    if let Some(k) = asked {
        inquiry.models.retain(|one| !matches!(one.model, Model::KAnonymity(_)));
        inquiry.models.insert(0, Asked::from(Model::KAnonymity(k)));
    }
    let profile = loaded.profile;
    if arguments.population.is_none()
        && let Some(PopulationSpec::Size(size)) = profile.privacy.population
    {
        inquiry.population = Some(size);
    }
    // a release of ours: its own null text and delimiter
    let input =
        InputSpec { delimiter: profile.output.delimiter, null: vec![profile.output.null.clone()], ..plain_input() };
    Ok((inquiry, asked.or(profile.privacy.k), input))
}

/// How a table is read when no profile says.
pub(crate) fn plain_input() -> InputSpec {
    InputSpec {
        format: None,
        encoding: "utf-8".into(),
        delimiter: b',',
        quote: Some(b'"'),
        header: true,
        null: vec![String::new()],
        ragged: Ragged::Error,
        stray_quotes: StrayQuotes::Error,
    }
}

fn tell(document: &Map<String, Value>, inquiry: &Inquiry, k: Option<K>) {
    let whole = |key: &str| document.get(key).and_then(Value::as_u64).unwrap_or(0);
    let unit = if inquiry.question.subject.is_some() { "person" } else { "row" };
    let (rows, classes) = (counted(whole("rows"), "row"), counted_classes(whole("classes")));
    let over: Vec<String> = inquiry.question.quasi.iter().map(|name| shown(name)).collect();
    say(&format!("{rows}, {classes} over {}", over.join(", ")));
    match document.get("k_anonymity").and_then(Value::as_u64) {
        Some(smallest) => {
            say(&format!("  k-anonymity  {smallest}: the smallest class has {}", counted(smallest, unit)));
        }
        None => say("  k-anonymity  the table has no rows"),
    }
    if let Some(persons) = document.get("k_of_whole_persons").and_then(Value::as_u64) {
        say(&format!(
            "  whole persons: all rows of one together are shared by {} at least",
            counted(persons, "person")
        ));
    }
    say("  members        classes         rows");
    for bin in document.get("class_sizes").and_then(Value::as_array).into_iter().flatten() {
        let (low, high) = (bin["from"].as_u64().unwrap_or(0), bin["to"].as_u64());
        let range = match high {
            Some(high) if high == low => low.to_string(),
            Some(high) => format!("{low}-{high}"),
            None => format!("{low} and more"),
        };
        // a JSON value takes no notice of a width
        let [classes, rows] = ["classes", "rows"].map(|key| bin[key].as_u64().unwrap_or(0));
        say(&format!("  {range:<12} {classes:>9} {rows:>12}"));
    }
    tell_sensitive(document);
    tell_risks(document);
    let told = document.get("models").and_then(Value::as_array);
    for model in told.into_iter().flatten().filter(|model| model["model"] != "k_anonymity") {
        let verdict = if model["holds"] == true { "holds" } else { "does not hold" };
        let words = model["asked"].as_str().unwrap_or("");
        say(&format!("  asked: {}: {words}: {verdict}", model["model"].as_str().unwrap_or("")));
    }
    if let Some(k) = k {
        let holds = told.into_iter().flatten().all(|model| model["model"] != "k_anonymity" || model["holds"] == true);
        let alone = told.into_iter().flatten().filter_map(|model| model["failing_persons"].as_u64()).max().unwrap_or(0);
        let verdict = match (holds, whole("rows") == 0) {
            (_, true) => "no rows".into(),
            (true, false) => "holds".into(),
            (false, false) if alone > 0 => {
                format!("does not hold: all rows together, {} have fewer like them", counted(alone, "person"))
            }
            (false, false) => "does not hold".to_owned(),
        };
        say(&format!("  asked: at least {}: {verdict}", k.get()));
    }
}

fn tell_sensitive(document: &Map<String, Value>) {
    let Some(columns) = document.get("sensitive").and_then(Value::as_object) else { return };
    for (name, found) in columns {
        say(&format!("  {}", shown(name)));
        for (key, what) in [
            ("alpha", "largest share of one value in a class"),
            ("distinct_l_diversity", "fewest different values in a class"),
            ("entropy_l_diversity", "smallest effective number of values"),
            ("basic_beta_likeness", "largest growth of a share"),
            ("enhanced_beta_likeness", "the same within -ln p"),
            ("delta_disclosure", "largest change of a share, as a logarithm"),
        ] {
            say(&format!("    {what:<42} {}", short(&found[key])));
        }
        let l = &found["recursive_cl_diversity"];
        say(&format!("    {:<42} {} (l = {})", "c of recursive diversity is above", short(&l["c_above"]), l["l"]));
        for (key, what) in [("equal", "equal"), ("ordered", "ordered"), ("hierarchical", "hierarchical")] {
            if !found["t_closeness"][key].is_null() {
                let what = format!("largest distance from the table, {what}");
                say(&format!("    {what:<42} {}", short(&found["t_closeness"][key])));
            }
        }
    }
}

fn tell_risks(document: &Map<String, Value>) {
    let Some(risk) = document.get("risk") else { return };
    say(&format!("  risk                highest   average   share above {}", short(&risk["threshold"])));
    for attacker in ["prosecutor", "journalist"] {
        let one = &risk[attacker];
        let cells = ["highest", "average", "share_at_risk"].map(|key| short(&one[key]));
        say(&format!("    {attacker:<14}  {:>9} {:>9} {:>9}", cells[0], cells[1], cells[2]));
    }
    say(&format!("    {:<14}  {:>9} {:>9}", "marketer", "", short(&risk["marketer"]["average"])));
    if let Some(unique) = document.get("population_uniqueness") {
        let of = &unique["population"];
        for estimator in ["zayatz", "pitman", "snb", "dankar"] {
            let share =
                if unique[estimator].is_null() { "no estimate".into() } else { short(&unique[estimator]["share"]) };
            say(&format!("    alone in the population of {of}, {estimator:<7} {share}"));
        }
    }
    if let Some(presence) = document.get("delta_presence") {
        let (least, most) = (short(&presence["least"]), short(&presence["most"]));
        say(&format!("    chance of a member of the population to be in the table: {least} to {most}"));
        let absent = presence["absent_classes"].as_u64().unwrap_or(0);
        let above = presence["classes_above_population"].as_u64().unwrap_or(0);
        if absent > 0 {
            let are = if absent == 1 { "is" } else { "are" };
            say(&format!("    {} of the population {are} not in the table", counted_classes(absent)));
        }
        if above > 0 {
            say(&format!(
                "    {} with more members than the population: this is no table of it",
                counted_classes(above)
            ));
        }
    }
    let wild = &document["wildcard"];
    if wild["rows"].as_u64().unwrap_or(0) > 0 {
        say(&format!(
            "  {} have a suppressed cell; read as wildcards, the smallest class has {}",
            counted(wild["rows"].as_u64().unwrap_or(0), "row"),
            wild["k_anonymity"].as_u64().map_or("an unknown number".into(), |k| counted(k, "row")),
        ));
    }
    let most = document.get("separation").and_then(Value::as_array).into_iter().flatten().take(3);
    for one in most.filter(|one| one["unique_share"].as_f64().unwrap_or(0.0) > 0.0) {
        let columns: Vec<String> =
            one["columns"].as_array().into_iter().flatten().filter_map(Value::as_str).map(shown).collect();
        let share = one["unique_share"].as_f64().unwrap_or(0.0) * 100.0;
        say(&format!("  {} alone single out {share:.2} % of the rows", columns.join(", ")));
    }
}

/// A number for the eye.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            format!("{number:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
