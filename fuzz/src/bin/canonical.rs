//! Canonical forms of every semantic type: never panic, are UTF-8, and are their own canonical form.

use outis::domain::SemanticType;
use outis_fuzz::{Verdict, run};
use std::process::ExitCode;

const TOKENS: &[&[u8]] = &[
    b"11010519491231002X",
    b"13800138000",
    b"+86",
    b"91350211M000100Y43",
    b"6222020000000000",
    b"@",
    b".",
    b"-",
    b" ",
    b"2000-02-29",
    b"T12:30:00Z",
    b"0",
    b"999",
    b"1e5",
    b"::",
    b"255.255.255.255",
    b"x",
    b"X",
    b"\t",
    b"\0",
    "京A12345".as_bytes(),
    "中".as_bytes(),
    "１".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{200B}".as_bytes(),
    "é".as_bytes(),
    "年".as_bytes(),
];

fn main() -> ExitCode {
    run("canonical", TOKENS, &mut |input, _| -> Verdict {
        let input = String::from_utf8_lossy(input);
        let mut behaviour: u64 = 0;
        for (name, semantic) in SemanticType::ALL {
            let mut once = Vec::new();
            let valid = semantic.canonicalize(input.as_bytes(), &mut once).is_ok();
            behaviour = behaviour.rotate_left(1) ^ u64::from(valid);
            if !valid {
                continue;
            }
            if std::str::from_utf8(&once).is_err() {
                return Err(format!("{name}: the canonical form is not UTF-8"));
            }
            let mut twice = Vec::new();
            if semantic.canonicalize(&once, &mut twice).is_err() {
                return Err(format!("{name}: the canonical form is not valid itself"));
            }
            if once != twice {
                return Err(format!("{name}: the canonical form has another canonical form"));
            }
        }
        Ok(behaviour)
    })
}
