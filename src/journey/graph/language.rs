//! The words that a picture brings along, and which of a model's texts it shows.

use crate::journey::model::Texts;

/// A language that models have texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Dutch.
    Nl,
    /// English.
    #[default]
    En,
}

impl Language {
    /// What stands in this language.
    pub fn of<T>(self, texts: &Texts<T>) -> &T {
        match self {
            Self::Nl => &texts.nl,
            Self::En => &texts.en,
        }
    }

    /// The headings and the legend of a picture.
    pub(super) fn captions(self) -> Captions {
        match self {
            Self::Nl => Captions {
                version: "versie",
                transitions: "Overgangen: van boven naar onder, de eerste die past telt",
                signals: "Signalen: wat er naast de overgangen te melden is, en waar",
                event: "bij een gebeurtenis",
                timer: "als de tijd om is",
                signal: "signaal",
            },
            Self::En => Captions {
                version: "version",
                transitions: "Transitions: from top to bottom, the first that matches wins",
                signals: "Signals: what is told beside the transitions, and where",
                event: "at an event",
                timer: "when time has passed",
                signal: "signal",
            },
        }
    }
}

/// See [`Language::captions`].
pub(super) struct Captions {
    pub version: &'static str,
    pub transitions: &'static str,
    pub signals: &'static str,
    pub event: &'static str,
    pub timer: &'static str,
    pub signal: &'static str,
}
