//! Building a machine: a checked model's names become places in the record and indices by phase and kind.

use super::alert::{self, Alert, Alerts};
use super::awaited::Waitlist;
use super::standing::Place;
use super::waiting::{Start, Timer, Waiting};
use super::{Machine, Move, Occasions, Response};
use crate::journey::by_value::ByValue;
use crate::journey::meter::Meter;
use crate::journey::model::{Addend, Condition, Model, Occasion, Per, SignalRule, Trigger, Window};
use crate::journey::program::{Program, Slot};
use crate::journey::record::{FieldType, Layout};
use crate::journey::{KindId, Vocabulary};

impl Machine {
    /// Compiles a model as the one of this index in its set, and finds room for its state.
    pub fn new(
        model: &Model,
        index: usize,
        vocabulary: &Vocabulary,
        layout: &mut Layout,
        first_cell: u16,
        forget_after: i64,
    ) -> Self {
        let kinds = vocabulary.kinds().len();
        let ids = Ids::new(model, vocabulary);
        let phases = model.phases.len() + 1;
        let mut machine = Self {
            model: index as u16,
            applies_to: model.applies_to.as_ref().map(|when| ids.program(when)),
            place: Place::new(model, index, layout),
            spent: spent_word(model, index, layout),
            kinds,
            responses: vec![Response::default(); phases * kinds],
            touchpoints: touchpoints(model, &ids, kinds),
            first_cell,
            waiting: Vec::new(),
            rules: Vec::new(),
            waitlist: Waitlist::default(),
            alerts: None,
            meters: Vec::new(),
            visit_meters: Vec::new(),
            idle_bits: 0,
            names: std::iter::once("new").chain(model.phases.iter().map(|p| p.name.as_str())).map(Box::from).collect(),
        };
        machine.add_counters(model, &ids, layout);
        let timers = machine.add_rules(model, &ids);
        if !model.signals.is_empty() {
            machine.add_signals(model, &ids, layout);
        }
        let own = model.phases.iter().map(|phase| phase.forget_after.map_or(forget_after, |span| span.0));
        let spans = std::iter::once(forget_after).chain(own);
        machine.waiting = timers.into_iter().zip(spans).map(|(timers, span)| Waiting::new(timers, span)).collect();
        machine
    }

    fn add_counters(&mut self, model: &Model, ids: &Ids, layout: &mut Layout) {
        let mut counts = vec![Vec::new(); self.kinds];
        for (number, counter) in model.counters.iter().enumerate() {
            let sum = counter.sum.map(|sum| match sum {
                Addend::Value => Addend::Value,
                Addend::Attribute(local) => Addend::Attribute(ids.attribute(local)),
            });
            let key = format!("{}/counter/{}={}", model.state_name, counter.name, model.definition(counter));
            let (index, visit) = (usize::from(self.model), counter.window == Window::Visit);
            let meter = match counter.per {
                Some(Per { attribute, values }) => {
                    let attribute = ids.attribute(attribute);
                    Meter::by_value(ByValue::place(layout, index, &key, values, attribute), visit)
                }
                None => Meter::place(layout, index, key, counter.window, sum),
            };
            let resets = counter.reset.iter().map(|kind| KindId(ids.kinds[usize::from(*kind)]));
            self.meters.push(meter.with_resets(resets.collect()));
            if visit {
                self.visit_meters.push(number as u16);
            }
            for kind in counter.kinds.iter().chain(&counter.reset) {
                counts[ids.kind(*kind)].push(number as u16);
            }
        }
        let counts: Vec<Box<[u16]>> = counts.into_iter().map(Box::from).collect();
        for (response, counts) in self.responses.iter_mut().zip(counts.iter().cycle()) {
            response.counts = counts.clone();
        }
    }

    /// Adds the rules; the timers among them by phase word.
    fn add_rules(&mut self, model: &Model, ids: &Ids) -> Vec<Vec<Timer>> {
        let mut moves = vec![Vec::new(); self.responses.len()];
        let mut timers = vec![Vec::new(); self.names.len()];
        let mut bits = (0..32).map(|bit| 1_u32 << bit);
        for (number, rule) in model.rules.iter().enumerate() {
            let number = number as u16;
            let when = rule.when.as_ref().map(|when| ids.program(when));
            let (start, span) = match rule.trigger {
                Trigger::On(ref kinds) => {
                    for (from, kind) in rule.from.iter().flat_map(|from| kinds.iter().map(move |kind| (from, kind))) {
                        moves[phase_word(*from) * self.kinds + ids.kind(*kind)].push(number);
                    }
                    self.rules.push(Move { to: rule.to, when });
                    continue;
                }
                Trigger::After(span) => (Start::Phase, span.0),
                Trigger::Idle(span) => (Start::LastEvent, span.0),
            };
            let bit = when.as_ref().and_then(|_| bits.next()).unwrap_or(0);
            if start == Start::LastEvent {
                self.idle_bits |= bit;
            }
            for from in &rule.from {
                timers[phase_word(*from)].push(Timer { rule: number, start, span, bit });
            }
            self.rules.push(Move { to: rule.to, when });
        }
        for (response, rules) in self.responses.iter_mut().zip(moves) {
            response.rules = rules.into();
        }
        timers
    }
}

