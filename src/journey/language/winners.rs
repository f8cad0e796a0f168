//! Which rules win: a rule that others, alone or between them, always come before is never taken.

use std::collections::{BTreeSet, HashMap};

use super::decide::{Answer, Forest, Id, Patience, ask};
use super::fields::Report;
use super::sections::Names;
use super::situation::{Cause, Situation, World};
use super::transitions::{Placed, Rules};
use crate::journey::Code;
use crate::journey::model::{Rule, Trigger};
use crate::journey::program::Slot;

/// No rule is covered by others, so that it can never win.
pub(super) fn check(names: &Names, rules: &Rules, report: &mut Report) {
    let mut contest = Contest::new(names, rules);
    for (index, placed) in rules.placed.iter().enumerate() {
        if let Some(winners) = contest.winners(index) {
            let winners: Vec<&Placed> = winners.into_iter().map(|winner| &rules.placed[winner]).collect();
            report.find(Code::NeverWins, placed.id_at, told(placed, &winners));
        }
    }
}

fn told(placed: &Placed, winners: &[&Placed]) -> String {
    let id = &placed.rule.id;
    let is_before = winners.iter().all(|winner| winner.id_at < placed.id_at);
    let names: Vec<String> =
        winners.iter().map(|winner| format!("`{}` in line {}", winner.rule.id, winner.id_at.line)).collect();
    match names.as_slice() {
        [winner] => {
            let order = if is_before { "move it before that one" } else { "make its span shorter" };
            let less = if winners[0].conditional { "narrow its condition" } else { "give that one a condition" };
            format!("`{id}` can never win: {winner} always comes first; {order}, {less}, or leave this out")
        }
        _ => {
            let (last, others) = names.split_last().expect("whoever never wins loses to somebody");
            let order = if is_before { "move it before them" } else { "make its span shorter" };
            format!(
                "`{id}` can never win: one of {} and {last} always comes first; {order}, let them leave something to it, or leave this out",
                others.join(", ")
            )
        }
    }
}

/// The rules with their conditions as nodes.
struct Contest<'r> {
    world: World<'r>,
    rules: &'r Rules,
    forest: Forest,
    /// By rule; `None` if the condition is wrong, so that nothing is known of it.
    conditions: Vec<Option<Id>>,
    always: Id,
    likes: Likes,
    patience: Patience,
}

/// Kinds and phases that no rule tells apart, so that one of them stands for all.
struct Likes {
    /// By kind, the first that is like it.
    kinds: Vec<u16>,
    /// By phase, the first that is like it.
    phases: Vec<u16>,
}

impl Likes {
    fn new(world: &World<'_>, rules: &Rules) -> Self {
        let rules: Vec<&Rule> = rules.placed.iter().map(|placed| &placed.rule).collect();
        let reads = |slot| {
            let conditions = rules.iter().filter_map(|rule| rule.when.as_ref());
            conditions.into_iter().any(|when| when.program.slots().contains(&slot))
        };
        Self {
            kinds: likes(world.kinds.len(), reads(Slot::EventKind), |kind| {
                let takes = |rule: &&Rule| matches!(&rule.trigger, Trigger::On(kinds) if kinds.contains(&kind));
                rules.iter().map(takes).collect()
            }),
            phases: likes(world.phases.len(), reads(Slot::Phase), |phase| {
                rules.iter().map(|rule| rule.from.contains(&Some(phase))).collect()
            }),
        }
    }

    fn is_first(likes: &[u16], one: u16) -> bool {
        likes[usize::from(one)] == one
    }
}

/// By each of so many, the first of which the same is true; itself, if conditions tell it from others.
fn likes(count: usize, is_told_apart: bool, truths: impl Fn(u16) -> Vec<bool>) -> Vec<u16> {
    let mut firsts: HashMap<Vec<bool>, u16> = HashMap::new();
    let first = |one| if is_told_apart { one } else { *firsts.entry(truths(one)).or_insert(one) };
    (0..count as u16).map(first).collect()
}

/// Rules that are asked at the same time, one after the other.
struct Round {
    situation: Situation,
    /// Whether the rule in question is asked after them, at this time.
    is_own: bool,
    rules: Vec<usize>,
}

impl<'r> Contest<'r> {
    fn new(names: &'r Names, rules: &'r Rules) -> Self {
        let mut forest = Forest::default();
        let always = forest.always();
        let condition = |placed: &Placed| match (&placed.rule.when, placed.conditional) {
            (Some(when), _) => Some(forest.plant(&when.program)),
            (None, false) => Some(always),
            (None, true) => None,
        };
        let conditions = rules.placed.iter().map(condition).collect();
        let world = World::of_names(names);
        let likes = Likes::new(&world, rules);
        Self { world, rules, forest, conditions, always, likes, patience: Patience::default() }
    }

    /// As few rules as do, if they come before this one wherever it is asked, and it could be true without them.
    fn winners(&mut self, index: usize) -> Option<BTreeSet<usize>> {
        self.patience.renew();
        let mut winners = self.covered(index, &|_| true)?;
        for winner in winners.clone().into_iter().rev() {
            let mut fewer = winners.clone();
            fewer.remove(&winner);
            self.patience.renew();
            if self.covered(index, &|rule| fewer.contains(&rule)).is_some() {
                winners = fewer;
            }
        }
        // With nobody before it, it is its own condition that never holds.
        (!winners.is_empty()).then_some(winners)
    }

