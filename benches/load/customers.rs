//! Which customer an event is of.

/// How events are spread over customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Everybody is as busy as everybody else.
    Uniform,
    /// A few are busy, most hardly ever come: Zipf's law with the exponent of the job.
    Zipf,
}

const EXPONENT: f64 = 1.05;

/// Draws customers; the same every time.
pub struct Customers {
    count: u64,
    spread: Spread,
    state: u64,
    /// The integral of the law over the first and over all ranks.
    from: f64,
    to: f64,
}

impl Customers {
    pub fn new(count: u64, spread: Spread) -> Self {
        Self { count, spread, state: 42, from: integral(0.5), to: integral(count as f64 + 0.5) }
    }

    pub fn next(&mut self) -> u64 {
        match self.spread {
            Spread::Uniform => self.random() % self.count,
            Spread::Zipf => scatter(self.rank() - 1, self.count),
        }
    }

    /// A rank from 1: the law's area is cut at a random place, which rounds to a rank. Rounding favours the first few ranks
    /// by some percent, which does not matter here.
    fn rank(&mut self) -> u64 {
        let cut = self.from + (self.to - self.from) * (self.random() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = ((1.0 - EXPONENT) * cut).powf(1.0 / (1.0 - EXPONENT));
        (rank.round() as u64).clamp(1, self.count)
    }

    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Rank to customer: busy ones are not each other's neighbours. A prime that divides no count in use makes it one to one.
fn scatter(rank: u64, count: u64) -> u64 {
    (rank * 2_654_435_761 + 12_345) % count
}

fn integral(rank: f64) -> f64 {
    rank.powf(1.0 - EXPONENT) / (1.0 - EXPONENT)
}
