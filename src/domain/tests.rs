//! What holds for every type, and helpers of the tests beside each type.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The canonical form, `None` where the cell is not of the type; checks idempotence and that errors append nothing.
pub(super) fn canonical(semantic: SemanticType, cell: &str) -> Option<String> {
    canonical_bytes(semantic, cell.as_bytes())
}

pub(super) fn check_equal(semantic: SemanticType, expected: &str, spellings: &[&str]) {
    for spelling in spellings {
        assert_eq!(canonical(semantic, spelling).as_deref(), Some(expected), "{spelling:?}");
    }
}

pub(super) fn check_wrong(semantic: SemanticType, cells: &[&str]) {
    for cell in cells {
        assert_eq!(canonical(semantic, cell), None, "{cell:?}");
    }
}

fn canonical_bytes(semantic: SemanticType, cell: &[u8]) -> Option<String> {
    let mut out = b"before".to_vec();
    match semantic.canonicalize(cell, &mut out) {
        Ok(()) => {
            let once = out.split_off(6);
            assert_eq!(out, b"before");
            let mut again = Vec::new();
            assert_eq!(semantic.canonicalize(&once, &mut again), Ok(()), "{semantic:?}: canonical is not valid");
            assert_eq!(again, once, "{semantic:?}: not idempotent");
            Some(String::from_utf8(once).expect("canonical forms are UTF-8"))
        }
        Err(expected) => {
            assert_eq!(out, b"before", "{semantic:?}: an error appended something");
            assert!(!expected.is_empty());
            None
        }
    }
}

/// One valid cell of each type, canonical.
fn example(semantic: SemanticType) -> &'static str {
    match semantic {
        SemanticType::Text | SemanticType::FreeText => "Some text, 12",
        SemanticType::Name => "anna smith",
        SemanticType::Integer => "-12",
        SemanticType::Decimal => "1945.3",
        SemanticType::Boolean => "true",
        SemanticType::Date => "1984-03-09",
        SemanticType::Timestamp => "2024-03-09T10:11:12Z",
        SemanticType::Email => "zhang.san@example.com",
        SemanticType::Mobile => "13800138000",
        SemanticType::ResidentId => "11010519491231002X",
        SemanticType::Uscc => "91350100M000100Y43",
        SemanticType::Plate => "京A12345",
        SemanticType::BankCard => "4111111111111111",
        SemanticType::Postcode => "100020",
        SemanticType::Region => "110105",
        SemanticType::Iban => "GB29NWBK60161331926819",
        SemanticType::Imei => "490154203237518",
        SemanticType::Ip => "2001:db8::1",
    }
}

#[test]
fn names_are_unique_and_read_back() {
    let mut seen = BTreeSet::new();
    for (name, semantic) in SemanticType::ALL {
        assert!(seen.insert(*name));
        assert_eq!(semantic.name(), *name);
        assert_eq!(SemanticType::parse(name), Some(*semantic));
        assert!(!semantic.description().is_empty());
        assert!(semantic.version() > 0);
    }
    assert_eq!(SemanticType::ALL.len(), 19);
    assert_eq!(SemanticType::parse("Text"), None);
}

#[test]
fn a_canonical_cell_stays_as_it_is() {
    for (_, semantic) in SemanticType::ALL {
        check_equal(*semantic, example(*semantic), &[example(*semantic)]);
    }
}

#[test]
fn copied_cells_equal_typed_ones() {
    // G19: what copying from pages, forms and spreadsheets adds.
    for (_, semantic) in SemanticType::ALL {
        let cell = example(*semantic);
        let full_width: String = cell
            .chars()
            .map(|character| match character {
                '!'..='~' => char::from_u32(u32::from(character) + 0xFEE0).unwrap(),
                ' ' => '\u{3000}',
                other => other,
            })
            .collect();
        let spellings = [
            format!(" {cell} "),
            format!("\u{A0}{cell}\u{3000}\t\r\n"),
            format!("\u{FEFF}{cell}\u{200B}"),
            format!("\u{202A}{cell}\u{202C}"),
            full_width,
        ];
        for spelling in &spellings {
            assert_eq!(canonical(*semantic, spelling).as_deref(), Some(cell), "{semantic:?} {spelling:?}");
        }
    }
}

#[test]
fn what_is_not_utf8_is_refused() {
    for (_, semantic) in SemanticType::ALL {
        for cell in [&b"\xFF"[..], b"1380013\xC08000", b"\xD6\xD0", b"abc\x80defghijkl", b"\xE4\xB8"] {
            assert_eq!(canonical_bytes(*semantic, cell), None, "{semantic:?}");
        }
    }
}

#[test]
fn only_text_and_names_may_be_empty() {
    for (_, semantic) in SemanticType::ALL {
        let may = matches!(semantic, SemanticType::Text | SemanticType::FreeText | SemanticType::Name);
        assert_eq!(canonical(*semantic, "").is_some(), may, "{semantic:?}");
    }
}

#[test]
fn domains_are_as_large_as_the_threat_model_says() {
    let near = |semantic: SemanticType, bits: f64| (semantic.domain_bits().unwrap() - bits).abs() < 0.2;
    assert!(near(SemanticType::Mobile, 32.7));
    assert!(near(SemanticType::ResidentId, 38.1));
    assert!(near(SemanticType::Plate, 30.0));
    assert!(near(SemanticType::BankCard, 30.0));
    assert!(near(SemanticType::Name, 20.0));
    assert!(near(SemanticType::Imei, 20.0));
    for (_, semantic) in SemanticType::ALL {
        assert!(semantic.domain_bits().is_none_or(|bits| (1.0..128.0).contains(&bits)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_handled_and_forms_are_idempotent(cell in ".{0,40}") {
        for (_, semantic) in SemanticType::ALL {
            canonical(*semantic, &cell);
        }
    }

    #[test]
    fn any_bytes_are_handled(cell in proptest::collection::vec(any::<u8>(), 0..40)) {
        for (_, semantic) in SemanticType::ALL {
            let form = canonical_bytes(*semantic, &cell);
            if std::str::from_utf8(&cell).is_err() {
                prop_assert_eq!(form, None);
            }
        }
    }

    #[test]
    fn near_identifiers_are_handled(cell in "[-+0-9０-９Xx×Ⅹ年月日时分秒:.@TZ京A\u{200B}\u{3000}\u{301}ßİΣς·・ ]{0,24}") {
        for (_, semantic) in SemanticType::ALL {
            canonical(*semantic, &cell);
        }
    }

    #[test]
    fn distinct_numbers_stay_distinct(left in "1[3-9][0-9]{9}", right in "1[3-9][0-9]{9}") {
        let (left_form, right_form) = (canonical(SemanticType::Mobile, &left), canonical(SemanticType::Mobile, &right));
        prop_assert_eq!(left_form == right_form, left == right);
    }
}