    /// Those among these rules that come before this one, if they do wherever it is asked.
    fn covered(&mut self, index: usize, among: &dyn Fn(usize) -> bool) -> Option<BTreeSet<usize>> {
        let situations = self.situations(&self.rules.placed[index].rule);
        let mut winners = (!situations.is_empty()).then(BTreeSet::new)?;
        for situation in situations {
            let rounds = self.rounds(index, situation);
            winners.extend(rounds.into_iter().find_map(|round| self.lost(index, round, among))?);
        }
        Some(winners)
    }

    /// Those among the rules of a round one of which always wins it, so that nothing is left for the rule in question.
    fn lost(&mut self, index: usize, round: Round, among: &dyn Fn(usize) -> bool) -> Option<Vec<usize>> {
        let own = self.conditions[index].filter(|_| round.is_own).unwrap_or(self.always);
        let known = |rule: usize| Some((rule, self.conditions[rule]?));
        let rules: Vec<(usize, Id)> = round.rules.into_iter().filter(|rule| among(*rule)).filter_map(known).collect();
        let wanted: Vec<(Id, bool)> =
            std::iter::once((own, true)).chain(rules.iter().map(|(_, condition)| (*condition, false))).collect();
        let domain = |slot| self.world.domain(round.situation, slot);
        match ask(&self.forest, &wanted, domain, &mut self.patience) {
            Answer::Impossible(failed) => {
                Some(failed.into_iter().filter_map(|place| Some(rules[place.checked_sub(1)?].0)).collect())
            }
            Answer::Possible | Answer::Undecided => None,
        }
    }

    /// Where a rule is asked, as far as that makes a difference.
    fn situations(&self, rule: &Rule) -> Vec<Situation> {
        let Likes { kinds, phases } = &self.likes;
        let mut causes = self.world.causes(rule);
        causes.retain(|cause| !matches!(cause, Cause::Event(kind) if !Likes::is_first(kinds, *kind)));
        // For timers it matters too how a phase is entered.
        let is_event = matches!(rule.trigger, Trigger::On(_));
        let is_first = |phase| !is_event || Likes::is_first(phases, phase);
        let from = rule.from.iter().filter(|from| from.is_none_or(is_first));
        from.flat_map(|phase| causes.iter().map(|cause| Situation { phase: *phase, cause: *cause })).collect()
    }

    /// The rounds that must leave something over for a rule to be taken in a situation.
    fn rounds(&self, index: usize, situation: Situation) -> Vec<Round> {
        let phase = situation.phase;
        let from_here = |(_, placed): &(usize, &Placed)| placed.rule.from.contains(&phase);
        let others = || self.rules.placed.iter().enumerate().filter(from_here);
        if let Cause::Event(kind) = situation.cause {
            let takes = |placed: &Placed| matches!(&placed.rule.trigger, Trigger::On(kinds) if kinds.contains(&kind));
            let rules = others().filter(|(other, placed)| *other < index && takes(placed)).map(|(other, _)| other);
            return vec![Round { situation, is_own: true, rules: rules.collect() }];
        }
        let silence = || phase.map_or(0, |phase| self.silences(index)[usize::from(phase)]);
        let mut rounds = vec![Round { situation, is_own: true, rules: Vec::new() }];
        for (other, placed) in others() {
            let (cause, is_shorter, is_equal) = match (&placed.rule.trigger, situation.cause) {
                (Trigger::After(span), Cause::After(own)) => (Cause::After(*span), *span < own, *span == own),
                // Of those that were due before the phase began the first in the file fires as it begins.
                (Trigger::Idle(span), Cause::Idle(own)) => {
                    let is_first = || other < index || silence() < own.0;
                    (Cause::Idle(*span), *span < own && is_first(), *span == own)
                }
                _ => continue,
            };
            let is_own = is_equal && other < index;
            if !is_shorter && !is_own {
                continue;
            }
            let round = rounds.iter_mut().find(|round| round.situation.cause == cause);
            match round {
                Some(round) => round.rules.push(other),
                None => rounds.push(Round { situation: Situation { phase, cause }, is_own: false, rules: vec![other] }),
            }
        }
        rounds
    }

    /// By phase, how long before its begin the customer's last event can have been, if this rule is never taken: a timer may have
    /// led there, and events that come late after that do not bring it back.
    fn silences(&self, without: usize) -> Vec<i64> {
        const ENDLESS: i64 = i64::MAX / 4;
        let count = self.world.phases.len();
        let mut silences = vec![0_i64; count];
        for round in 0..2 * count {
            for (_, Placed { rule, .. }) in self.rules.placed.iter().enumerate().filter(|(index, _)| *index != without)
            {
                for from in rule.from.iter().flatten() {
                    let before = silences[usize::from(*from)];
                    let silence = match rule.trigger {
                        Trigger::On(_) => before,
                        Trigger::Idle(span) => before.max(span.0),
                        Trigger::After(span) => before + span.0,
                    };
                    let longest = &mut silences[usize::from(rule.to)];
                    if silence > *longest {
                        // What still grows after as many rounds as there are phases grows without end.
                        *longest = if round < count { silence.min(ENDLESS) } else { ENDLESS };
                    }
                }
            }
        }
        silences
    }
}
