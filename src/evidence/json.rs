//! One way to write a JSON document, so that one content has one form: sorted keys, no spaces, integers and texts only.
//!
//! Given: values of ours. A number that is no integer is refused, because readers round those differently.

use crate::error::{Error, ErrorKind, Result};
use serde_json::Value;

/// The document of a value, without a line end.
///
/// # Errors
/// [`ErrorKind::Internal`] for a value with a fraction, or one that is no JSON.
pub fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let failed = || Error::new(ErrorKind::Internal("a document is not JSON of integers and texts"));
    let value = serde_json::to_value(value).map_err(|_| failed())?;
    let mut out = Vec::new();
    write(&value, &mut out).ok_or_else(failed)?;
    Ok(out)
}

/// The value of a document that is written exactly as [`encode`] writes it: no other spaces, order, escapes or numbers.
#[must_use]
pub fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    (encode(&value).ok()? == bytes).then(|| serde_json::from_value(value).ok())?
}

fn write(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Number(number) if number.is_f64() => return None,
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::String(text) => serde_json::to_writer(&mut *out, text).ok()?,
        Value::Array(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(value, out)?;
            }
            out.push(b']');
        }
        Value::Object(values) => {
            let mut keys: Vec<&String> = values.keys().collect();
            keys.sort_unstable();
            out.push(b'{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key).ok()?;
                out.push(b':');
                write(&values[key], out)?;
            }
            out.push(b'}');
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_content_has_one_form() {
        let value = json!({ "b": [1, -2, null, true], "a": { "z": "é\n\"", "y": "" } });
        let text = "{\"a\":{\"y\":\"\",\"z\":\"é\\n\\\"\"},\"b\":[1,-2,null,true]}";
        assert_eq!(encode(&value).unwrap(), text.as_bytes());
        assert_eq!(decode::<Value>(text.as_bytes()), Some(value));
        for other in [
            "{\"b\":1,\"a\":2}",
            "{ \"a\":1}",
            "{\"a\":1,\"a\":1}",
            "{\"a\":\"\\u00e9\"}",
            "[1.0]",
            "[1e3]",
            "[1]\n",
            "",
        ] {
            assert_eq!(decode::<Value>(other.as_bytes()), None, "{other}");
        }
        assert!(encode(&0.5).is_err());
    }
}
