//! Where the strings of a JSON text begin and end: its quotes, found sixty-four bytes at a time.
//!
//! Invariant: if the marks could be set, quotes that stand in a string (escaped ones) are not among them, every string is
//! closed, no string holds a control character, every escape is one that JSON has, and none stands outside a string. What
//! stands between the strings is not looked at.

use std::ops::Range;

/// Bytes looked at together: a bit each in a word.
const BLOCK: usize = 64;

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

/// What a block has where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    quotes: u64,
    backslashes: u64,
    /// Bytes below 0x20, which strings must not hold.
    controls: u64,
    is_ascii: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { quotes: 0, backslashes: 0, controls: 0, is_ascii: true }
    }
}

impl Look {
    /// What is behind the first bytes of the block, fewer than it has.
    #[inline(always)]
    fn behind(self, bytes: usize) -> Self {
        Self {
            quotes: self.quotes >> bytes,
            backslashes: self.backslashes >> bytes,
            controls: self.controls >> bytes,
            // Too careful where what is not ASCII is before them.
            is_ascii: self.is_ascii,
        }
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
        if self.at.len() < self.count + BLOCK {
            self.at.resize((self.count + BLOCK) * 2, 0);
        }
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

    #[inline(always)]
    fn keep(&mut self, start: usize, quotes: u64, write: &impl Fn(u64, u32, &mut [u32; BLOCK])) {
        if self.at.len() < self.count + BLOCK {
            self.at.resize((self.count + BLOCK) * 2, 0);
        }
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
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
        [b'u', a, b, c, d, ..] => [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()),
        _ => false,
    }
}

/// From each quote that begins a string up to the one that ends it: the exclusive-or of all bits up to a place.
fn inside(quotes: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(quotes, |bits, by| bits ^ bits << by)
}

/// Whether the processor has what [`Quotes::mark_avx2`] is compiled for.
#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}

/// Whether the processor has what [`Quotes::mark_avx512`] is compiled for.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn look_avx2(block: &[u8; BLOCK]) -> Look {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_testz_si256,
    };
    let (parts, _) = block.as_chunks::<32>();
    // SAFETY: thirty-two bytes are read where thirty-two are, at any alignment.
    let [low, high] = [0, 1].map(|part: usize| unsafe { _mm256_loadu_si256(parts[part].as_ptr().cast::<__m256i>()) });
    let (quote, backslash, control) =
        (_mm256_set1_epi8(b'"' as i8), _mm256_set1_epi8(b'\\' as i8), _mm256_set1_epi8(0x1f));
    let bits = |of: [__m256i; 2]| {
        let [low, high] = of.map(|bytes| u64::from(_mm256_movemask_epi8(bytes) as u32));
        high << 32 | low
    };
    let equal = |wanted| [low, high].map(|bytes| _mm256_cmpeq_epi8(bytes, wanted));
    let controls = [low, high].map(|bytes| _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, control), bytes));
    let backslashes = equal(backslash);
    // Seldom is there any: then one look is enough for both.
    let odd = [0, 1].map(|part: usize| _mm256_or_si256(controls[part], backslashes[part]));
    let odd = _mm256_or_si256(odd[0], odd[1]);
    let (backslashes, controls) =
        if _mm256_testz_si256(odd, odd) == 0 { (bits(backslashes), bits(controls)) } else { (0, 0) };
    Look {
        quotes: bits(equal(quote)),
        backslashes,
        controls,
        is_ascii: _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0,
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn look_avx512(block: &[u8; BLOCK]) -> Look {
    // SAFETY: sixty-four bytes are read where sixty-four are, at any alignment.
    look_at_avx512(unsafe { std::arch::x86_64::_mm512_loadu_si512(block.as_ptr().cast()) })
}

/// The same for a text shorter than a block. (Read where a copy was just written, a block waits for that.)
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn look_short_avx512(text: &[u8]) -> Look {
    use std::arch::x86_64::{_mm512_mask_loadu_epi8, _mm512_set1_epi8};
    let bits = u64::MAX.checked_shr((BLOCK - text.len().min(BLOCK)) as u32).unwrap_or(0);
    // SAFETY: only the bytes that have a bit are read, and they are the text's.
    look_at_avx512(unsafe { _mm512_mask_loadu_epi8(_mm512_set1_epi8(b' ' as i8), bits, text.as_ptr().cast()) })
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn look_at_avx512(bytes: std::arch::x86_64::__m512i) -> Look {
    use std::arch::x86_64::{_mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_movepi8_mask, _mm512_set1_epi8};
    Look {
        quotes: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"' as i8)),
        backslashes: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\\' as i8)),
        controls: _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
        is_ascii: _mm512_movepi8_mask(bytes) == 0,
    }
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

/// A look at a text shorter than a block.
#[inline(always)]
fn look_short(look: impl Fn(&[u8; BLOCK]) -> Look) -> impl Fn(&[u8]) -> Look {
    move |text| {
        let mut block = [b' '; BLOCK];
        block[..text.len()].copy_from_slice(text);
        look(&block)
    }
}

/// A look where there are no wide instructions.
fn look(block: &[u8; BLOCK]) -> Look {
    let (mut has_odd, mut all) = (false, 0);
    for &byte in block {
        has_odd |= byte < 0x20 || byte == b'\\';
        all |= byte;
    }
    let odd = |holds: fn(u8) -> bool| if has_odd { bits(block, holds) } else { 0 };
    Look {
        quotes: bits(block, |byte| byte == b'"'),
        backslashes: odd(|byte| byte == b'\\'),
        controls: odd(|byte| byte < 0x20),
        is_ascii: all < 0x80,
    }
}

/// A bit for every byte, set where the test holds.
fn bits(block: &[u8; BLOCK], holds: impl Fn(u8) -> bool) -> u64 {
    block.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(holds(byte)))
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

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_way_of_looking_sees_the_same() {
        if !has_avx2() {
            return;
        }
        for byte in 0..=u8::MAX {
            for at in 0..BLOCK {
                let mut block = [b'x'; BLOCK];
                block[at] = byte;
                // SAFETY: the processor has the instructions, as was just seen.
                assert_eq!(unsafe { look_avx2(&block) }, look(&block), "{byte} at {at}");
                if has_avx512() {
                    // SAFETY: as before.
                    assert_eq!(unsafe { look_avx512(&block) }, look(&block), "{byte} at {at}");
                    for end in [0, at, at + 1].into_iter().filter(|end| *end < BLOCK) {
                        // SAFETY: as before.
                        let seen = unsafe { look_short_avx512(&block[..end]) };
                        assert_eq!(seen, look_short(look)(&block[..end]), "{byte} at {at} of {end}");
                    }
                }
            }
        }
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
