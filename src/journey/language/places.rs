//! Where a model file says what, for findings that only show when all is taken together.

use super::fields::Fields;
use super::sections::Names;
use super::transitions::Rules;
use crate::journey::model::SignalRule;
use crate::yaml::{Node, Place, Yaml};

/// The file's beginning, for what cannot be found: a key that comes from elsewhere by `*`.
const START: Place = Place { line: 1, column: 1 };

/// The place of each thing, in the order of the model.
#[derive(Debug, Clone)]
pub(in crate::journey) struct Places {
    pub kinds: Vec<Place>,
    pub attributes: Vec<Place>,
    /// What the model applies to; the file's beginning if it does not say.
    pub applies_to: Place,
    pub phases: Vec<Place>,
    pub counters: Vec<Place>,
    /// The ids of transitions.
    pub rules: Vec<Place>,
    pub signals: Vec<SignalPlaces>,
}

/// Where a signal says what; the place of its id for what it does not say.
#[derive(Debug, Clone, Copy)]
pub(in crate::journey) struct SignalPlaces {
    pub id: Place,
    pub phases: Place,
    pub when: Place,
    pub unless: Place,
}

impl Places {
    /// Finds them.
    pub(super) fn find(fields: &Fields<'_>, names: &Names, rules: &Rules, signals: &[SignalRule]) -> Self {
        let kinds = items(fields.get("kinds"));
        let kind = |name: &str| kinds.iter().find(|node| is_text(node, name)).map_or(START, |node| node.at);
        let items = items(fields.get("signals"));
        Self {
            kinds: names.kinds.iter().map(|name| kind(name)).collect(),
            attributes: names.attribute_places.clone(),
            applies_to: fields.get("applies_to").map_or(START, |node| node.at),
            phases: names.phase_places.clone(),
            counters: names.counter_places.clone(),
            rules: rules.placed.iter().map(|placed| placed.id_at).collect(),
            signals: signals.iter().map(|signal| signal_places(items, signal.id())).collect(),
        }
    }
}

fn signal_places(items: &[Node], id: &str) -> SignalPlaces {
    let is_it = |node: &&Node| value(node, "id").is_some_and(|found| is_text(found, id));
    let node = items.iter().find(is_it);
    let at = |key: &str| node.and_then(|node| value(node, key)).map(|value| value.at);
    let id = at("id").unwrap_or(START);
    let or_id = |key: &str| at(key).unwrap_or(id);
    SignalPlaces { id, phases: or_id("in"), when: or_id("when"), unless: or_id("unless") }
}

fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Yaml::List(items)) => items,
        _ => &[],
    }
}

fn value<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Yaml::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.text == key).map(|(_, value)| value)
}

fn is_text(node: &Node, text: &str) -> bool {
    matches!(&node.value, Yaml::Text(found) if found == text)
}
