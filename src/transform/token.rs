//! `token`: a keyed pseudonym, equal for equal values of a domain.
//!
//! # What it does
//! Brings the value into the canonical form of its type, so that spellings of the same thing are equal; takes HMAC under the
//! key of the domain; writes the first bits of the tag as text. A null stays a null. What is not of the type follows the
//! column's `invalid`: as `text` it gets the token of its text. Below 128 bits every token is checked to be of one value.
//! # What it destroys
//! The value, its length and its spelling.
//! # What remains
//! Which cells were equal, and so how often each value occurs; joins with other columns of the same domain.
//! # Reversible by whom
//! The holder of the key, by trying values. Nobody once the key is destroyed.
//! # ISO/IEC 20889 class
//! Pseudonymization: keyed hash.
//! # Example
//! `token = { domain = "person" }`: 11010519491231002X → 8c0e…(32 hex digits)

use super::scratch::NO_SLOT;
use super::{Cells, OnInvalid, OperatorInfo, Outcome, Scratch, TokenRegistry};
use crate::domain::SemanticType;
use crate::error::{ErrorKind, Result};
use crate::secret::{FieldKey, TextEncoding, encode_all};
use crate::transform::faults::Faults;
use crate::value::{Column, Span, Text};
use std::sync::Arc;

/// Keyed pseudonyms.
pub struct Token {
    key: Arc<FieldKey>,
    domain: String,
    semantic: SemanticType,
    on_invalid: OnInvalid,
    bits: u16,
    encoding: TextEncoding,
    registry: Option<Arc<TokenRegistry>>,
}

pub(super) const INFO: OperatorInfo = OperatorInfo {
    name: "token",
    iso_20889: "pseudonymization (keyed hash)",
    summary: "replaces a value by a keyed pseudonym, equal for equal values of a domain",
    parameters: &[
        ("domain", "values of one domain share tokens"),
        ("bits", "length in bits, 64 to 256; 128 if not given"),
        ("encoding", "`hex`, `base32` or `base64url`"),
    ],
    example: "apply = { token = { domain = \"person\" } }: 11010519491231002X → (32 hex digits)",
};

impl Token {
    /// A key for the domain, and how values become tokens under it. `registry` is shared by all columns of the domain.
    ///
    /// # Errors
    /// Where the length is not of 64 to 256 bits, or is below 128 without a registry of that length.
    pub fn new(
        key: Arc<FieldKey>,
        domain: &str,
        semantic: SemanticType,
        on_invalid: OnInvalid,
        (bits, encoding): (u16, TextEncoding),
        registry: Option<Arc<TokenRegistry>>,
    ) -> std::result::Result<Self, &'static str> {
        if !(64..=256).contains(&bits) {
            return Err("a token is of 64 to 256 bits");
        }
        let registry = registry.filter(|_| bits < 128);
        if bits < 128 && registry.as_ref().is_none_or(|registry| registry.bits() != bits) {
            return Err("a token below 128 bits needs a registry of its length");
        }
        Ok(Self { key, domain: domain.into(), semantic, on_invalid, bits, encoding, registry })
    }

    pub(super) fn apply<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Outcome<'a>> {
        let mut faults = Faults::new(cells, self.on_invalid);
        let text = cells.column.to_text();
        scratch.memo.begin();
        if scratch.memo.rests() && self.all_canonical(&text) {
            let message = |row| text.get(row).unwrap_or_default();
            let (tokens, width) = self.tokens(text.len(), message, &mut scratch.tags)?;
            let spans = (0..).step_by(width as usize).take(text.len()).map(|start| Span::new(start, width)).collect();
            return faults.finish(Column::Text(Text::new(tokens, spans, true)));
        }
        self.canonicalize(&text, scratch, &mut faults);
        let Scratch { bytes, messages, tags, slots, .. } = scratch;
        let message = |message: usize| {
            let (own, span) = messages[message];
            span.get(if own { bytes } else { text.bytes() }).unwrap_or_default()
        };
        let (tokens, width) = self.tokens(messages.len(), message, tags)?;
        let span = |slot: &u32| if *slot == NO_SLOT { Span::NULL } else { Span::new(slot * width, width) };
        faults.finish(Column::Text(Text::new(tokens, slots.iter().map(span).collect(), true)))
    }

    /// Whether every cell is its own canonical form.
    fn all_canonical(&self, text: &Text<'_>) -> bool {
        text.iter().all(|cell| cell.is_some_and(|cell| self.semantic.is_canonical(cell)))
    }

    /// The tokens of so many messages, one behind the other, and the digits of one.
    fn tokens<'m>(
        &self,
        count: usize,
        message: impl Fn(usize) -> &'m [u8],
        tags: &mut Vec<[u8; 32]>,
    ) -> Result<(Vec<u8>, u32)> {
        let width = self.encoding.digits(self.bits.into());
        let digits = u32::try_from(width).expect("at most 64 digits");
        if self.encoding == TextEncoding::Hex && self.bits == 128 {
            // as nearly all are: written where they stay
            let mut tokens = Vec::with_capacity(count);
            self.key.hex(count, message, &mut tokens);
            return Ok((tokens.into_flattened(), digits));
        }
        self.key.tags(count, message, tags);
        if let Some(registry) = &self.registry
            && !tags.iter().fold(true, |unique, tag| unique & registry.enter(tag))
        {
            // No row: which of the two comes second hangs on the threads.
            return Err(ErrorKind::TokenCollision.into());
        }
        let mut tokens = Vec::with_capacity(tags.len() * width);
        encode_all(tags, self.bits.into(), self.encoding, &mut tokens);
        Ok((tokens, digits))
    }

    /// Fills the scratch with the canonical forms, each repeated cell once where that wins, and every row's place.
    fn canonicalize(&self, text: &Text<'_>, scratch: &mut Scratch, faults: &mut Faults) {
        let Scratch { memo, bytes, messages, slots, .. } = scratch;
        bytes.clear();
        messages.clear();
        slots.clear();
        let place = |at: usize| u32::try_from(at).expect("a batch is far below 4 GiB");
        for (row, span) in text.spans().iter().enumerate() {
            let Some(cell) = span.get(text.bytes()) else {
                slots.push(NO_SLOT);
                continue;
            };
            if let Some(earlier) = memo.earlier(text, row, cell) {
                slots.push(slots[earlier]);
                continue;
            }
            if self.semantic.is_canonical(cell) {
                slots.push(place(messages.len()));
                messages.push((false, *span));
                continue;
            }
            let start = bytes.len();
            if let Err(expected) = self.semantic.canonicalize(cell, bytes) {
                bytes.truncate(start);
                faults.invalid(row, expected);
                memo.forget(cell);
                if self.on_invalid != OnInvalid::Text {
                    slots.push(NO_SLOT);
                    continue;
                }
                as_text(cell, bytes);
            }
            slots.push(place(messages.len()));
            messages.push((true, Span::new(place(start), place(bytes.len() - start))));
        }
    }

    pub(super) fn describe(&self) -> String {
        let checked = if self.registry.is_some() { ", uniqueness checked" } else { "" };
        format!(
            "domain `{}`, {} bits, {}, canonical form {}/{}{checked}",
            self.domain,
            self.bits,
            self.encoding.name(),
            self.semantic.name(),
            self.semantic.version(),
        )
    }
}

/// The canonical form of a cell that is not of its type.
pub(super) fn as_text(cell: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if SemanticType::Text.canonicalize(cell, out).is_err() {
        out.truncate(start);
        out.extend_from_slice(cell);
    }
}
