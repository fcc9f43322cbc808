//! Fact, then advice, on stderr. Every kind of error has advice; none quotes a cell.

use crate::args::Told;
use outis::error::{Error, ErrorKind, harmless};
use std::io::Write as _;

/// Shows an error.
pub(crate) fn show(error: &Error, told: Told) {
    let mut text = String::new();
    match error.kind() {
        ErrorKind::Profile(complaints) => {
            let file = error.place().file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            for complaint in complaints {
                let place = match (complaint.line, file.is_empty()) {
                    (0, true) => String::new(),
                    (0, false) => format!("{file}: "),
                    (line, _) => format!("{file}:{line}:{}: ", complaint.column),
                };
                text.push_str(&format!("error: {place}{}\n  hint: {}\n", complaint.what, complaint.advice));
            }
            if complaints.len() > 1 {
                text.push_str(&format!("{} complaints; nothing was run\n", complaints.len()));
            }
        }
        ErrorKind::Many { errors, more } => {
            for error in errors {
                text.push_str(&format!("error: {error}\n"));
            }
            let rows = errors.iter().any(|error| error.place().row.is_some());
            let and = if *more > 0 { format!("and {more} more") } else { String::new() };
            match (and.is_empty(), rows) {
                (false, true) => text.push_str(&format!("{and}; reading stopped there, so there may be others\n")),
                (true, true) => text.push_str("reading stopped there, so there may be others\n"),
                (false, false) => text.push_str(&(and + "\n")),
                (true, false) => {}
            }
            let mut hints: Vec<String> = errors.iter().filter_map(|error| advice(error.kind())).collect();
            hints.sort();
            hints.dedup();
            for hint in hints {
                text.push_str(&format!("  hint: {hint}\n"));
            }
        }
        ErrorKind::Usage(lines) if lines.contains('\n') => {
            for line in lines.lines() {
                text.push_str(&format!("error: {line}\n"));
            }
        }
        kind => {
            text.push_str(&format!("error: {error}\n"));
            if let Some(hint) = advice(kind) {
                text.push_str(&format!("  hint: {hint}\n"));
            }
        }
    }
    let _ = std::io::stderr().write_all(for_terminal(&text).as_bytes());
    if told.json {
        let mut document = serde_json::json!({ "status": "error", "errors": errors_json(error) });
        if let ErrorKind::Many { more, .. } = error.kind() {
            document["more"] = (*more).into();
        }
        let _ = writeln!(std::io::stdout(), "{document}");
    }
}