impl Machine {
    fn add_signals(&mut self, model: &Model, ids: &Ids, layout: &mut Layout) {
        let index = usize::from(self.model);
        let seq = layout.push(format!("{}/signals", model.state_name), FieldType::U32, index);
        let waiting: Vec<u16> = model.waiting_signals().map(|(rule, ..)| rule).collect();
        let places = if waiting.is_empty() { 0 } else { usize::from(model.waiting_max) };
        self.waitlist = Waitlist::place(layout, index, &model.state_name, places);
        let mut heard = vec![Vec::new(); self.responses.len()];
        let mut ended = vec![Vec::new(); self.kinds];
        let (mut all, mut moves) = (Vec::new(), Vec::new());
        for (number, rule) in (0_u16..).zip(&model.signals) {
            match &rule.occasion {
                Occasion::On(kinds) => {
                    for kind in kinds {
                        for phase in 0..self.names.len() {
                            let counts = |phases: &Vec<Option<u16>>| phases.iter().any(|one| phase_word(*one) == phase);
                            if rule.phases.as_ref().is_none_or(counts) {
                                heard[phase * self.kinds + ids.kind(*kind)].push(number);
                            }
                        }
                    }
                }
                Occasion::Move { .. } => moves.push(number),
            }
            for kind in rule.wait.iter().flat_map(|wait| &wait.unless) {
                ended[ids.kind(*kind)].push(number);
            }
            all.push(self.alert(model, rule, &waiting, number, ids, layout));
        }
        let ended: Vec<Box<[u16]>> = ended.into_iter().map(Box::from).collect();
        for ((response, heard), ended) in self.responses.iter_mut().zip(heard).zip(ended.iter().cycle()) {
            let is_any = !heard.is_empty() || !ended.is_empty();
            response.signals = is_any.then(|| Box::new(Occasions { of: heard.into(), ends: ended.clone() }));
        }
        self.alerts = Some(Box::new(Alerts { seq, all, waiting, moves }));
    }

    fn alert(
        &mut self,
        model: &Model,
        rule: &SignalRule,
        waiting: &[u16],
        number: u16,
        ids: &Ids,
        layout: &mut Layout,
    ) -> Alert {
        let wait = rule.wait.as_ref().map(|wait| alert::Wait {
            number: waiting.iter().position(|other| *other == number).unwrap_or(0) as u16,
            span: wait.span.0,
            correlate: wait.correlate.map(|local| ids.attribute(local)),
        });
        let at_most = rule.at_most.map(|at_most| {
            let key = format!("{}/told/{}/{}", model.state_name, rule.id, at_most.window);
            let meter = self.meters.len() as u16;
            self.meters.push(Meter::place(layout, self.model.into(), key, at_most.window, None));
            if at_most.window == Window::Visit {
                self.visit_meters.push(meter);
            }
            (meter, at_most.times)
        });
        let words = |phases: Option<Vec<usize>>| -> Box<[bool]> {
            let is_in = |word| phases.as_ref().is_none_or(|phases| phases.contains(&word));
            (0..self.names.len()).map(is_in).collect()
        };
        let (leaving, entering) = match &rule.occasion {
            Occasion::On(_) => (None, None),
            Occasion::Move { leaving, entering } => (
                leaving.as_ref().map(|phases| phases.iter().map(|phase| phase_word(*phase)).collect()),
                entering.as_ref().map(|phases| phases.iter().map(|phase| phase_word(Some(*phase))).collect()),
            ),
        };
        let when = rule.when.as_ref().map(|when| ids.program(when));
        Alert { when, wait, at_most, leaving: words(leaving), entering: words(entering) }
    }
}

/// Finds room for the bits of conditional timers, if the model has such.
fn spent_word(model: &Model, index: usize, layout: &mut Layout) -> Option<usize> {
    let is_timer = |trigger: &Trigger| !matches!(trigger, Trigger::On(_));
    let conditional = model.rules.iter().filter(|rule| is_timer(&rule.trigger) && rule.when.is_some());
    let ids: Vec<&str> = conditional.map(|rule| rule.id.as_str()).collect();
    let key = || format!("{}/spent={}", model.state_name, ids.join(","));
    (!ids.is_empty()).then(|| layout.push(key(), FieldType::U32, index))
}

/// By phase word and kind, whether an event is a touchpoint: of those who are in no phase yet every event is.
fn touchpoints(model: &Model, ids: &Ids, kinds: usize) -> Box<[bool]> {
    let all: Vec<u16> = (0..model.kinds.len() as u16).collect();
    let own = model.phases.iter().map(|phase| phase.touchpoints.as_ref().unwrap_or(&all));
    let mut is_touchpoint = vec![false; (model.phases.len() + 1) * kinds];
    for (phase, touchpoints) in std::iter::once(&all).chain(own).enumerate() {
        for kind in touchpoints {
            is_touchpoint[phase * kinds + ids.kind(*kind)] = true;
        }
    }
    is_touchpoint.into()
}

/// How the set's vocabulary numbers a model's kinds and attributes.
struct Ids {
    kinds: Vec<u16>,
    /// Attributes that nothing reads are in no vocabulary.
    attributes: Vec<Option<u16>>,
}

impl Ids {
    fn new(model: &Model, vocabulary: &Vocabulary) -> Self {
        Self {
            kinds: model.kinds.iter().map(|kind| known(vocabulary.kind(kind)).0).collect(),
            attributes: model.attributes.iter().map(|(name, _)| vocabulary.attr(name).map(|id| id.0)).collect(),
        }
    }

    fn kind(&self, local: u16) -> usize {
        self.kinds[usize::from(local)].into()
    }

    fn attribute(&self, local: u16) -> u16 {
        known(self.attributes[usize::from(local)])
    }

    fn program(&self, when: &Condition) -> Program {
        when.program.map_slots(|slot| match slot {
            Slot::EventAttribute(local) => Slot::EventAttribute(self.attribute(local)),
            other => other,
        })
    }
}

/// The word that a phase is stored as.
fn phase_word(phase: Option<u16>) -> usize {
    phase.map_or(0, |index| usize::from(index) + 1)
}

/// What a set's vocabulary has because it was made from its models.
fn known<T>(id: Option<T>) -> T {
    id.expect("the vocabulary of a set holds the names its models use")
}
