//! A model as it was written, checked and resolved: names are indices here, and nothing is checked again.
//!
//! What a model *means* stands here and nowhere else; [`super::ModelSet`] makes it run. Not here: how a model is
//! written ([`super::CheckedModel`] reads it) and where its state stands in a record.

use compact_str::CompactString;
use xxhash_rust::xxh3::xxh3_64;

use super::program::{Program, Slot};
use super::{AttrType, Span};

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) name: String,
    /// What its state is kept under.
    pub(super) state_name: String,
    pub(super) version: u32,
    pub(super) hash: u64,
    pub(super) kinds: Vec<CompactString>,
    pub(super) attributes: Vec<(CompactString, AttrType)>,
    /// Which events it takes; all, if it does not say.
    pub(super) applies_to: Option<Condition>,
    pub(super) phases: Vec<Phase>,
    /// Phases that are gone, by name, and the one that took the place of each.
    pub(super) moved: Vec<(String, u16)>,
    pub(super) counters: Vec<Counter>,
    pub(super) rules: Vec<Rule>,
    pub(super) signals: Vec<SignalRule>,
    /// How many signals of a customer may wait at the same time.
    pub(super) waiting_max: u8,
}

/// A phase of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    pub(super) name: String,
    pub(super) title: Texts<Option<String>>,
    pub(super) needs: Texts<Vec<String>>,
    pub(super) is_final: bool,
    pub(super) forget_after: Option<Span>,
    /// The kinds of event that are touchpoints of it, as indices into [`Model::kinds`], ascending; all, if it does not say.
    pub(super) touchpoints: Option<Vec<u16>>,
}

/// The same in each language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts<T> {
    /// Dutch.
    pub nl: T,
    /// English.
    pub en: T,
}

impl<T> Texts<T> {
    /// Each with the code of its language.
    pub fn by_language(&self) -> [(&'static str, &T); 2] {
        [("nl", &self.nl), ("en", &self.en)]
    }
}

/// Something that is counted or added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name, as conditions know it.
    pub name: String,
    /// The kinds of event it counts, as indices into [`Model::kinds`], ascending.
    pub kinds: Vec<u16>,
    /// What it adds up; `None`: it counts events.
    pub sum: Option<Addend>,
    /// Over what.
    pub window: Window,
    /// Whether each value of an attribute is counted by itself.
    pub per: Option<Per>,
    /// The kinds of event with which it begins anew, as indices into [`Model::kinds`], ascending.
    pub reset: Vec<u16>,
}

/// Counting each value of an attribute by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Per {
    /// The attribute, as an index into the model's.
    pub attribute: u16,
    /// How many values of a customer are kept: those seen last.
    pub values: u8,
}

/// What a counter adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addend {
    /// The money an event is worth.
    Value,
    /// An attribute, as an index into the model's.
    Attribute(u16),
}

/// What a counter counts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// This visit of the phase.
    Visit,
    /// The customer's whole life.
    Ever,
    /// The time that just went by, in steps of an eighth of it.
    Sliding(Span),
}

/// A transition as the model states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(super) id: String,
    pub(super) from: Vec<Option<u16>>,
    pub(super) to: u16,
    pub(super) trigger: Trigger,
    pub(super) when: Option<Condition>,
}

/// What sets a transition off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An event of one of these kinds, as indices into [`Model::kinds`], ascending.
    On(Vec<u16>),
    /// This long since the phase began.
    After(Span),
    /// This long since the customer's last event.
    Idle(Span),
}

/// Something that is told beside the phases, as the model states it.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRule {
    pub(super) id: String,
    pub(super) occasion: Occasion,
    /// The phases in which the occasion counts; `None`: in all, and for new customers.
    pub(super) phases: Option<Vec<Option<u16>>>,
    pub(super) when: Option<Condition>,
    pub(super) wait: Option<Wait>,
    pub(super) at_most: Option<AtMost>,
}

/// What a signal tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// An event of one of these kinds, as indices into [`Model::kinds`], ascending.
    On(Vec<u16>),
    /// A transition.
    Move {
        /// Out of one of these phases (`None`: a new customer); of any, if it does not matter.
        leaving: Option<Vec<Option<u16>>>,
        /// Into one of these phases; any, if it does not matter.
        entering: Option<Vec<u16>>,
    },
}

/// How long a signal waits, and what it does not wait for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long.
    pub span: Span,
    /// Events of these kinds in between call it off, as indices into [`Model::kinds`], ascending.
    pub unless: Vec<u16>,
    /// The attribute that says whether two events are about the same thing, as an index into the model's.
    pub correlate: Option<u16>,
}

/// How often a signal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtMost {
    /// So often,
    pub times: u32,
    /// over this.
    pub window: Window,
}

/// The condition of a transition or a signal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    /// As it was written.
    pub text: String,
    pub program: Program,
    /// The names of what it reads, in the order of the program's slots.
    pub reads: Vec<CompactString>,
}

impl Model {
    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that its state is kept under: its own, but for a shadow.
    pub fn state_name(&self) -> &str {
        &self.state_name
    }

