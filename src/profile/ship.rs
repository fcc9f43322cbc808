//! The profile as it may leave with a release: what it says, without what it quotes and without places of the machine.

use super::operator_spec::HierarchySpec;
use super::parse::Loaded;
use std::path::Path;

/// The profile's text less comments and examples; none where it names raw values or a key's place: then only its digest and
/// the plan's page leave (threats, A25).
#[must_use]
pub fn shippable(loaded: &Loaded) -> Option<String> {
    let profile = &loaded.profile;
    let quotes = |spec: &super::ColumnSpec| matches!(spec.generalize, Some(HierarchySpec::Categories { .. }));
    let keys = &profile.keys;
    if profile.columns.iter().any(quotes) || keys.file.is_some() || keys.environment.is_some() || keys.command.is_some()
    {
        return None;
    }
    let mut table: toml::Table = loaded.text.parse().ok()?;
    table.remove("example");
    table.remove("evidence");
    without_folders(&mut table);
    toml::to_string(&table).ok()
}

/// Files keep their names, and lose the folders that they lie in.
fn without_folders(table: &mut toml::Table) {
    for (key, value) in table.iter_mut() {
        match value {
            toml::Value::String(file) if matches!(key.as_str(), "file" | "table") => {
                if let Some(name) = Path::new(file.as_str()).file_name() {
                    *file = name.to_string_lossy().into_owned();
                }
            }
            toml::Value::Table(inner) => without_folders(inner),
            toml::Value::Array(all) => all.iter_mut().filter_map(toml::Value::as_table_mut).for_each(without_folders),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    const TEXT: &str = "name = \"x\" # by Ann, host db7\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"closed\"\n\
        [[column]]\nname = \"city\"\nrole = \"insensitive\"\n\
        [evidence]\nlog = \"/srv/records\"\n[[example]]\nin = { city = \"Oslo\" }\nout = { city = \"Oslo\" }\n";

    #[test]
    fn comments_and_examples_stay_and_the_rest_parses_again() {
        let text = shippable(&parse(TEXT, None).unwrap()).unwrap();
        assert!(!text.contains("Ann") && !text.contains("Oslo") && !text.contains("srv") && text.contains("city"));
        assert_eq!(parse(&text, None).unwrap().profile.columns.len(), 1);
    }

    #[test]
    fn places_of_files_do_not_leave() {
        let text = TEXT.replace(
            "[evidence]",
            "[privacy]\nk_map = 5\npopulation = { table = \"/srv/city/people.csv\" }\n[evidence]",
        );
        let text = text.replace(
            "role = \"insensitive\"",
            "role = \"quasi\"\ngeneralize = { tree = { file = \"lists/city.csv\" } }\nlevel = 1",
        );
        let text = shippable(&parse(&text, None).unwrap()).unwrap();
        assert!(text.contains("\"people.csv\"") && text.contains("\"city.csv\""), "{text}");
        assert!(!text.contains("srv") && !text.contains("lists"), "{text}");
    }

    #[test]
    fn raw_values_of_categories_do_not_leave() {
        let text = TEXT.replace(
            "role = \"insensitive\"",
            "role = \"quasi\"\ngeneralize = { categories = { groups = { Oslo = \"north\" } } }\nlevel = 1",
        );
        assert!(shippable(&parse(&text, None).unwrap()).is_none());
    }
}
