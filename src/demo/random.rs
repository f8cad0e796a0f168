//! Chance that can be repeated: the same seed draws the same numbers, on every machine.

/// A generator of numbers (SplitMix64): small, fast, and good enough to make up customers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 to below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // The upper half of a product spreads evenly enough for ranges this small.
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number of milliseconds from `least` to below `end`.
    pub(super) fn between(&mut self, least: i64, end: i64) -> i64 {
        least + self.below((end - least) as usize) as i64
    }

    /// True in so many cases of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Scrambles a number; what belongs to a customer for good is made of their number this way.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
