//! Money, exact to a ten-thousandth, so that sums do not depend on the order they are taken in.

/// An amount in ten-thousandths of the unit (of a euro, say).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(pub i64);
