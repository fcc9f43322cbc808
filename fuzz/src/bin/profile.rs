//! The parser of profiles: never panics, and says the same twice.

use outis_fuzz::{Verdict, run};
use std::process::ExitCode;

const TOKENS: &[&[u8]] = &[
    b"[[column]]\n",
    b"[privacy]\n",
    b"[input]\n",
    b"[output]\n",
    b"[keys]\n",
    b"[provenance]\n",
    b"name = \"a\"\n",
    b"role = \"quasi\"\n",
    b"type = \"date\"\n",
    b"apply = \"drop\"\n",
    b"apply = { token = { domain = \"d\" } }\n",
    b"generalize = { prefix = [4, 2] }\n",
    b"generalize = { date = [\"month\", \"year\"] }\n",
    b"k_anonymity = 5\n",
    b"suppress_at_most = \"2%\"\n",
    b"goal = \"anonymized\"\n",
    b"tier = \"open\"\n",
    b"extends = \"public-20\"\n",
    b"\"",
    b"=",
    b"{",
    b"}",
    b"[",
    b"]",
    b"-1",
    b"1e999",
    b"0",
    b"9223372036854775808",
    "中".as_bytes(),
    b"\\u0000",
    b"\n",
];

fn main() -> ExitCode {
    run("profile", TOKENS, &mut |input, _| -> Verdict {
        let Ok(text) = std::str::from_utf8(input) else { return Ok(0) };
        let complaint = |result: outis::error::Result<_>| result.map(drop).err();
        let first = complaint(outis::profile::parse(text, None));
        if first != complaint(outis::profile::parse(text, None)) {
            return Err("the same text gave two answers".to_owned());
        }
        let Some(error) = first else { return Ok(1) };
        let outis::error::ErrorKind::Profile(complaints) = error.kind() else { return Ok(2) };
        // The first words of the first complaint tell the behaviour well enough.
        let words = complaints.first().map(|complaint| complaint.what.as_str()).unwrap_or_default();
        let letters = words.bytes().filter(u8::is_ascii_lowercase).take(24);
        Ok(letters.fold(complaints.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))))
    })
}
