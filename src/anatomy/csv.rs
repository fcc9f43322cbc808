//! CSV in its one canonical spelling: a cell is quoted where it must be and nowhere else, lines end with LF, no mark stands
//! in front. Any other spelling may carry what the source looked like.

use super::packed::Text;
use super::{Anatomy, Oddity};

/// Looks whether CSV is canonical.
pub(super) struct Canonical {
    delimiter: u8,
    null: Vec<u8>,
    place: Place,
    /// Bytes so far, up to the length of a byte order mark.
    front: Vec<u8>,
    /// Whether the cell is the first of its line.
    first: bool,
    /// Whether the quoted cell holds something that must be quoted.
    needed: bool,
    /// What the quoted cell holds, as far as it may be the text of a missing cell.
    cell: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    Cell,
    Plain,
    Quoted,
    Quote,
}

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl Canonical {
    pub(super) fn new(delimiter: u8, null: &[u8]) -> Self {
        Self {
            delimiter,
            null: null.to_vec(),
            place: Place::Line,
            front: Vec::new(),
            first: true,
            needed: false,
            cell: Vec::new(),
        }
    }
    fn step(&mut self, byte: u8, anatomy: &mut Anatomy) {
        let delimiter = byte == self.delimiter;
        self.place = match self.place {
            Place::Line | Place::Cell => {
                self.first = self.place == Place::Line;
                match byte {
                    b'"' => {
                        self.needed = false;
                        self.cell.clear();
                        Place::Quoted
                    }
                    b'\n' => {
                        // an empty line; a line may end with an empty cell
                        anatomy.odd(Oddity::LineEnds, u64::from(self.first));
                        Place::Line
                    }
                    b'\r' => {
                        anatomy.odd(Oddity::LineEnds, 1);
                        Place::Plain
                    }
                    _ if delimiter => Place::Cell,
                    _ => Place::Plain,
                }
            }
            Place::Plain => match byte {
                b'\n' => Place::Line,
                b'\r' => {
                    anatomy.odd(Oddity::LineEnds, 1);
                    Place::Plain
                }
                b'"' => {
                    anatomy.odd(Oddity::Spelling, 1);
                    Place::Plain
                }
                _ if delimiter => Place::Cell,
                _ => Place::Plain,
            },
            Place::Quoted => {
                if byte == b'"' {
                    Place::Quote
                } else {
                    self.needed |= delimiter || byte == b'\r' || byte == b'\n';
                    if self.cell.len() <= self.null.len() {
                        self.cell.push(byte);
                    }
                    Place::Quoted
                }
            }
            Place::Quote => match byte {
                b'"' => {
                    self.needed = true;
                    Place::Quoted
                }
                b'\n' => {
                    let lone = self.first && self.cell.is_empty();
                    self.end_of_quoted(lone, anatomy);
                    Place::Line
                }
                _ if delimiter => {
                    self.end_of_quoted(false, anatomy);
                    Place::Cell
                }
                _ => {
                    anatomy.odd(Oddity::Spelling, 1);
                    Place::Plain
                }
            },
        };
    }
    /// Empty lines of a piece without quotes.
    fn empty_lines(&self, piece: &[u8]) -> u64 {
        let first = u64::from(self.place == Place::Line && piece[0] == b'\n');
        // there is none in a sound file, so that one look is all it takes
        let Some(found) = memchr::memmem::find(piece, b"\n\n") else { return first };
        first + piece[found..].windows(2).filter(|pair| *pair == b"\n\n").count() as u64
    }
    /// Quotes are for what must be quoted, for text that would be read as missing, and for a line that would be empty.
    fn end_of_quoted(&mut self, lone: bool, anatomy: &mut Anatomy) {
        anatomy.odd(Oddity::Spelling, u64::from(!self.needed && self.cell != self.null && !lone));
    }
}

