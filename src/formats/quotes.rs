//! Where the strings of a JSON text begin and end: its quotes, found sixty-four bytes at a time.
//!
//! Invariant: if the marks could be set, quotes that stand in a string (escaped ones) are not among them, every string is
//! closed, no string holds a control character, every escape is one that JSON has, and none stands outside a string. What
//! stands between the strings is not looked at.

use std::ops::Range;

use super::literal;
use super::look::{BLOCK, Look, look, look_short};
#[cfg(target_arch = "x86_64")]
use super::look::{has_avx2, has_avx512, look_avx2, look_avx512, look_short_avx512};

/// The quotes of one text, in order: where a string begins, where it ends, and so on.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// Longer than `count` by at least a block, so that a block's quotes are written without looking.
    at: Vec<u32>,
    count: usize,
    has_escapes: bool,
    /// From the first block that is not ASCII to behind the last.
    beyond_ascii: Range<usize>,
    way: Way,
}

/// The quotes of a part of a text that was marked; it begins and ends outside of strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'q> {
    /// Their places in the whole text.
    places: &'q [u32],
    /// Where the part begins.
    start: usize,
    has_escapes: bool,
}

/// How blocks are looked at: with the widest instructions that the processor has.
#[derive(Debug, Clone, Copy)]
enum Way {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Default for Way {
    fn default() -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_avx512() {
            return Self::Avx512;
        }
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            return Self::Avx2;
        }
        Self::Plain
    }
}

/// What a block needs to know of those before it.
#[derive(Default)]
struct Carry {
    /// Whether it begins inside a string.
    in_string: bool,
    /// Whether its first byte is escaped by the last one before.
    escaped: bool,
}

