//! A demonstration that needs nothing: a made-up web shop, a mock of a broker, and the real service on it.
//!
//! Its invariant: time in the shop is an argument and its chance is seeded, so the same settings always show the same
//! customers. The shop's time is not the wall's: a day passes in about a second, so that journeys of weeks can be watched.

mod feeder;
mod goods;
mod pace;
mod payload;
mod picture;
mod random;
mod screen;
mod shop;
mod stage;
mod story;
mod watcher;

pub use pace::Pace;
pub use payload::{Channel, ShopRecord};
pub use shop::{Shop, ShopSettings};
pub use stage::{DemoError, DemoSettings, run};
