//! What a model waits for in vain: events, attributes and money that no input of the configuration can yield, and what follows.

use super::conditions::{Verdict, situations_of_signal, verdict};
use super::decide::{Forest, Patience};
use super::situation::{Situation, World};
use super::{CheckedModel, Supply, flow};
use crate::journey::model::{Condition, Model, Occasion, Rule, SignalRule};
use crate::journey::{Code, Problem};
use crate::yaml::Place;

impl CheckedModel {
    /// What can never come to be if these are the inputs: each once, where its cause is.
    pub fn starved(&self, supplies: &[Supply]) -> Vec<Problem> {
        let mut hunger = Hunger {
            checked: self,
            world: World::fed(&self.model, supplies),
            forest: Forest::default(),
            patience: Patience::default(),
            problems: Vec::new(),
        };
        hunger.names(supplies);
        hunger.applies_to();
        let alive = hunger.rules();
        hunger.signals(&alive);
        hunger.problems.sort();
        hunger.problems
    }
}

struct Hunger<'m> {
    checked: &'m CheckedModel,
    world: World<'m>,
    forest: Forest,
    patience: Patience,
    problems: Vec<Problem>,
}

/// The rules that can be taken, and by phase whether they lead there.
struct Alive<'m> {
    rules: Vec<&'m Rule>,
    reached: Vec<bool>,
}

impl Alive<'_> {
    fn can_be(&self, phase: Option<u16>) -> bool {
        phase.is_none_or(|phase| self.reached[usize::from(phase)])
    }
}

impl<'m> Hunger<'m> {
    fn find(&mut self, at: Place, text: String) {
        self.problems.push(Problem { at, text, code: Code::NeverFed });
    }

    /// Kinds, attributes and counters.
    fn names(&mut self, supplies: &[Supply]) {
        let CheckedModel { model, places, .. } = self.checked;
        for ((index, kind), at) in (0..).zip(&model.kinds).zip(&places.kinds) {
            if !self.world.yields(index) {
                let text = format!("no input can yield `{kind}`; let one yield it, or leave the kind out");
                self.find(*at, text);
            }
        }
        for ((index, (name, _)), at) in (0..).zip(&model.attributes).zip(&places.attributes) {
            if model.reads_attribute(index) && !supplies.iter().any(|supply| supply.has(name)) {
                let text = format!(
                    "no input can yield the attribute `{name}`; say in the `mapping` of one where it stands, or leave it out"
                );
                self.find(*at, text);
            }
        }
        for (counter, at) in model.counters.iter().zip(&places.counters) {
            if !self.world.feeds(counter) {
                let text = format!(
                    "the counter `{}` stays at zero, because no input can yield what it counts; let one yield it, or leave the counter out",
                    counter.name
                );
                self.find(*at, text);
            }
        }
    }

    /// Whether any event that can come is for the model.
    fn applies_to(&mut self) {
        let CheckedModel { model, places, .. } = self.checked;
        let kinds: Vec<u16> = (0..model.kinds.len() as u16).collect();
        let situations = self.world.events(&kinds).into_iter().map(|cause| Situation { phase: None, cause });
        if self.never_holds(model.applies_to.as_ref(), &situations.collect::<Vec<_>>()) {
            let text = "with what the inputs can yield this is never true, so the model takes no event; let them yield more, or correct it";
            self.find(places.applies_to, text.to_owned());
        }
    }

    fn never_holds(&mut self, when: Option<&Condition>, situations: &[Situation]) -> bool {
        let Some(when) = when else { return false };
        let condition = self.forest.plant(&when.program);
        verdict(&self.world, &self.forest, condition, situations, &mut self.patience) == Verdict::Never
    }

    /// Transitions that are never taken, and phases that nobody can reach therefore.
    fn rules(&mut self) -> Alive<'m> {
        let CheckedModel { model, places, .. } = self.checked;
        let mut rules = Vec::new();
        let mut starved = Vec::new();
        for (rule, at) in model.rules.iter().zip(&places.rules) {
            let situations = self.world.situations(rule);
            let why = if situations.is_empty() {
                "no input can yield what sets it off; let one yield it, or leave the transition out"
            } else if self.never_holds(rule.when.as_ref(), &situations) {
                "with what the inputs can yield its condition is never true; let them yield more, or leave the transition out"
            } else {
                rules.push(rule);
                continue;
            };
            starved.push((rule, *at, why));
        }
        let reached = flow::reached(rules.iter().copied(), model.phases.len());
        let alive = Alive { rules, reached };
        for (rule, at, why) in starved {
            // Of a phase that nobody reaches it is said once that nobody does.
            if rule.from.iter().any(|from| alive.can_be(*from)) {
                self.find(at, format!("`{}` is never taken: {why}", rule.id));
            }
        }
        for ((index, phase), at) in (0..).zip(&model.phases).zip(&places.phases) {
            if !alive.can_be(Some(index)) {
                let text = format!(
                    "with what the inputs can yield no customer reaches the phase `{}`; let them yield more, or leave the phase out",
                    phase.name
                );
                self.find(*at, text);
            }
        }
        alive
    }

    /// Signals that are never told, and what never calls them off.
    fn signals(&mut self, alive: &Alive<'m>) {
        let CheckedModel { model, places, .. } = self.checked;
        for (signal, places) in model.signals.iter().zip(&places.signals) {
            if let Some(why) = self.never_told(signal, alive) {
                self.find(places.id, format!("`{}` is never told: {why}", signal.id));
                continue;
            }
            let unless = signal.wait.iter().flat_map(|wait| &wait.unless);
            let silent: Vec<String> =
                unless.filter(|kind| !self.world.yields(**kind)).map(|kind| quoted(model, *kind)).collect();
            if !silent.is_empty() {
                let text = format!(
                    "no input can yield {}, so that never calls `{}` off; let one yield it, or leave it out of `unless`",
                    silent.join(" or "),
                    signal.id
                );
                self.find(places.unless, text);
            }
        }
    }

    fn never_told(&mut self, signal: &SignalRule, alive: &Alive<'m>) -> Option<&'static str> {
        let mut situations = situations_of_signal(&self.world, signal, alive.rules.iter().copied());
        let are_none = situations.is_empty();
        situations.retain(|situation| alive.can_be(situation.phase));
        Some(match signal.occasion {
            Occasion::On(_) if are_none => {
                "no input can yield what it tells of; let one yield it, or leave the signal out"
            }
            Occasion::Move { .. } if situations.is_empty() => {
                "with what the inputs can yield no transition does this; let them yield more, or leave the signal out"
            }
            Occasion::On(_) if situations.is_empty() => {
                "with what the inputs can yield no customer reaches its phases; let them yield more, or leave the signal out"
            }
            _ if self.never_holds(signal.when.as_ref(), &situations) => {
                "with what the inputs can yield its condition is never true; let them yield more, or leave the signal out"
            }
            _ => return None,
        })
    }
}

fn quoted(model: &Model, kind: u16) -> String {
    format!("`{}`", model.kinds[usize::from(kind)])
}
