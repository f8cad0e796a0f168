//! Recipes: what stands where in a record, and what it means, as words that are compiled.
//!
//! A format that comes with the program is a recipe of the same language as a user's `mapping`. Whatever the bytes of a record
//! are, they are read as JSON is: what is around them is taken off (`unwrap`), and what is none is turned into it (`carry`).
//!
//! | file | what it holds |
//! |---|---|
//! | `spec`, `test_spec`, `forms` | how a recipe is written |
//! | `steps` | from the bytes to what is read |
//! | `options` | what an input says beside |
//! | `decoder` | a recipe, compiled |
//! | `level` | at work: from what is read to events |
//! | `reading` | one event of it |
//! | `slots`, `place`, `items` | where things stand, and how they get from there |
//! | `field`, `table`, `clock`, `money` | values: texts, times, amounts |
//! | `condition`, `expression`, `answers` | what must hold; answers that were given before |
//! | `unwrap`, `carry` | what is around records, and what is no JSON |

mod answers;
mod carry;
mod clock;
mod condition;
mod decoder;
mod expression;
mod field;
mod forms;
mod items;
mod level;
mod money;
mod options;
mod place;
mod reading;
mod slots;
mod spec;
mod steps;
mod table;
mod test_spec;
mod unwrap;

pub(super) use decoder::{Recipe, Wish};
pub use options::Options;
pub(super) use spec::FieldSpec;
pub use spec::{Carrier, KindSpec, RecipeSpec, Wrapper};
pub use steps::AsJson;
