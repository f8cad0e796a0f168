//! Fuzz targets of everything that reads records: one for each format, and for mappings, wrappers, recipes, Avro and Protobuf.
//!
//! | file | what it holds |
//! |---|---|
//! | `subject` | the decoders that a target tries, and what must hold of whatever they say |
//! | `schemas` | what records of Avro and Protobuf are written with |
//! | `recipe` | mappings themselves: any text at all |
//! | `targets/` | a binary each, as cargo-fuzz wants it |
//!
//! The layers are compiled here by themselves, so that Kafka's library need not be built once more. A new format is a line in
//! `Cargo.toml` and one in `targets/`; seeds are its fixtures.
#![allow(dead_code, missing_docs)]

// The fixtures' loader speaks of the program by its name.
extern crate self as klantreis;

#[path = "../formats/cases.rs"]
mod cases;
#[path = "../../src/formats/mod.rs"]
pub mod formats;
#[path = "../../src/journey/mod.rs"]
pub mod journey;
mod recipe;
mod schemas;
mod subject;
// Of which only a part is needed here.
#[allow(unused_imports)]
#[path = "../../src/yaml/mod.rs"]
pub mod yaml;

pub use libfuzzer_sys;
pub use recipe::try_recipe;
pub use subject::Target;

/// The target of that name.
#[macro_export]
macro_rules! target {
    ("recipe") => {
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::try_recipe(bytes));
    };
    ($name:literal) => {
        thread_local! {
            static TARGET: std::cell::RefCell<$crate::Target> = std::cell::RefCell::new($crate::Target::of($name));
        }

        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.with_borrow_mut(|target| target.try_bytes(bytes)));
    };
}
