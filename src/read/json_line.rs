//! One line of NDJSON: an object of plain values, as raw slices of the line, so that numbers keep their digits.

use crate::error::{Error, ErrorKind};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Takes the key and the raw value of each member; `Err` stops the line.
pub(super) type Member<'m, 'de> = dyn FnMut(&str, Plain<'de>) -> Result<(), Error> + 'm;

/// A plain value as written.
#[derive(Clone, Copy)]
pub(super) enum Plain<'de> {
    Null,
    Boolean(bool),
    /// The digits as written.
    Number(&'de str),
    /// The string as written, with its quotes and escapes.
    Text(&'de str),
}

impl<'de> Plain<'de> {
    /// `None` for an object or a list.
    fn of(raw: &'de str) -> Option<Self> {
        Some(match raw.as_bytes().first()? {
            b'{' | b'[' => return None,
            b'n' => Self::Null,
            b't' => Self::Boolean(true),
            b'f' => Self::Boolean(false),
            b'"' => Self::Text(raw),
            _ => Self::Number(raw),
        })
    }
}

/// What a string says; `None` where its escapes make no text (half a surrogate pair).
pub(super) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// Reads one line. Foreign error texts are dropped: they quote the line.
pub(super) fn parse<'de>(line: &'de str, member: &mut Member<'_, 'de>) -> Result<(), Error> {
    let mut fault = None;
    let mut json = serde_json::Deserializer::from_str(line);
    let read = Line { member, fault: &mut fault }.deserialize(&mut json).and_then(|()| json.end());
    match (fault, read) {
        (Some(fault), _) => Err(fault),
        (None, Err(_)) => Err(ErrorKind::BadJson("a JSON object").into()),
        (None, Ok(())) => Ok(()),
    }
}

struct Line<'a, 'm, 'de> {
    member: &'a mut Member<'m, 'de>,
    /// Why the line was stopped.
    fault: &'a mut Option<Error>,
}

impl<'de> DeserializeSeed<'de> for Line<'_, '_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_, '_, 'de> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of plain values")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            let taken = match Plain::of(value.get()) {
                Some(plain) => (self.member)(&key, plain),
                None => Err(Error::new(ErrorKind::BadJson("an object of plain values: one is nested")).in_column(&key)),
            };
            if let Err(error) = taken {
                *self.fault = Some(error);
                // The rest is read only to leave the parser in order.
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Err(A::Error::custom(""));
            }
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }
    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(line: &str) -> Result<Vec<(String, String)>, Error> {
        let mut members = Vec::new();
        parse(line, &mut |key, value| {
            let text = match value {
                Plain::Null => "null".to_owned(),
                Plain::Boolean(truth) => truth.to_string(),
                Plain::Number(raw) => raw.to_owned(),
                Plain::Text(raw) => unescape(raw).expect("text").into_owned(),
            };
            members.push((key.to_owned(), text));
            Ok(())
        })?;
        Ok(members)
    }

    #[test]
    fn values_come_as_written() {
        let line = r#" {"a": 1.50, "b":"x\n\u4e2d", "c\"":null, "d":true,"e":-0e5}"#;
        let expected = [("a", "1.50"), ("b", "x\n中"), ("c\"", "null"), ("d", "true"), ("e", "-0e5")];
        let expected: Vec<_> = expected.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        assert_eq!(members(line).unwrap(), expected);
        assert_eq!(members("{}").unwrap(), []);
    }

    #[test]
    fn what_is_no_object_of_plain_values_is_told_without_its_text() {
        for bad in
            ["[1]", "1", "{", "{\"a\":1}x", "{\"a\":}", "{\"a\":01}", "{\"a\":\"secret", "{'a':1}", "{\"a\":NaN}"]
        {
            let error = members(bad).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::BadJson("a JSON object"), "{bad}");
        }
        for nested in ["{\"a\":{}}", "{\"a\":[1,{\"b\":2}],\"c\":3}"] {
            let error = members(nested).unwrap_err();
            assert_eq!(error.place().column.as_deref(), Some("a"));
        }
        assert!(unescape(r#""\ud800""#).is_none());
    }
}
