//! Where a condition is asked, and what each slot can hold there.

use compact_str::CompactString;

use super::decide::{Domain, Values};
use super::sections::Names;
use super::supply::Supply;
use crate::journey::model::{Addend, Counter, Model, Phase, Rule, Trigger};
use crate::journey::program::Slot;
use crate::journey::{AttrType, Span};

/// What a model introduces, and what the inputs can yield of it.
#[derive(Clone, Copy)]
pub(super) struct World<'m> {
    pub kinds: &'m [CompactString],
    pub attributes: &'m [(CompactString, AttrType)],
    pub phases: &'m [Phase],
    pub counters: &'m [Counter],
    /// The inputs; `None`: not known, so everything can come.
    pub supplies: Option<&'m [Supply]>,
}

/// What asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// An event of this kind.
    Event(u16),
    /// A timer that long after the phase began.
    After(Span),
    /// A timer that long after the last event.
    Idle(Span),
}

/// Where a condition is asked: in a phase (`None`: of a new customer), by an event or a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    pub phase: Option<u16>,
    pub cause: Cause,
}

impl<'m> World<'m> {
    /// What a file introduces.
    pub fn of_names(names: &'m Names) -> Self {
        let Names { kinds, attributes, phases, counters, .. } = names;
        Self { kinds, attributes, phases, counters, supplies: None }
    }

    /// What a model introduces, as far as these inputs feed it.
    pub fn fed(model: &'m Model, supplies: &'m [Supply]) -> Self {
        let Model { kinds, attributes, phases, counters, .. } = model;
        Self { kinds, attributes, phases, counters, supplies: Some(supplies) }
    }

    /// The inputs that can yield a kind; `None` if nothing is known of inputs.
    fn sources(&self, kind: u16) -> Option<impl Iterator<Item = &'m Supply>> {
        let kind = self.kinds[usize::from(kind)].as_str();
        Some(self.supplies?.iter().filter(move |supply| supply.yields(kind)))
    }

    /// Whether some input can yield a kind.
    pub fn yields(&self, kind: u16) -> bool {
        self.sources(kind).is_none_or(|mut sources| sources.next().is_some())
    }

    /// Whether events of a kind can be worth money.
    pub fn has_value(&self, kind: u16) -> bool {
        self.sources(kind).is_none_or(|mut sources| sources.any(|supply| supply.value))
    }

    /// Whether events of a kind can have an attribute.
    pub fn has(&self, kind: u16, attribute: u16) -> bool {
        let attribute = self.attributes[usize::from(attribute)].0.as_str();
        self.sources(kind).is_none_or(|mut sources| sources.any(|supply| supply.has(attribute)))
    }

    /// Whether anything can be added to a counter.
    pub fn feeds(&self, counter: &Counter) -> bool {
        counter.kinds.iter().any(|kind| {
            self.yields(*kind)
                && counter.per.is_none_or(|per| self.has(*kind, per.attribute))
                && match counter.sum {
                    None => true,
                    Some(Addend::Value) => self.has_value(*kind),
                    Some(Addend::Attribute(attribute)) => self.has(*kind, attribute),
                }
        })
    }

    /// The situations in which a rule is asked.
    pub fn situations(&self, rule: &Rule) -> Vec<Situation> {
        let causes = self.causes(rule);
        let of = |phase: &Option<u16>| {
            let phase = *phase;
            causes.iter().map(move |cause| Situation { phase, cause: *cause })
        };
        rule.from.iter().flat_map(of).collect()
    }

    /// What sets a rule off.
    pub fn causes(&self, rule: &Rule) -> Vec<Cause> {
        match &rule.trigger {
            Trigger::On(kinds) => self.events(kinds),
            Trigger::After(span) => vec![Cause::After(*span)],
            Trigger::Idle(span) => vec![Cause::Idle(*span)],
        }
    }

    /// The events of these kinds that can come.
    pub fn events(&self, kinds: &[u16]) -> Vec<Cause> {
        kinds.iter().filter(|kind| self.yields(**kind)).map(|kind| Cause::Event(*kind)).collect()
    }

    /// What a slot can hold in a situation.
    pub fn domain(&self, situation: Situation, slot: Slot) -> Domain<'m> {
        let always = |values| Domain { values, may_be_missing: false };
        let kind = match situation.cause {
            Cause::Event(kind) => Some(kind),
            Cause::After(_) | Cause::Idle(_) => None,
        };
        match (slot, kind) {
            (Slot::Counter(index), _) => {
                let counter = &self.counters[usize::from(index)];
                let values = match counter.sum {
                    _ if !self.feeds(counter) => Values::Exactly(0.0),
                    None => Values::WholeFrom(0.0),
                    Some(_) => Values::Number,
                };
                // Of an event that does not say the value there is no count.
                Domain { values, may_be_missing: counter.per.is_some() }
            }
            (Slot::Phase, _) => {
                let name = situation.phase.map_or("new", |phase| self.phases[usize::from(phase)].name.as_str());
                always(Values::OneOf(vec![name]))
            }
            (Slot::TimeInPhase, _) => always(match situation.cause {
                Cause::After(span) => Values::Exactly(span.0 as f64),
                Cause::Event(_) | Cause::Idle(_) => Values::WholeFrom(0.0),
            }),
            (Slot::TimeSinceLast, _) => {
                let least = if let Cause::Idle(span) = situation.cause { span.0 as f64 } else { 0.0 };
                // Who is in a phase has had an event.
                Domain { values: Values::WholeFrom(least), may_be_missing: situation.phase.is_none() }
            }
            // A timer has no event.
            (_, None) => always(Values::None),
            (Slot::EventKind, Some(kind)) => always(Values::OneOf(vec![self.kinds[usize::from(kind)].as_str()])),
            (Slot::EventLate, Some(_)) => always(Values::Bool),
            (Slot::EventChannel, Some(kind)) => always(match self.sources(kind) {
                Some(sources) => Values::OneOf(sources.map(|supply| supply.channel.as_str()).collect()),
                None => Values::Text,
            }),
            (Slot::EventValue, Some(kind)) => {
                let values = if self.has_value(kind) { Values::Number } else { Values::None };
                Domain { values, may_be_missing: true }
            }
            (Slot::EventAttribute(index), Some(kind)) => {
                let values = match self.attributes[usize::from(index)].1 {
                    _ if !self.has(kind, index) => Values::None,
                    AttrType::Number => Values::Number,
                    AttrType::Text => Values::Text,
                    AttrType::Bool => Values::Bool,
                };
                Domain { values, may_be_missing: true }
            }
        }
    }
}
