//! The tokenizer: where fields and rows end, sixty-four bytes at a time.
//!
//! Responsible for: the ends of fields outside quotes, in order, and which fields hold a quote. Whether the quotes stand
//! where they may, and what the cells are, is for [`super::csv`].
//!
//! Each block becomes bit masks; then the set bits are walked. Where the machine has wide registers, [`Finder`] makes the masks, and goes
//! through stretches without a quote by itself. Elsewhere it is one compare per byte, which the compiler turns into vector
//! instructions, and one multiply per eight bytes to gather the bits.

use crate::lanes::{Finder, Sought};
use memchr::{memchr, memchr3};
use std::sync::LazyLock;

/// Set in an end when the field holds a quote.
pub(super) const QUOTED: u32 = 1 << 31;
/// Bytes of a block: one bit of a mask each.
const BLOCK: usize = 64;
/// Blocks looked at together; they stay in the first cache.
const WINDOW: usize = 128;
/// Blocks that are walked with quotes in mind before the short way is tried again.
const QUOTED_WINDOW: usize = 16;

/// The ends that were found and not used yet.
#[derive(Default)]
pub(super) struct Marks {
    /// Ends of fields: the place of the delimiter or line end, with [`QUOTED`]. Only the first `used` count.
    ends: Vec<u32>,
    used: usize,
    /// For each whole row, the number of ends up to and including its own.
    rows: Vec<u32>,
    /// Whether any field of a whole or begun row holds a quote.
    pub(super) quotes: bool,
    /// Whether there was any CR since [`Self::clear`]; where it is not known, yes.
    pub(super) returns: bool,
}

impl Marks {
    /// Ends of all whole rows and of the begun one.
    pub(super) fn ends(&self) -> &[u32] {
        &self.ends[..self.used]
    }
    /// For each whole row, the number of ends up to and including its own.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.rows.clear();
        self.quotes = false;
        self.returns = false;
    }
    /// Forgets the whole rows and keeps the begun one.
    fn drop_rows(&mut self) {
        let first = self.rows.last().map_or(0, |end| *end as usize);
        self.ends.copy_within(first..self.used, 0);
        self.used -= first;
        self.rows.clear();
        self.quotes = self.ends().iter().any(|end| end & QUOTED != 0);
    }
    /// Room for so many more ends, so that the walk need not ask.
    fn reserve(&mut self, more: usize) {
        let wanted = self.used + more;
        if self.ends.len() < wanted {
            self.ends.resize(wanted.max(self.ends.len() * 2), 0);
        }
    }
    fn push(&mut self, end: usize, quoted: bool) {
        self.reserve(1);
        self.ends[self.used] = place(end) | if quoted { QUOTED } else { 0 };
        self.used += 1;
        self.quotes |= quoted;
    }
    fn push_row(&mut self) {
        self.rows.push(place(self.used));
    }
}

/// The state between two batches of a shard.
pub(super) struct Scanner {
    finder: Option<Finder>,
    delimiter: u8,
    quote: Option<u8>,
    keep: bool,
    at: usize,
    /// All ones inside quotes.
    inside: u64,
    /// Whether the begun field holds a quote already.
    pending: bool,
    /// Whether the last end that was pushed is the end of the text and no line end.
    open_end: bool,
}

impl Scanner {
    /// At the start of a shard. `keep` says that quotes open at the start of a field only.
    pub(super) fn new(text: &[u8], delimiter: u8, quote: Option<u8>, keep: bool) -> Self {
        static FASTEST: LazyLock<Option<Finder>> = LazyLock::new(Finder::detect);
        // Without any quote all ways are the same; take the fast one.
        let keep = keep && quote.is_some_and(|quote| memchr(quote, text).is_some());
        Self { finder: *FASTEST, delimiter, quote, keep, at: 0, inside: 0, pending: false, open_end: false }
    }
    /// How far the text has been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }
    /// Whether the last row ends with the text, without a line end.
    pub(super) fn open_end(&self) -> bool {
        self.open_end
    }

    /// Finds more rows, at most `most` (at least 128), behind those already used; none at the end of the text. `start`
    /// is where the first of them begins.
    pub(super) fn fill(&mut self, text: &[u8], start: usize, most: usize, marks: &mut Marks) {
        marks.drop_rows();
        marks.quotes |= self.pending;
        if self.keep {
            self.fill_keep(text, most, marks);
        } else {
            self.fill_blocks(text, most, marks);
        }
        if self.at == text.len() && !self.open_end {
            let row = marks.rows.last().map_or(start, |end| (marks.ends[*end as usize - 1] & !QUOTED) as usize + 1);
            if row < text.len() {
                marks.push(text.len(), self.pending);
                marks.push_row();
                (self.pending, self.open_end) = (false, true);
            }
        }
    }

