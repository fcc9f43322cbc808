//! Other spellings of a value: the same thing written as people and programs write it, and things that only look alike.
//!
//! Made from what the types promise to treat as equal (threats, A20), not from the code that does it.

use crate::domain::SemanticType;

/// Spellings that must get the same token. None where the type promises none for this value.
pub(super) fn equal(semantic: SemanticType, value: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    if value.is_empty() || semantic == SemanticType::FreeText {
        return spellings;
    }
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match semantic {
        SemanticType::Mobile if digits && value.len() == 11 => {
            spellings.push(format!("+86{value}"));
            spellings.push(format!("{}-{}-{}", &value[..3], &value[3..7], &value[7..]));
            spellings.push(format!("{} {} {}", &value[..3], &value[3..7], &value[7..]));
            spellings.push(full_width(value));
        }
        SemanticType::ResidentId if value.len() == 18 && value.is_ascii() => {
            spellings.push(value.to_ascii_lowercase());
            spellings.push(value.to_ascii_uppercase());
            spellings.push(full_width(value));
        }
        SemanticType::Email if value.is_ascii() => {
            spellings.push(value.to_ascii_uppercase());
            spellings.push(format!(" {value}"));
        }
        SemanticType::Text | SemanticType::Name if !value.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            spellings.push(format!("{value} "));
            spellings.push(format!(" {value}"));
            spellings.push(format!("{value}\u{200b}"));
            if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                spellings.push(full_width(value));
            }
        }
        SemanticType::BankCard if digits => {
            let grouped: Vec<&str> = value.as_bytes().chunks(4).filter_map(|part| str::from_utf8(part).ok()).collect();
            spellings.push(grouped.join(" "));
            spellings.push(full_width(value));
        }
        SemanticType::Plate | SemanticType::Uscc if value.is_ascii() => {
            spellings.push(value.to_ascii_lowercase());
        }
        SemanticType::Integer if digits => spellings.push(format!("+{value}")),
        _ => {}
    }
    spellings.retain(|spelling| spelling != value);
    spellings
}

/// ASCII letters and digits as they stand in Chinese forms: U+FF01 and on.
fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_the_canonical_form_of_the_value() {
        let canonical = |semantic: SemanticType, value: &str| {
            let mut form = Vec::new();
            semantic.canonicalize(value.as_bytes(), &mut form).map(|()| form)
        };
        let values = [
            (SemanticType::Mobile, "13800138000"),
            (SemanticType::ResidentId, "11010519491231002X"),
            (SemanticType::Email, "ann@example.invalid"),
            (SemanticType::Text, "A17"),
            (SemanticType::Name, "Ann"),
            (SemanticType::BankCard, "6222021234567890128"),
            (SemanticType::Integer, "42"),
        ];
        for (semantic, value) in values {
            let expected = canonical(semantic, value);
            for spelling in equal(semantic, value) {
                assert!(expected.is_err() || canonical(semantic, &spelling) == expected, "{spelling}");
            }
            assert!(!equal(semantic, value).is_empty(), "{value}");
        }
    }
}
