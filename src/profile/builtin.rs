//! Presets that come with the program: thresholds, each with its source; none is a default.

/// Every preset with its TOML text.
pub const BUILTIN: &[(&str, &str)] = &[
    ("public-20", include_str!("../../profiles/presets/public-20.toml")),
    ("controlled-11", include_str!("../../profiles/presets/controlled-11.toml")),
    ("internal-5", include_str!("../../profiles/presets/internal-5.toml")),
];

/// The TOML text of a preset.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    #[test]
    fn every_preset_carries_a_threshold_with_its_source() {
        for ((name, _), k) in BUILTIN.iter().zip([20, 11, 5]) {
            let text = format!(
                "name = \"x\"\nversion = \"1\"\nextends = \"{name}\"\n[[column]]\nname = \"age\"\nrole = \"quasi\"\n"
            );
            let loaded = parse(&text, None).unwrap();
            assert!(loaded.warnings.is_empty(), "{name}");
            assert_eq!(loaded.profile.privacy.k.map(crate::limits::K::get), Some(k), "{name}");
            assert!(loaded.profile.sources.contains_key("privacy.k_anonymity"), "{name}");
            assert!(name.ends_with(&format!("-{k}")));
        }
        assert!(builtin("public").is_none());
    }
}
