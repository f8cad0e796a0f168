//! What a block of sixty-four bytes has where, a bit for each byte: seen with the widest instructions that the processor has.
//!
//! Invariant: every way of looking sees the same. Not in here: what follows from it (`quotes`).

/// Bytes looked at together: a bit each in a word.
pub(super) const BLOCK: usize = 64;

/// What a block has where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// Bytes below 0x20, which strings must not hold.
    pub(super) controls: u64,
    pub(super) is_ascii: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { quotes: 0, backslashes: 0, controls: 0, is_ascii: true }
    }
}

impl Look {
    /// What is behind the first bytes of the block, fewer than it has.
    #[inline(always)]
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self {
            quotes: self.quotes >> bytes,
            backslashes: self.backslashes >> bytes,
            controls: self.controls >> bytes,
            // Too careful where what is not ASCII is before them.
            is_ascii: self.is_ascii,
        }
    }
}

/// A look at a text shorter than a block.
#[inline(always)]
pub(super) fn look_short(look: impl Fn(&[u8; BLOCK]) -> Look) -> impl Fn(&[u8]) -> Look {
    move |text| {
        let mut block = [b' '; BLOCK];
        block[..text.len()].copy_from_slice(text);
        look(&block)
    }
}

/// A look where there are no wide instructions.
pub(super) fn look(block: &[u8; BLOCK]) -> Look {
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

/// Whether the processor has what [`look_avx2`] and what calls it are compiled for.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}

/// Whether the processor has what [`look_avx512`] and what calls it are compiled for.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn look_avx2(block: &[u8; BLOCK]) -> Look {
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
pub(super) fn look_avx512(block: &[u8; BLOCK]) -> Look {
    // SAFETY: sixty-four bytes are read where sixty-four are, at any alignment.
    look_at_avx512(unsafe { std::arch::x86_64::_mm512_loadu_si512(block.as_ptr().cast()) })
}

/// The same for a text shorter than a block. (Read where a copy was just written, a block waits for that.)
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn look_short_avx512(text: &[u8]) -> Look {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