impl Text for Canonical {
    fn feed(&mut self, piece: &[u8], anatomy: &mut Anatomy) {
        let room = MARK.len() - self.front.len();
        self.front.extend_from_slice(&piece[..piece.len().min(room)]);
        if room > 0 && self.front == MARK {
            anatomy.odd(Oddity::ByteOrderMark, 1);
        }
        let mut rest = piece;
        // Most pieces have neither quotes nor carriage returns: then only empty lines are odd.
        while let Some(last) = rest.last() {
            if matches!(self.place, Place::Quoted | Place::Quote) {
                self.step(rest[0], anatomy);
                rest = &rest[1..];
                continue;
            }
            let upto = memchr::memchr2(b'"', b'\r', rest).unwrap_or(rest.len());
            if upto == rest.len() {
                anatomy.odd(Oddity::LineEnds, self.empty_lines(rest));
                self.place = match *last {
                    b'\n' => Place::Line,
                    byte if byte == self.delimiter => Place::Cell,
                    _ => Place::Plain,
                };
                // where the line began in this piece, its first cell is known to be over or not
                self.first = false;
                return;
            }
            // byte by byte from the line's begin, so that the cell's place in its line is known
            let line = memchr::memrchr(b'\n', &rest[..upto]).map_or(0, |at| at + 1);
            if line > 0 {
                anatomy.odd(Oddity::LineEnds, self.empty_lines(&rest[..line]));
                self.place = Place::Line;
            }
            let end = (upto + 1).min(rest.len());
            for byte in &rest[line..end] {
                self.step(*byte, anatomy);
            }
            rest = &rest[end..];
        }
    }
    fn finish(&mut self, anatomy: &mut Anatomy) {
        match self.place {
            Place::Line => {}
            Place::Quoted => anatomy.odd(Oddity::Spelling, 1),
            Place::Cell | Place::Plain | Place::Quote => anatomy.odd(Oddity::LineEnds, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(text: &[u8], piece: usize) -> Anatomy {
        let (mut canonical, mut anatomy) = (Canonical::new(b',', b"NA"), Anatomy::default());
        text.chunks(piece).for_each(|piece| canonical.feed(piece, &mut anatomy));
        canonical.finish(&mut anatomy);
        anatomy
    }

    #[test]
    fn canonical_text_is_not_odd_and_any_other_spelling_is() {
        let fine: [&[u8]; 6] = [
            b"a,b\n1,2\n",
            b"a,b\n\"x,y\",\"say \"\"so\"\"\"\n,\n",
            b"a\n\"two\nlines\"\n\"\"\n\"NA\"\nNA\n",
            b"a,b\n\"\r\",\"NA\"\n",
            "名,市\n张三,北京\n".as_bytes(),
            b"",
        ];
        let wrong: [(&[u8], Oddity); 11] = [
            (b"\xef\xbb\xbfa\n1\n", Oddity::ByteOrderMark),
            (b"a,b\r\n1,2\r\n", Oddity::LineEnds),
            (b"a\n1\r\n", Oddity::LineEnds),
            (b"a\n\n1\n", Oddity::LineEnds),
            (b"\na\n", Oddity::LineEnds),
            (b"a\n1", Oddity::LineEnds),
            (b"a,b\n\"1\",2\n", Oddity::Spelling),
            (b"a,b\n1,\"\"\n", Oddity::Spelling),
            (b"a,b\n1,x\"y\n", Oddity::Spelling),
            (b"a,b\n1,\"x\"y\n", Oddity::Spelling),
            (b"a,b\n1,\"x\n", Oddity::Spelling),
        ];
        for piece in [1, 2, 3, 5, 4096] {
            for text in fine {
                assert_eq!(odd(text, piece), Anatomy::default(), "{}", String::from_utf8_lossy(text));
            }
            for (text, oddity) in wrong {
                let found = odd(text, piece).oddities;
                assert_eq!(found.keys().collect::<Vec<_>>(), [&oddity], "{}", String::from_utf8_lossy(text));
            }
        }
    }

    #[test]
    fn pieces_do_not_matter() {
        let letters = proptest::sample::select(b",\"\n\rNAx".to_vec());
        proptest::proptest!(|(text in proptest::collection::vec(letters, 0..40), piece in 1_usize..9)| {
            proptest::prop_assert_eq!(odd(&text, piece), odd(&text, 4096));
        });
    }
}
