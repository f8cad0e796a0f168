//! The names that the active models know: kinds of event and attributes. What is not here is not decoded.

use compact_str::CompactString;

/// A kind of event, as an index into the [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub u16);

/// An attribute of events, as an index into the [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttrId(pub u16);

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttrType {
    /// A finite number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Bool,
}

impl AttrType {
    /// What a model file calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Bool => "bool",
        }
    }
}

/// The kinds and attributes that the active models know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    kinds: Vec<CompactString>,
    attrs: Vec<(CompactString, AttrType)>,
    reads_value: bool,
}

impl Vocabulary {
    /// A vocabulary of these names. `reads_value`: whether any model reads the money an event is worth.
    pub fn new(kinds: Vec<CompactString>, attrs: Vec<(CompactString, AttrType)>, reads_value: bool) -> Self {
        Self { kinds, attrs, reads_value }
    }

    /// The kind of that name, if a model knows it.
    pub fn kind(&self, name: &str) -> Option<KindId> {
        self.kinds.iter().position(|kind| kind == name).map(|index| KindId(index as u16))
    }

    /// The name of a kind.
    pub fn kind_name(&self, kind: KindId) -> &str {
        &self.kinds[usize::from(kind.0)]
    }

    /// All kinds, in the order of their ids.
    pub fn kinds(&self) -> &[CompactString] {
        &self.kinds
    }

    /// All attributes that are read, in the order of their ids.
    pub fn attrs(&self) -> &[(CompactString, AttrType)] {
        &self.attrs
    }

    /// The attribute of that name, if a model reads it.
    pub fn attr(&self, name: &str) -> Option<AttrId> {
        self.attrs.iter().position(|(attr, _)| attr == name).map(|index| AttrId(index as u16))
    }

    /// Whether any model reads the money an event is worth.
    pub fn reads_value(&self) -> bool {
        self.reads_value
    }
}
