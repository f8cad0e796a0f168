//! What a model means as text: the same as long as it means the same, whatever the code that reads it.

use xxhash_rust::xxh3::xxh3_64;

use super::{Addend, Counter, Model, Occasion, Per, SignalRule, Trigger};
impl Model {
    /// What a counter counts, over what: the same text means the same numbers.
    pub(in crate::journey) fn definition(&self, counter: &Counter) -> String {
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

    /// The hash of everything but texts and scenarios, over a spelling of its own that does not change with the code.
    pub(in crate::journey) fn fingerprint(&self) -> u64 {
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
    pub(in crate::journey) fn signal_definition(&self, rule: &SignalRule) -> String {
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