    /// The version its author gave it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A number that is the same as long as the model means the same: texts for people and scenarios do not count.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The kinds of event it listens to; others do not touch it.
    pub fn kinds(&self) -> &[CompactString] {
        &self.kinds
    }

    /// The attributes of events its conditions and counters may read.
    pub fn attributes(&self) -> &[(CompactString, AttrType)] {
        &self.attributes
    }

    /// Which events it takes, as written: what does not meet this does not touch it, whatever its kind.
    pub fn applies_to(&self) -> Option<&str> {
        self.applies_to.as_ref().map(|condition| condition.text.as_str())
    }

    /// The phases, in the order of the file.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The phase of that name.
    pub fn phase(&self, name: &str) -> Option<u16> {
        self.phases.iter().position(|phase| phase.name == name).map(|index| index as u16)
    }

    /// The phase in which a customer is who was left in the one of that name: that itself, or the one that took its place.
    pub fn home(&self, name: &str) -> Option<u16> {
        let moved = || self.moved.iter().find(|(gone, _)| gone == name).map(|(_, phase)| *phase);
        self.phase(name).or_else(moved)
    }

    /// The counters, in the order of the file.
    pub fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// The transitions, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The signals, in the order of the file.
    pub fn signals(&self) -> &[SignalRule] {
        &self.signals
    }

    /// Does without signals.
    pub fn drop_signals(&mut self) {
        self.signals.clear();
    }

    /// The signals that wait before they are told, in the order of the file: what waits is stored as its place among them.
    pub(super) fn waiting_signals(&self) -> impl Iterator<Item = (u16, &SignalRule, &Wait)> {
        (0..).zip(&self.signals).filter_map(|(index, rule)| Some((index, rule, rule.wait.as_ref()?)))
    }

    /// The names of kinds, in the order in which they are listed.
    pub(super) fn kind_names(&self, kinds: &[u16]) -> Vec<&str> {
        kinds.iter().map(|kind| self.kinds[usize::from(*kind)].as_str()).collect()
    }

    /// What a counter counts, over what: the same text means the same numbers.
    pub(super) fn definition(&self, counter: &Counter) -> String {
        let sorted = |kinds: &[u16]| {
            let mut kinds = self.kind_names(kinds);
            kinds.sort_unstable();
            kinds.join(",")
        };
        let kinds = sorted(&counter.kinds);
        let what = match counter.sum {
            None => format!("count({kinds})"),
            Some(Addend::Value) => format!("sum(value of {kinds})"),
            Some(Addend::Attribute(index)) => {
                format!("sum(event.{} of {kinds})", self.attributes[usize::from(index)].0)
            }
        };
        let mut text = format!("{what}/{}", counter.window);
        if let Some(Per { attribute, values }) = counter.per {
            text += &format!(" per event.{} of {values}", self.attributes[usize::from(attribute)].0);
        }
        if !counter.reset.is_empty() {
            text += &format!(" reset({})", sorted(&counter.reset));
        }
        text
    }

    /// Whether anything in it reads the money an event is worth.
    pub(super) fn reads_value(&self) -> bool {
        self.uses(Addend::Value, Slot::EventValue)
    }

    /// Whether anything in it reads this attribute.
    pub(super) fn reads_attribute(&self, index: u16) -> bool {
        self.waiting_signals().any(|(_, _, wait)| wait.correlate == Some(index))
            || self.counters.iter().any(|counter| counter.per.is_some_and(|per| per.attribute == index))
            || self.uses(Addend::Attribute(index), Slot::EventAttribute(index))
    }

    fn uses(&self, addend: Addend, slot: Slot) -> bool {
        let signals = self.signals.iter().map(|rule| rule.when.as_ref());
        let conditions = self.rules.iter().map(|rule| rule.when.as_ref()).chain(signals);
        let conditions = conditions.chain([self.applies_to.as_ref()]).flatten();
        self.counters.iter().any(|counter| counter.sum == Some(addend))
            || conditions.flat_map(|when| when.program.slots()).any(|read| *read == slot)
    }

