//! What a condition sees at the moment it is asked.

use super::{Input, Machine, Standing};
use crate::journey::effect::{Effects, Value};
use crate::journey::program::{Operand, Program, Scene, Slot};
use crate::journey::{Attr, Record};

/// What a condition sees.
pub(super) struct Moment<'a> {
    pub machine: &'a Machine,
    pub record: &'a Record,
    /// The event, and whether it is late; a timer has none.
    pub input: Option<(&'a Input<'a>, bool)>,
    pub now: i64,
    /// The last event before this one; 0 if there was none.
    pub before: i64,
}

impl Moment<'_> {
    /// Writes down what a condition was decided on.
    pub fn note(&self, when: Option<&Program>, effects: &mut Effects) -> (u32, u32) {
        let start = effects.values.len() as u32;
        for slot in when.map_or(&[][..], Program::slots) {
            effects.values.push(match self.read(*slot) {
                Operand::Number(number) => Value::Number(number),
                Operand::Text(text) => Value::Text(text.into()),
                Operand::Bool(value) => Value::Bool(value),
                Operand::Missing => Value::Missing,
            });
        }
        (start, effects.values.len() as u32)
    }

    fn standing(&self) -> Standing {
        self.machine.standing(self.record)
    }

    fn read_event(&self, slot: Slot) -> Option<Operand<'_>> {
        let (input, late) = self.input.as_ref()?;
        if slot == Slot::EventLate { Some(Operand::Bool(*late)) } else { input.operand(slot) }
    }
}

impl Input<'_> {
    /// What the event alone says.
    fn operand(&self, slot: Slot) -> Option<Operand<'_>> {
        Some(match slot {
            Slot::EventValue => Operand::Number(self.event.value?.to_f64()),
            Slot::EventKind => Operand::Text(self.vocabulary.kind_name(self.kind)),
            Slot::EventChannel => Operand::Text(self.channel),
            Slot::EventAttribute(index) => {
                let (_, expected) = self.vocabulary.attrs().get(usize::from(index))?;
                let value = self.event.attrs.get(usize::from(index))?.as_ref()?;
                match value {
                    // What a decoder hands over against the vocabulary counts as not there.
                    value if value.kind() != *expected => return None,
                    Attr::Number(number) => Operand::Number(*number),
                    Attr::Text(text) => Operand::Text(text),
                    Attr::Bool(value) => Operand::Bool(*value),
                }
            }
            _ => return None,
        })
    }
}

/// An event before anybody looks at the customer.
impl Scene for Input<'_> {
    fn read(&self, slot: Slot) -> Operand<'_> {
        self.operand(slot).unwrap_or(Operand::Missing)
    }
}

impl Scene for Moment<'_> {
    #[inline]
    fn read(&self, slot: Slot) -> Operand<'_> {
        match slot {
            Slot::Counter(index) => {
                let last = self.standing().last;
                // An event looks at windows as they are at the last event, a timer as they are when it is due.
                let now = if self.input.is_some() { last } else { self.now.max(last) };
                let event = self.input.as_ref().map(|(input, _)| input.event);
                let shown = self.machine.meters[usize::from(index)].show(self.record, now, event);
                shown.map_or(Operand::Missing, Operand::Number)
            }
            Slot::Phase => Operand::Text(&self.machine.names[self.standing().phase as usize]),
            Slot::TimeInPhase => Operand::Number(self.now.saturating_sub(self.standing().since) as f64),
            Slot::TimeSinceLast if self.before == 0 => Operand::Missing,
            Slot::TimeSinceLast => Operand::Number(self.now.saturating_sub(self.before).max(0) as f64),
            event => self.read_event(event).unwrap_or(Operand::Missing),
        }
    }
}