/// Lines of ours in which no name of a file or profile can command the terminal.
pub(crate) fn for_terminal(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

/// Every error on its own, as documents tell them.
pub(crate) fn errors_json(error: &Error) -> serde_json::Value {
    match error.kind() {
        ErrorKind::Profile(complaints) => complaints
            .iter()
            .map(|complaint| {
                serde_json::json!({
                    "line": complaint.line,
                    "column": complaint.column,
                    "what": complaint.what,
                    "advice": complaint.advice,
                })
            })
            .collect(),
        ErrorKind::Many { errors, .. } => errors.iter().map(one_json).collect(),
        _ => serde_json::Value::Array(vec![one_json(error)]),
    }
}

fn one_json(error: &Error) -> serde_json::Value {
    let place = error.place();
    serde_json::json!({
        "file": place.file.as_ref().map(|file| file.display().to_string()),
        "row": place.row,
        "column": place.column,
        "what": error.kind().to_string(),
        "advice": advice(error.kind()),
    })
}

/// What to do about it. Exhaustive: a new kind does not compile without its advice.
fn advice(kind: &ErrorKind) -> Option<String> {
    let text = match kind {
        ErrorKind::Io { operation: "write to stdout", .. } => "look at where stdout goes: a full disk, a closed file",
        ErrorKind::Io { operation, cause } => match cause {
            std::io::ErrorKind::NotFound if *operation == "open" => {
                "look at the path; patterns in quotes are expanded by outis itself"
            }
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => "look at the path",
            std::io::ErrorKind::IsADirectory if *operation == "read the profile" => "name the profile's file",
            std::io::ErrorKind::IsADirectory => "name a file",
            std::io::ErrorKind::InvalidData if *operation == "read the profile" => "save it as UTF-8",
            std::io::ErrorKind::PermissionDenied => "look at the owner and mode of the file and its folder",
            std::io::ErrorKind::FileTooLarge => "the system allows no file of this size; no data was left behind",
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "the disk is full: outis needs room for about twice the release; no data was left behind"
            }
            _ => return None,
        },
        ErrorKind::Profile(_) | ErrorKind::Many { .. } | ErrorKind::Usage(_) => return None,
        ErrorKind::RaggedRow { .. } => {
            "mend the row, look at the delimiter, or set `ragged = \"reject\"` under [input] to leave such rows out and count them"
        }
        ErrorKind::StrayQuote => {
            "quote the whole field and double the quote inside, or set `stray_quotes = \"keep\"` under [input]; `quote = \"\"` for files without quoting"
        }
        ErrorKind::UnclosedQuote => "close the field, or set `quote = \"\"` under [input] for files without quoting",
        ErrorKind::BadEncoding(what) if what.contains("UTF-16") => "save it as UTF-8",
        ErrorKind::BadEncoding(_) => {
            "set `encoding` under [input], or beside the `table` of a population, to `utf-8` or `gb18030`, or convert the file"
        }
        ErrorKind::BadValue(_) => {
            "mend the cell, change the column's `type`, set `invalid = \"null\"` or `\"text\"` on the column, or name it under `null` in [input]"
        }
        ErrorKind::BadJson(_) => "every line is one flat JSON object: text, numbers, true, false, null",
        ErrorKind::NullValue => "this operator needs a value in every row: fill it, or choose another operator",
        ErrorKind::BadHeader(_) => {
            "give every column a plain name, or look at the `delimiter`; for a file without a header set `header = false` under [input]"
        }
        ErrorKind::DuplicateColumn => "give every column a name of its own",
        ErrorKind::UndeclaredColumn => "add a [[column]] for it with a role; `apply = \"drop\"` leaves it out",
        ErrorKind::MissingColumn => {
            "look at the name, and whether its columns are parted as is declared: `delimiter` for an input, `separator` for a table of the population"
        }
        ErrorKind::UnlikeInputs => "release files with other columns in a run of their own",
        ErrorKind::EmptyInput => "look whether this is the right file",
        ErrorKind::NotOfFormat(what) if what.starts_with("intact") => "look whether the file is whole; get it again",
        ErrorKind::NotOfFormat(_) => "say the format with --input-format, or look whether the file is whole",
        ErrorKind::UnsupportedType(_) => "cast or flatten the column before, or write it as text",
        ErrorKind::Unplaced { .. } => {
            "add every value that occurs to the `hierarchy` of the column, or to the model's `order`"
        }
        ErrorKind::NotInHierarchy => "add the value to the hierarchy's file, or give the categories an `other` group",
        ErrorKind::NotPopulation { .. } => {
            "the input is no sample of this table: look whether it is the right one and of the same day, and has a row for each member with the columns written as in the input; with `unit = \"subject\"` a person counts in every class that they have a row in"
        }
        ErrorKind::SmallPopulation { .. } => {
            "state a `population.size`, or with `check` a `--population`, that holds everybody in the input, or name a table of them"
        }
        ErrorKind::TokenCollision => "use 128 bits or more for the tokens of this column",
        ErrorKind::InputChanged => "run again when nobody writes to the input",
        ErrorKind::NotTwice => {
            "write the stream to a file first: k-anonymity needs to see all rows before it writes one"
        }
        ErrorKind::TargetExists => "choose another name; outis never writes over anything",
        ErrorKind::TargetIsInput => "choose an --output away from the inputs",
        ErrorKind::Memory(_) => "give more with --memory, or generalize further so that there are fewer classes",
        ErrorKind::Key(why) if why.starts_with("others") => "take the rights away from others: `chmod 600 FILE`",
        ErrorKind::KeyVariable(_) => "set it to 64 hex digits; `outis keygen FILE` makes a key file",
        ErrorKind::Key(_) => "`outis keygen FILE` makes a key file; keys never stand in a profile or argument",
        ErrorKind::Evidence { .. } => {
            "do not rely on it: ask whoever gave it for an unchanged copy, and for the public key by another way"
        }
        ErrorKind::Interrupted => "nothing was published and no data is left behind",
        ErrorKind::Foreign(_) => {
            "look whether the file is whole; its own message is withheld because it may quote cells"
        }
        ErrorKind::Internal(_) => "please report this; no data is in the message",
    };
    Some(text.to_owned())
}
