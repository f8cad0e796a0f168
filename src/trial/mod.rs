//! Trying a format out: what becomes of each record of a file or topic, and which format fits one that nobody knows.
//!
//! Invariant: every record that is read ends up as exactly one [`Outcome`], and nothing is written anywhere, nor committed.
//! What is told is what a service with that input would make of the record; only the models, which decide what of it they
//! take, are not asked.
//!
//! | file | what it holds |
//! |---|---|
//! | `sample` | one record, and where it stands |
//! | `files` | the records of files, one after the other |
//! | `topic` | the records of a topic, its last ones or all |
//! | `tried` | what becomes of a record under a format |
//! | `lines` | that, for people and as JSON |
//! | `summary`; `suggestions` | what came of all of them; what an input could say so that more of them count |
//! | `near` | the canonical kind that a name probably means |
//! | `framed` | records that name a schema in a registry |
//! | `input` | an input that is no configuration's: a format with what stands beside it, from the command line or a file |
//! | `rank` | which format fits records of which nobody knows it |
//! | `draft`; `readable`, `fields`, `times`, `roles` | a first mapping where none does; how the records can be read, what fields there are, how their times are written, what they probably are |
//! | `proposal` | what is printed of these |
//! | `yaml_text` | texts as YAML has them |

mod draft;
mod fields;
mod files;
mod framed;
mod input;
mod lines;
mod near;
mod proposal;
mod rank;
mod readable;
mod roles;
mod sample;
mod suggestions;
mod summary;
mod times;
mod topic;
mod tried;
mod yaml_text;

pub use draft::Draft;
pub use files::{Files, Only};
pub use framed::{Hints, awaited};
pub use input::TrialInput;
pub use lines::{write_json, write_text};
pub use proposal::Proposal;
pub use rank::{Candidate, Certainty, Ranking};
pub use sample::{At, Sample, Spot};
pub use suggestions::Suggestions;
pub use summary::{Rejected, Summary};
pub use topic::TopicSamples;
pub use tried::{Beside, Outcome, Part, Seen, Trial, Tried};
