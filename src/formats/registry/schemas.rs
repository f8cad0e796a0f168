//! The port to where schemas are kept.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A program that asks no registry, and what to do about it.
pub const BUILT_WITHOUT_REGISTRY: &str = "this program, which was built without the feature `registry`; build it with `cargo build \
                                          --release --features registry`, or take the image, which has it";

/// Where schemas are kept.
pub trait Schemas: Send + Sync + Debug {
    /// The schema of this number. Never waits: what is not here yet is sent for, and to be asked for again.
    fn find(&self, id: u32) -> Lookup;
    /// What was asked for and is not here, with where it should come from and why it does not, for people; `None`: nothing.
    fn missing(&self) -> Option<String>;
}

/// What is said of a record's schema that did not come.
pub fn missing(schemas: Option<&Arc<dyn Schemas>>) -> String {
    schemas.and_then(|schemas| schemas.missing()).unwrap_or_else(|| "the schema of a record is not here".to_owned())
}

/// What is known of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Lookup {
    /// This is it, and it will never be another.
    Found(Arc<Definition>),
    /// There is none of that number; says who says so.
    Unknown(String),
    /// Not known yet.
    NotYet,
}

/// A schema as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The language it is written in.
    pub language: Language,
    /// The schema.
    pub text: String,
    /// What it refers to, and what that refers to, each before those that refer to it.
    pub imports: Vec<Import>,
}

/// A schema that another refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// By what name; of Protobuf that of a file.
    pub name: String,
    /// The schema.
    pub text: String,
}

/// What schemas are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Avro.
    Avro,
    /// Protobuf.
    Protobuf,
    /// JSON Schema, which payloads in JSON can be read without.
    Json,
}

impl Language {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avro => "Avro",
            Self::Protobuf => "Protobuf",
            Self::Json => "JSON Schema",
        }
    }
}

/// Schemas at hand, for tests; they can be told to be away.
#[derive(Debug, Default)]
pub struct FakeSchemas {
    schemas: BTreeMap<u32, Arc<Definition>>,
    is_away: AtomicBool,
}

impl FakeSchemas {
    /// With this one, too.
    #[must_use]
    pub fn with(mut self, id: u32, language: Language, text: &str, imports: &[(&str, &str)]) -> Self {
        let import = |&(name, text): &(&str, &str)| Import { name: name.to_owned(), text: text.to_owned() };
        let imports = imports.iter().map(import).collect();
        self.schemas.insert(id, Arc::new(Definition { language, text: text.to_owned(), imports }));
        self
    }

    /// From now on nobody knows anything, or all is known again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }
}

impl Schemas for FakeSchemas {
    fn find(&self, id: u32) -> Lookup {
        if self.is_away.load(Ordering::Relaxed) {
            return Lookup::NotYet;
        }
        match self.schemas.get(&id) {
            Some(schema) => Lookup::Found(Arc::clone(schema)),
            None => Lookup::Unknown("the stand-in does not know it".into()),
        }
    }

    fn missing(&self) -> Option<String> {
        self.is_away.load(Ordering::Relaxed).then(|| "the stand-in is away".to_owned())
    }
}