    fn fill_blocks(&mut self, text: &[u8], most: usize, marks: &mut Marks) {
        let limit = most - BLOCK;
        while self.at < text.len() && marks.rows.len() <= limit {
            let (blocks, rest) = text[self.at..].as_chunks::<BLOCK>();
            if blocks.is_empty() {
                let mut block = [0; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                self.window(std::slice::from_ref(&block), limit, marks);
                // what was filled up has no end in it: the bytes behind the text are zeros
                self.at = text.len();
            } else {
                self.window(&blocks[..blocks.len().min(WINDOW)], limit, marks);
            }
        }
    }

    /// At least one of these blocks.
    fn window(&mut self, blocks: &[[u8; BLOCK]], limit: usize, marks: &mut Marks) {
        marks.reserve(BLOCK * (blocks.len() + 1));
        let mut done = 0;
        if self.inside == 0 && !self.pending {
            done = match self.finder {
                Some(finder) => self.plain_blocks(finder, blocks, limit, marks),
                None => self.plain_blocks_portably(blocks, limit, marks),
            };
            self.at += done * BLOCK;
        }
        if done < blocks.len() && marks.rows.len() <= limit {
            let blocks = &blocks[done..];
            self.quoted_blocks(&blocks[..blocks.len().min(QUOTED_WINDOW)], limit, marks);
        }
    }

    /// Blocks up to the first that has a quote, by wide registers; how many.
    fn plain_blocks(&self, finder: Finder, blocks: &[[u8; BLOCK]], limit: usize, marks: &mut Marks) -> usize {
        let from = (place(self.at), place(marks.used));
        let seen = finder.plain(blocks, self.sought(), from, limit, &mut marks.ends[marks.used..], &mut marks.rows);
        marks.used += seen.ends;
        marks.returns |= seen.returns;
        seen.blocks
    }

    /// The same on any machine.
    fn plain_blocks_portably(&self, blocks: &[[u8; BLOCK]], limit: usize, marks: &mut Marks) -> usize {
        marks.returns = true;
        let free = |block: &&[u8; BLOCK]| self.quote.is_none_or(|quote| memchr(quote, *block).is_none());
        let mut done = 0;
        for block in blocks.iter().take_while(free) {
            self.plain_block(block, self.at + done * BLOCK, marks);
            done += 1;
            if marks.rows.len() > limit {
                break;
            }
        }
        done
    }

    /// Blocks with quotes, or inside them, until there are rows enough.
    fn quoted_blocks(&mut self, blocks: &[[u8; BLOCK]], limit: usize, marks: &mut Marks) {
        let mut bits = [[0; 3]; QUOTED_WINDOW];
        let sought = self.sought();
        match self.finder {
            Some(finder) => finder.masks(blocks, sought, &mut bits),
            None => blocks.iter().zip(&mut bits).for_each(|(block, bits)| *bits = masks_of(block, sought)),
        }
        marks.returns = true;
        for bits in &bits[..blocks.len()] {
            self.quoted_block(*bits, marks);
            self.at += BLOCK;
            if marks.rows.len() > limit {
                return;
            }
        }
    }

    fn sought(&self) -> Sought {
        let (delimiter, quote) = (self.delimiter, self.quote.unwrap_or(self.delimiter));
        Sought { delimiter, quote, quoted: self.quote.is_some() }
    }

    /// A block outside quotes and without one, which begins at `at`.
    #[inline]
    fn plain_block(&self, block: &[u8; BLOCK], at: usize, marks: &mut Marks) {
        let [ends, mut lines, _] = masks_of(block, self.sought());
        while lines != 0 {
            let before = (ends & (lines ^ (lines - 1))).count_ones();
            marks.rows.push(place(marks.used).wrapping_add(before));
            lines &= lines - 1;
        }
        let base = place(at);
        let found = ends.count_ones() as usize;
        let into = &mut marks.ends[marks.used..][..BLOCK];
        let mut left = ends;
        // Writing eight at a time whether they are there or not spares a badly predicted branch for each.
        for eight in into.as_chunks_mut::<8>().0 {
            for end in eight {
                *end = base.wrapping_add(left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
            if left == 0 {
                break;
            }
        }
        marks.used += found;
    }

    /// A block with quotes, or inside them, from the bits of its ends, lines and quotes.
    #[inline]
    fn quoted_block(&mut self, [ends, lines, mut quotes]: [u64; 3], marks: &mut Marks) {
        let inside = match self.quote {
            Some(_) => parity(quotes) ^ self.inside,
            None => 0,
        };
        self.inside = if inside >> 63 == 1 { u64::MAX } else { 0 };
        let (mut ends, lines) = (ends & !inside, lines & !inside);
        marks.quotes |= quotes != 0;
        let base = place(self.at);
        while ends != 0 {
            let upto = ends ^ (ends - 1);
            let marked = u32::from(self.pending) | u32::from(quotes & upto != 0);
            marks.ends[marks.used] = (base + ends.trailing_zeros()) | (marked << 31);
            marks.used += 1;
            self.pending = false;
            quotes &= !upto;
            if lines & ends & upto != 0 {
                marks.push_row();
            }
            ends &= ends - 1;
        }
        self.pending |= quotes != 0;
    }

    /// The exact way: a quote opens a field at its start only, and closes it unless doubled.
    fn fill_keep(&mut self, text: &[u8], most: usize, marks: &mut Marks) {
        let quote = self.quote.expect("this way is taken with a quote only");
        marks.returns = true;
        let mut quoted = self.pending;
        while self.at < text.len() && marks.rows.len() < most {
            if text[self.at] == quote && !quoted {
                quoted = true;
                self.at += 1;
                loop {
                    let Some(found) = memchr(quote, &text[self.at..]) else {
                        self.at = text.len();
                        break;
                    };
                    self.at += found + 1;
                    if text.get(self.at) != Some(&quote) {
                        break;
                    }
                    self.at += 1;
                }
            }
            // Behind a closing quote, or in a field that has none: everything is text up to the next end.
            loop {
                let Some(found) = memchr3(self.delimiter, b'\n', quote, &text[self.at..]) else {
                    self.at = text.len();
                    self.pending = quoted;
                    marks.quotes |= quoted;
                    return;
                };
                let end = self.at + found;
                self.at = end + 1;
                if text[end] == quote {
                    quoted = true;
                    continue;
                }
                marks.push(end, quoted);
                quoted = false;
                if text[end] == b'\n' {
                    marks.push_row();
                }
                break;
            }
        }
        self.pending = false;
    }
}

/// An offset in a shard, which is below 2³⁰.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a stream never gives a shard of 2^30 bytes or more")]
fn place(at: usize) -> u32 {
    debug_assert!(at <= super::stream::MOST_BYTES * 2);
    at as u32
}

/// The bits of a block's ends, lines and quotes on any machine.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "a branch would keep the compare from being one vector instruction")]
fn masks_of(block: &[u8; BLOCK], sought: Sought) -> [u64; 3] {
    let Sought { delimiter, quote, .. } = sought;
    [
        mask(block, |byte| (byte == delimiter) | (byte == b'\n')),
        mask(block, |byte| byte == b'\n'),
        mask(block, |byte| byte == quote),
    ]
}

/// One bit for each byte that fits.
#[inline]
fn mask(block: &[u8; BLOCK], fits: impl Fn(u8) -> bool) -> u64 {
    let mut hits = [0u8; BLOCK];
    for (hit, byte) in hits.iter_mut().zip(block) {
        *hit = u8::from(fits(*byte));
    }
    let mut mask = 0;
    for (place, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
        // Moves bit 0 of byte i to bit i of the highest byte; no two sums meet, so nothing is carried.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (8 * place);
    }
    mask
}

/// Bit i is the parity of the bits up to i.
#[inline]
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All ends and rows of a text, read `most` rows at a time.
    fn read(
        text: &[u8],
        (delimiter, quote): (u8, Option<u8>),
        most: usize,
        finder: Option<Finder>,
    ) -> (Vec<u32>, Vec<u32>, bool) {
        let mut scanner = Scanner::new(text, delimiter, quote, false);
        scanner.finder = finder;
        let (mut marks, mut ends, mut rows, mut start, mut quotes) =
            (Marks::default(), Vec::new(), Vec::new(), 0, false);
        loop {
            scanner.fill(text, start, most, &mut marks);
            quotes |= marks.quotes;
            let Some(last) = marks.rows().last() else { return (ends, rows, quotes) };
            let whole = &marks.ends()[..*last as usize];
            rows.extend(marks.rows().iter().map(|row| row + place(ends.len())));
            start = (whole.last().unwrap() & !QUOTED) as usize + 1;
            ends.extend_from_slice(whole);
            let seen = text[..scanner.at()].contains(&b'\r');
            assert!(marks.returns || !seen, "every CR is told");
        }
    }

    #[test]
    fn every_way_of_this_machine_finds_the_same_separators() {
        #[cfg(target_arch = "x86_64")]
        assert_eq!(Finder::all().is_empty(), !std::arch::is_x86_feature_detected!("avx2"), "what it has is used");
        for finder in Finder::all() {
            let blocks = [*b"a,bb\nc,,,\n,,\n,dddddddddddddddddddddddddddddddddddd\r\n,eee,ffff,\n\n"; 3];
            let sought = Sought { delimiter: b',', quote: b'"', quoted: true };
            let (mut ends, mut rows) = (vec![0; 192], Vec::new());
            let seen = finder.plain(&blocks, sought, (1000, 7), 9, &mut ends, &mut rows);
            assert!(seen.blocks == 2 && seen.returns && seen.ends == 32, "{seen:?}");
            assert_eq!((ends[0], rows[0], rows.len()), (1001, 9, 12));
        }
    }

    /// Delimiters and quotes, as profiles take them: two ASCII bytes, neither of which ends a line.
    fn signs() -> impl proptest::strategy::Strategy<Value = (u8, u8)> {
        use proptest::prelude::*;
        let delimiter =
            prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|'), Just(0x1f), Just(b' '), Just(b'~')];
        let quote = prop_oneof![2 => Just(b'"'), 1 => Just(b'\''), 1 => Just(b'`'), 1 => Just(b'!')];
        (delimiter, quote)
    }

    /// All ends and rows of a text, by a look at every byte.
    fn one_by_one(text: &[u8], (delimiter, quote): (u8, Option<u8>)) -> (Vec<u32>, Vec<u32>) {
        let (mut ends, mut rows, mut inside, mut marked) = (Vec::new(), Vec::new(), false, false);
        for (at, byte) in text.iter().enumerate() {
            if Some(*byte) == quote {
                (inside, marked) = (!inside, true);
            } else if !inside && (*byte == delimiter || *byte == b'\n') {
                ends.push(place(at) | if marked { QUOTED } else { 0 });
                marked = false;
                if *byte == b'\n' {
                    rows.push(place(ends.len()));
                }
            }
        }
        // the last row may end with the text
        let start = rows.last().map_or(0, |end| (ends[*end as usize - 1] & !QUOTED) as usize + 1);
        if start < text.len() {
            ends.push(place(text.len()) | if marked { QUOTED } else { 0 });
            rows.push(place(ends.len()));
        }
        (ends, rows)
    }

    proptest::proptest! {
        #[test]
        fn wide_registers_agree_with_any_machine(
            pieces in proptest::collection::vec(("[ab]{0,40}", "[,\n\"\r]{0,3}"), 0..120), most in 128_usize..200,
            lines in 0_usize..400, quoted: bool, (delimiter, quote) in signs(),
        ) {
            let text = pieces.iter().map(|(words, ends)| format!("{words}{ends}")).collect::<String>() + &"\n".repeat(lines);
            // what stands for both is put in both places, so that comma and `"` are cells like others where they are neither
            let text: Vec<u8> = text.bytes().enumerate().map(|(at, byte)| match byte {
                b',' if at % 5 > 0 => delimiter,
                b'"' if at % 5 > 0 => quote,
                other => other,
            }).collect();
            let signs = (delimiter, quoted.then_some(quote));
            let expected = read(&text, signs, most, None);
            let (ends, rows) = one_by_one(&text, signs);
            proptest::prop_assert!(expected.0 == ends && expected.1 == rows, "any machine finds what a look at every byte finds");
            for finder in Finder::all() {
                let found = read(&text, signs, most, Some(finder));
                proptest::prop_assert!(found == expected, "ends, rows or quotes differ");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn masks_and_parity_are_what_they_say(bytes in proptest::collection::vec(0u8..4, 64)) {
            let block: [u8; 64] = bytes.try_into().unwrap();
            let ones = mask(&block, |byte| byte == 1);
            let odd = parity(ones);
            let mut count = 0;
            for (at, byte) in block.iter().enumerate() {
                proptest::prop_assert_eq!(ones >> at & 1 == 1, *byte == 1);
                count += u64::from(*byte == 1);
                proptest::prop_assert_eq!(odd >> at & 1, count % 2);
            }
        }
    }
}
