//! The names that the active models know: kinds of event and attributes. What is not here is not decoded.

use compact_str::CompactString;

use super::model::Model;
use super::set_error::SetError;
use super::variants::VariantRule;

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

/// What every event has beside its attributes, as conditions call it: no attribute can be called so.
pub const EVENT_PARTS: [&str; 4] = ["value", "kind", "channel", "late"];

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

    /// The names of all models and of the variants; the same name is the same kind or attribute.
    pub(super) fn of_models(models: &[Model], variants: Option<&VariantRule>) -> Result<Self, SetError> {
        let mut kinds: Vec<CompactString> = Vec::new();
        let mut attributes: Vec<(CompactString, AttrType)> = Vec::new();
        for (index, model) in models.iter().enumerate() {
            if models[..index].iter().any(|other| other.name == model.name) {
                return Err(SetError::SameName(model.name.clone()));
            }
            for kind in &model.kinds {
                if !kinds.contains(kind) {
                    kinds.push(kind.clone());
                }
            }
            for (_, (name, kind)) in (0..).zip(&model.attributes).filter(|(index, _)| model.reads_attribute(*index)) {
                match attributes.iter().find(|(other, _)| other == name) {
                    None => attributes.push((name.clone(), *kind)),
                    Some((_, other)) if other == kind => {}
                    Some((_, other)) => {
                        let owner = models.iter().find(|model| model.attributes.iter().any(|(other, _)| other == name));
                        return Err(SetError::AttributeTypes {
                            attribute: name.to_string(),
                            first: owner.map_or_else(String::new, |owner| owner.name.clone()),
                            first_type: other.word(),
                            second: model.name.clone(),
                            second_type: kind.word(),
                        });
                    }
                }
            }
        }
        if let Some(VariantRule { attribute, .. }) = variants {
            match attributes.iter().find(|(other, _)| other == attribute) {
                None => attributes.push((attribute.as_str().into(), AttrType::Text)),
                Some((_, AttrType::Text)) => {}
                Some((_, kind)) => {
                    let owner =
                        models.iter().find(|model| model.attributes.iter().any(|(other, _)| other == attribute));
                    let (attribute, model) =
                        (attribute.clone(), owner.map_or_else(String::new, |owner| owner.name.clone()));
                    return Err(SetError::VariantType { attribute, model, kind: kind.word() });
                }
            }
        }
        Ok(Self::new(kinds, attributes, models.iter().any(Model::reads_value)))
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