    /// The hash of everything but texts and scenarios, over a spelling of its own that does not change with the code.
    pub(super) fn fingerprint(&self) -> u64 {
        let phase = |index: &u16| self.phases[usize::from(*index)].name.as_str();
        let mut text = format!("model {} {}\nkinds {}\n", self.name, self.version, self.kinds.join(" "));
        for (name, kind) in &self.attributes {
            text += &format!("attribute {name} {}\n", kind.word());
        }
        if let Some(applies_to) = &self.applies_to {
            text += &format!("applies to {:?}\n", applies_to.text);
        }
        for phase in &self.phases {
            let forget = phase.forget_after.map(|span| span.to_string()).unwrap_or_default();
            text += &format!("phase {} {} {forget}\n", phase.name, phase.is_final);
            if let Some(touchpoints) = &phase.touchpoints {
                text += &format!("touchpoints {}\n", self.kind_names(touchpoints).join(" "));
            }
        }
        for (gone, to) in &self.moved {
            text += &format!("moved {gone} {}\n", phase(to));
        }
        for counter in &self.counters {
            text += &format!("counter {} {}\n", counter.name, self.definition(counter));
        }
        for rule in &self.rules {
            let from: Vec<&str> = rule.from.iter().map(|from| from.as_ref().map_or("new", phase)).collect();
            let trigger = match &rule.trigger {
                Trigger::On(kinds) => format!("on {}", self.kind_names(kinds).join(" ")),
                Trigger::After(span) => format!("after {span}"),
                Trigger::Idle(span) => format!("idle {span}"),
            };
            let when = rule.when.as_ref().map_or("", |when| when.text.as_str());
            text += &format!("rule {} {} {} {trigger} {when:?}\n", rule.id, from.join(" "), phase(&rule.to));
        }
        for rule in &self.signals {
            text += &format!("signal {} {}\n", rule.id, self.signal_definition(rule));
        }
        if !self.signals.is_empty() {
            text += &format!("waiting {}\n", self.waiting_max);
        }
        xxh3_64(text.as_bytes())
    }

    /// When a signal is told: the same text means the same.
    pub(super) fn signal_definition(&self, rule: &SignalRule) -> String {
        let kinds = |kinds: &[u16]| {
            let mut names = self.kind_names(kinds);
            names.sort_unstable();
            names.join(",")
        };
        let phase = |index: &u16| self.phases[usize::from(*index)].name.as_str();
        let phases = |list: &[Option<u16>]| {
            let names: Vec<&str> = list.iter().map(|index| index.as_ref().map_or("new", phase)).collect();
            names.join(",")
        };
        let mut text = match &rule.occasion {
            Occasion::On(on) => format!("on({})", kinds(on)),
            Occasion::Move { leaving, entering } => {
                let leaving = leaving.as_deref().map_or("any".to_owned(), phases);
                let entering: Option<Vec<&str>> = entering.as_ref().map(|list| list.iter().map(phase).collect());
                format!("move({leaving}>{})", entering.map_or("any".to_owned(), |names| names.join(",")))
            }
        };
        if let Some(list) = &rule.phases {
            text += &format!(" in({})", phases(list));
        }
        if let Some(when) = &rule.when {
            text += &format!(" when({:?})", when.text);
        }
        if let Some(wait) = &rule.wait {
            text += &format!(" wait({}) unless({})", wait.span, kinds(&wait.unless));
            if let Some(attribute) = wait.correlate {
                text += &format!(" same({})", self.attributes[usize::from(attribute)].0);
            }
        }
        if let Some(at_most) = rule.at_most {
            text += &format!(" at_most({}/{})", at_most.times, at_most.window);
        }
        text
    }
}

impl SignalRule {
    /// Its name within the model.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it tells of.
    pub fn occasion(&self) -> &Occasion {
        &self.occasion
    }

    /// The phases in which the occasion counts, as indices (`None` is a new customer); all, if it does not matter.
    pub fn phases(&self) -> Option<&[Option<u16>]> {
        self.phases.as_deref()
    }

    /// Its condition as written, if it has one.
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(|when| when.text.as_str())
    }

    /// The names of what its condition reads, in the order of a signal's values; empty without a condition.
    pub fn reads(&self) -> &[CompactString] {
        self.when.as_ref().map_or(&[], |when| when.reads.as_slice())
    }

    /// How long it waits, if it does.
    pub fn wait(&self) -> Option<&Wait> {
        self.wait.as_ref()
    }

    /// How often it is told, if that is limited.
    pub fn at_most(&self) -> Option<AtMost> {
        self.at_most
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Visit => f.write_str("visit"),
            Self::Ever => f.write_str("ever"),
            Self::Sliding(span) => span.fmt(f),
        }
    }
}

impl Phase {
    /// Its name, as transitions and state know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> &Texts<Option<String>> {
        &self.title
    }

    /// What the customer needs in it.
    pub fn needs(&self) -> &Texts<Vec<String>> {
        &self.needs
    }

    /// Whether the journey ends in it: no transition leaves it.
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// The kinds of event that are touchpoints of it, as indices into the model's; all, if it does not say.
    pub fn touchpoints(&self) -> Option<&[u16]> {
        self.touchpoints.as_deref()
    }

    /// After how much silence a customer in it is forgotten, if not after the usual time.
    pub fn forget_after(&self) -> Option<Span> {
        self.forget_after
    }
}

impl Rule {
    /// Its name within the model.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The phases it leaves, as indices; `None` is a new customer.
    pub fn from(&self) -> &[Option<u16>] {
        &self.from
    }

    /// The phase it enters, as an index.
    pub fn to(&self) -> u16 {
        self.to
    }

    /// What sets it off.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Its condition as written, if it has one.
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(|when| when.text.as_str())
    }

    /// The names of what its condition reads, in the order of a transition's values; empty without a condition.
    pub fn reads(&self) -> &[CompactString] {
        self.when.as_ref().map_or(&[], |when| when.reads.as_slice())
    }
}
