//! Thrift's compact protocol, as far as Parquet uses it: a structure becomes a tree of numbered fields.
//!
//! Given: bytes that may be anything. Depth is bounded, and nothing is made room for that the bytes cannot hold.
//! Source: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// A value of a field.
pub(super) enum Value<'a> {
    /// `i8` to `i64`, and booleans as 0 and 1.
    Integer(i64),
    /// A double; its bits are of no use here.
    Double,
    /// Text or bytes; what they say is of no use here.
    Binary,
    /// A list or set.
    List(Vec<Value<'a>>),
    /// A map; none stands in the metadata of Parquet.
    Map,
    /// A structure.
    Struct(Struct<'a>),
}

/// A structure: its fields in file order, and the bytes that it was read from.
pub(super) struct Struct<'a> {
    fields: Vec<(i16, Value<'a>)>,
    /// The bytes of the structure with its stop.
    pub(super) bytes: &'a [u8],
}

impl<'a> Struct<'a> {
    /// Reads the structure that the bytes begin with; `None` where they do not.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        Reader { bytes, at: 0 }.structure(0)
    }
    /// A field.
    pub(super) fn get(&self, id: i16) -> Option<&Value<'a>> {
        self.fields.iter().find(|(at, _)| *at == id).map(|(_, value)| value)
    }
    /// A whole number.
    pub(super) fn integer(&self, id: i16) -> Option<i64> {
        match self.get(id)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
    /// A whole number that counts something.
    pub(super) fn count(&self, id: i16) -> Option<u64> {
        u64::try_from(self.integer(id)?).ok()
    }
    /// A structure inside.
    pub(super) fn structure(&self, id: i16) -> Option<&Struct<'a>> {
        match self.get(id)? {
            Value::Struct(inner) => Some(inner),
            _ => None,
        }
    }
    /// A list of structures.
    pub(super) fn structures(&self, id: i16) -> Option<Vec<&Struct<'a>>> {
        let Value::List(values) = self.get(id)? else { return None };
        values.iter().map(|value| if let Value::Struct(inner) = value { Some(inner) } else { None }).collect()
    }
    /// How many fields are not among these, or stand twice.
    pub(super) fn others(&self, known: &[i16]) -> u64 {
        let first = |at: usize, id: i16| self.fields[..at].iter().all(|(before, _)| *before != id);
        self.fields.iter().enumerate().filter(|(at, (id, _))| !known.contains(id) || !first(*at, *id)).count() as u64
    }
}

/// The deepest nesting; Parquet needs about eight.
const DEEPEST: usize = 24;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for place in 0..10 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
    fn zigzag(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }
    fn structure(&mut self, depth: usize) -> Option<Struct<'a>> {
        if depth > DEEPEST {
            return None;
        }
        let start = self.at;
        let (mut fields, mut id) = (Vec::new(), 0_i16);
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == 0 {
                return Some(Struct { fields, bytes: &self.bytes[start..self.at] });
            }
            id = match head >> 4 {
                0 => i16::try_from(self.zigzag()?).ok()?,
                step => id.checked_add(i16::from(step))?,
            };
            let value = match kind {
                1 => Value::Integer(1),
                2 => Value::Integer(0),
                _ => self.value(kind, depth)?,
            };
            fields.push((id, value));
        }
    }
    fn value(&mut self, kind: u8, depth: usize) -> Option<Value<'a>> {
        Some(match kind {
            // inside lists, booleans and bytes have a byte of their own
            1..=3 => Value::Integer(i64::from(self.byte()?.cast_signed())),
            4..=6 => Value::Integer(self.zigzag()?),
            7 => {
                self.take(8)?;
                Value::Double
            }
            8 => {
                let length = self.varint()?;
                self.take(length)?;
                Value::Binary
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                // every element has a byte at least
                if depth > DEEPEST || count > (self.bytes.len() - self.at) as u64 {
                    return None;
                }
                Value::List((0..count).map(|_| self.value(head & 0x0f, depth + 1)).collect::<Option<_>>()?)
            }
            11 => {
                let count = self.varint()?;
                if depth > DEEPEST || count > (self.bytes.len() - self.at) as u64 {
                    return None;
                }
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.value(kinds >> 4, depth + 1)?;
                        self.value(kinds & 0x0f, depth + 1)?;
                    }
                }
                Value::Map
            }
            12 => Value::Struct(self.structure(depth + 1)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_of_every_kind_is_read() {
        // 1: i32 -3; 2: true; 3: "ab"; 5: list of i32 [1, 2]; 6: struct { 1: false }; stop
        let bytes = [0x15, 0x05, 0x11, 0x18, 0x02, b'a', b'b', 0x29, 0x25, 0x02, 0x04, 0x1c, 0x12, 0x00, 0x00, 0xff];
        let read = Struct::read(&bytes).unwrap();
        assert_eq!(read.integer(1), Some(-3));
        assert_eq!(read.integer(2), Some(1));
        assert!(matches!(read.get(3), Some(Value::Binary)));
        let Some(Value::List(list)) = read.get(5) else { panic!() };
        assert!(matches!(list[..], [Value::Integer(1), Value::Integer(2)]));
        assert_eq!(read.structure(6).unwrap().integer(1), Some(0));
        assert_eq!(read.bytes.len(), bytes.len() - 1, "what follows is not part of it");
        assert_eq!((read.others(&[1, 2, 3, 5, 6]), read.others(&[1, 2])), (0, 3));
    }

    #[test]
    fn nothing_breaks_it_and_nothing_makes_it_big() {
        assert!(Struct::read(&[]).is_none());
        assert!(Struct::read(&[0x1c; 4096]).is_none(), "too deep");
        assert!(Struct::read(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_none(), "a list longer than the bytes");
        assert!(Struct::read(&[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).is_none());
        proptest::proptest!(|(bytes in proptest::collection::vec(0_u8.., 0..200))| {
            let _ = Struct::read(&bytes);
        });
    }
}
