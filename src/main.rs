//! klantreis.
fn main() {}