impl Quotes {
    /// Marks a text; `None` if it is not JSON, or too long.
    pub(super) fn mark(&mut self, text: &[u8]) -> Option<()> {
        match self.way {
            // SAFETY: the way was chosen because the processor has what the function is compiled for.
            #[cfg(target_arch = "x86_64")]
            Way::Avx512 => unsafe { self.mark_avx512(text) },
            // SAFETY: as before.
            #[cfg(target_arch = "x86_64")]
            Way::Avx2 => unsafe { self.mark_avx2(text) },
            Way::Plain => self.mark_with(text, look, look_short(look), write),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
    fn mark_avx512(&mut self, text: &[u8]) -> Option<()> {
        self.mark_with(
            text,
            |block| look_avx512(block),
            |text| look_short_avx512(text),
            |quotes, start, room| write_avx512(quotes, start, room),
        )
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn mark_avx2(&mut self, text: &[u8]) -> Option<()> {
        self.mark_with(text, |block| look_avx2(block), look_short(|block| look_avx2(block)), write)
    }

    /// The places, two for a string.
    pub(super) fn places(&self) -> &[u32] {
        &self.at[..self.count]
    }

    /// The places, and behind them where the text ends.
    pub(super) fn places_and_end(&self) -> &[u32] {
        &self.at[..=self.count]
    }

    /// The quotes of the whole text, to be divided.
    pub(super) fn all(&self) -> Part<'_> {
        Part { places: self.places(), start: 0, has_escapes: self.has_escapes }
    }

    /// Takes over what was marked before, of a part that is so long.
    pub(super) fn take(&mut self, part: &Part<'_>, length: usize) {
        let Part { places, start, has_escapes } = *part;
        (self.count, self.has_escapes, self.beyond_ascii) = (places.len(), has_escapes, 0..0);
        self.make_room();
        for (own, place) in self.at.iter_mut().zip(places) {
            *own = place - start as u32;
        }
        self.at[self.count] = length as u32;
    }

    /// Whether any string has an escape.
    pub(super) fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// The part of the text outside of which there is nothing but ASCII; so it cuts no character.
    pub(super) fn beyond_ascii(&self) -> Range<usize> {
        self.beyond_ascii.clone()
    }

    // Compiled once for each way of looking, with the instructions of that way.
    #[inline(always)]
    fn mark_with(
        &mut self,
        text: &[u8],
        look: impl Fn(&[u8; BLOCK]) -> Look,
        look_short: impl Fn(&[u8]) -> Look,
        write: impl Fn(u64, u32, &mut [u32; BLOCK]),
    ) -> Option<()> {
        let end = u32::try_from(text.len()).ok()?;
        (self.count, self.has_escapes, self.beyond_ascii) = (0, false, 0..0);
        let mut carry = Carry::default();
        let (blocks, tail) = text.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate() {
            self.mark_block(text, number * BLOCK, look(block), &mut carry, &write)?;
        }
        let look_at_tail = match text.last_chunk() {
            // Some of it was seen before. (Copying so few bytes takes longer than looking at them twice.)
            Some(block) if !tail.is_empty() => look(block).behind(BLOCK - tail.len()),
            Some(_) => Look::default(),
            None => look_short(tail),
        };
        self.mark_block(text, text.len() - tail.len(), look_at_tail, &mut carry, &write)?;
        // Every block makes room for more quotes than it has, but for the last place.
        match self.at.get_mut(self.count) {
            Some(place) => *place = end,
            None => self.at.push(end),
        }
        (!carry.in_string).then_some(())
    }

    #[inline(always)]
    fn mark_block(
        &mut self,
        text: &[u8],
        start: usize,
        look: Look,
        carry: &mut Carry,
        write: &impl Fn(u64, u32, &mut [u32; BLOCK]),
    ) -> Option<()> {
        let mut quotes = look.quotes;
        if (look.backslashes | look.controls) != 0 || carry.escaped {
            quotes = self.look_closely(text, start, look, carry)?;
        }
        if !look.is_ascii {
            self.note_beyond_ascii(start, text.len());
        }
        carry.in_string ^= quotes.count_ones() & 1 == 1;
        self.keep(start, quotes, write);
        Some(())
    }

    #[cold]
    fn note_beyond_ascii(&mut self, start: usize, length: usize) {
        if self.beyond_ascii.is_empty() {
            self.beyond_ascii.start = start;
        }
        self.beyond_ascii.end = (start + BLOCK).min(length);
    }

    /// What few blocks need: escapes and control characters. Gives the quotes that are not escaped.
    #[cold]
    fn look_closely(&mut self, text: &[u8], start: usize, block: Look, carry: &mut Carry) -> Option<u64> {
        // Every other backslash of a row escapes what follows it: added to the row, its first one carries to the row's end, and
        // where that is tells whether the row is even (Langdale and Lemire, *Parsing Gigabytes of JSON per Second*, 2019).
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let before = u64::from(carry.escaped);
        let backslashes = block.backslashes & !before;
        let follow = backslashes << 1 | before;
        let odd_starts = backslashes & !EVEN & !follow;
        let (ends, carries) = odd_starts.overflowing_add(backslashes);
        let escaped = (EVEN ^ ends << 1) & follow;
        carry.escaped = carries;
        let begins = backslashes & !escaped;
        let quotes = block.quotes & !escaped;
        let in_string = inside(quotes) ^ if carry.in_string { u64::MAX } else { 0 };
        if block.controls & in_string != 0 || begins & !in_string != 0 {
            return None;
        }
        self.has_escapes |= begins != 0;
        // Most are of a quote or a backslash, as is seen without looking there.
        let mut others = begins & !((block.quotes | block.backslashes) >> 1);
        while others != 0 {
            let at = start + others.trailing_zeros() as usize;
            if !is_escape(text.get(at + 1..)?) {
                return None;
            }
            others &= others - 1;
        }
        Some(quotes)
    }

    /// For a block's quotes behind those there are.
    #[inline(always)]
    fn make_room(&mut self) {
        if self.at.len() < self.count + BLOCK {
            self.at.resize((self.count + BLOCK) * 2, 0);
        }
    }

    #[inline(always)]
    fn keep(&mut self, start: usize, quotes: u64, write: &impl Fn(u64, u32, &mut [u32; BLOCK])) {
        self.make_room();
        let room = self.at[self.count..].first_chunk_mut();
        write(quotes, start as u32, room.expect("there is room for a block, as was just seen to"));
        self.count += quotes.count_ones() as usize;
    }
}

impl Part<'_> {
    /// Those between two places of the part.
    pub(super) fn between(&self, from: usize, to: usize) -> Self {
        let [from, to] = [from, to].map(|place| (self.start + place) as u32);
        let places = &self.places[self.places.partition_point(|place| *place < from)..];
        let places = &places[..places.partition_point(|place| *place < to)];
        Self { places, start: from as usize, ..*self }
    }

    /// Where in the part the string ends that begins with the quote of this number.
    pub(super) fn end_of_string(&self, number: usize) -> Option<usize> {
        self.places.get(number + 1).map(|place| *place as usize - self.start)
    }

    /// Those from one number to before another, of a part of it that begins at a place.
    pub(super) fn numbered(&self, from: usize, to: usize, place: usize) -> Self {
        Self { places: self.places.get(from..to).unwrap_or_default(), start: self.start + place, ..*self }
    }
}

/// Writes the places of a block's quotes: a fixed number whatever there is, because a loop that ends now here and now
/// there costs more than a few places written in vain.
#[inline(always)]
fn write(mut quotes: u64, start: u32, room: &mut [u32; BLOCK]) {
    const AT_ONCE: usize = 12;
    let count = quotes.count_ones() as usize;
    for place in &mut room[..AT_ONCE] {
        *place = start.wrapping_add(quotes.trailing_zeros());
        quotes &= quotes.wrapping_sub(1);
    }
    if count > AT_ONCE {
        for place in &mut room[AT_ONCE..count] {
            *place = start + quotes.trailing_zeros();
            quotes &= quotes - 1;
        }
    }
}

/// Whether what follows a backslash is one of JSON's escapes. That the halves of a pair (`\ud83d\ude00`) belong together
/// only matters where the string is read.
fn is_escape(after: &[u8]) -> bool {
    match after {
        [letter, ..] if literal::of_letter(*letter).is_some() => true,
        [b'u', a, b, c, d, ..] => [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()),
        _ => false,
    }
}

/// From each quote that begins a string up to the one that ends it: the exclusive-or of all bits up to a place.
fn inside(quotes: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(quotes, |bits, by| bits ^ bits << by)
}

/// [`write`], sixteen places at once.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn write_avx512(quotes: u64, start: u32, room: &mut [u32; BLOCK]) {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_loadu_si512,
        _mm512_maskz_compress_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
    };
    const AT_ONCE: usize = 16;
    static NUMBERS: [u8; BLOCK] = {
        let mut numbers = [0; BLOCK];
        let mut number = 0;
        while number < BLOCK {
            numbers[number] = number as u8;
            number += 1;
        }
        numbers
    };
    let start = _mm512_set1_epi32(start as i32);
    // SAFETY: sixty-four bytes are read where sixty-four are, at any alignment.
    let places = _mm512_maskz_compress_epi8(quotes, unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) });
    let first = _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(places)), start);
    // SAFETY: sixteen places are written where there are sixty-four.
    unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), first) };
    if quotes.count_ones() as usize > AT_ONCE {
        let mut all = [0_u8; BLOCK];
        // SAFETY: sixty-four bytes are written where there are sixty-four.
        unsafe { _mm512_storeu_si512(all.as_mut_ptr().cast(), places) };
        let (parts, _) = all.as_chunks::<AT_ONCE>();
        let (rooms, _) = room.as_chunks_mut::<AT_ONCE>();
        for (part, room) in parts.iter().zip(rooms).skip(1) {
            // SAFETY: sixteen bytes are read where there are sixteen, and sixteen places written where there are sixteen.
            unsafe {
                let places = _mm512_cvtepu8_epi32(_mm_loadu_si128(part.as_ptr().cast()));
                _mm512_storeu_si512(room.as_mut_ptr().cast(), _mm512_add_epi32(places, start));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Option<Vec<u32>> {
        let mut quotes = Quotes::default();
        quotes.mark(text.as_bytes())?;
        let mut plain = Quotes::default();
        assert_eq!(plain.mark_with(text.as_bytes(), look, look_short(look), write), Some(()));
        assert_eq!(plain.places(), quotes.places(), "{text}");
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            // SAFETY: the processor has the instructions, as was just seen.
            assert_eq!(unsafe { plain.mark_avx2(text.as_bytes()) }, Some(()));
            assert_eq!(plain.places(), quotes.places(), "{text}");
        }
        Some(quotes.places().to_vec())
    }

    #[test]
    fn a_part_is_marked_as_it_would_be_by_itself() {
        let text = r#"[{"a":"x","b":["\"",""]},"y" , {"é":{}}]"#;
        let mut quotes = Quotes::default();
        quotes.mark(text.as_bytes()).expect("it is JSON");
        for part in [text, r#"{"a":"x","b":["\"",""]}"#, r#"["\"",""]"#, r#""y""#, r#"{"é":{}}"#, "{}"] {
            let start = text.find(part).expect("it is in there");
            let (mut taken, mut own) = (Quotes::default(), Quotes::default());
            taken.take(&quotes.all().between(start, start + part.len()), part.len());
            own.mark(part.as_bytes()).expect("it is JSON");
            assert_eq!(taken.places_and_end(), own.places_and_end(), "{part}");
            let nested = quotes.all().between(1, text.len()).between(start - start.min(1), start + part.len() - 1);
            if start > 0 {
                taken.take(&nested, part.len());
                assert_eq!(taken.places_and_end(), own.places_and_end(), "{part}");
            }
        }
    }

    #[test]
    fn quotes_are_found_at_every_place_of_a_block() {
        for before in 0..200 {
            let text = format!("{}\"a\"", " ".repeat(before));
            assert_eq!(marks(&text), Some(vec![before as u32, before as u32 + 2]), "{text}");
        }
        let dense = "\"\"".repeat(300);
        assert_eq!(marks(&dense), Some((0..600).collect()));
    }

    #[test]
    fn escaped_quotes_belong_to_their_string_wherever_blocks_end() {
        for before in 0..140 {
            let pad = "x".repeat(before);
            let end = before as u32;
            assert_eq!(marks(&format!(r#""{pad}\"""#)), Some(vec![0, end + 3]), "{before}");
            assert_eq!(marks(&format!(r#""{pad}\\""#)), Some(vec![0, end + 3]), "{before}");
            assert_eq!(marks(&format!(r#""{pad}\\\"\\""#)), Some(vec![0, end + 7]), "{before}");
            assert_eq!(marks(&format!(r#""{pad}\u00e9""#)), Some(vec![0, end + 7]), "{before}");
        }
    }

    #[test]
    fn what_no_string_may_hold_is_refused() {
        for before in 0..140 {
            let pad = "x".repeat(before);
            for text in ["\"\n\"", r#""\x""#, r#""\u00g0""#, r#""\u12""#, r#"""#, r#""\""#, r"\", "\"\\\n\""] {
                assert_eq!(marks(&format!("{pad}{text}")), None, "{pad}{text}");
            }
            assert!(
                marks(&format!("{pad}\n\t\"a\"\r")).is_some(),
                "control characters between strings are no matter here"
            );
        }
    }
}
