//! A model as a picture: Mermaid's text, Graphviz' text, or a finished SVG.
//!
//! `drawing` is what is drawn, whatever draws it; `counts` how often each arrow was taken; `label` what stands at an arrow or a
//! signal; `language` the words of a picture. `mermaid`, `dot` and `svg` each write one form.

mod counts;
mod dot;
mod drawing;
mod label;
mod language;
mod mermaid;
mod svg;

pub use counts::{Because, Counts};
pub use drawing::Drawing;
pub use language::Language;
