//! Every kind of mistake in a model file: where it is told, what is wrong, and what to write instead.
#![allow(clippy::unwrap_used)]

use klantreis::journey::CheckedModel;

/// A sound model; the cases below change lines of it.
const SOUND: [&str; 14] = [
    "model: shop",
    "version: 1",
    "kinds: [view, cart, buy]",
    "attributes: { colour: text, pieces: number, member: bool }",
    "phases: { look: {}, own: {}, gone: {} }",
    "counters:",
    "  views: { on: view, window: visit }",
    "transitions:",
    "  - { id: start, from: new, to: look, on: any }",
    "  - { id: bought, from: look, to: own, on: buy, when: 'views > 1' }",
    "  - { id: left, from: [look, own], to: gone, idle: 30d }",
    "  - { id: back, from: gone, to: look, on: any }",
    "scenarios:",
    "  - { name: one, given: [{ at: 0s, kind: view }], expect: [{ to: look }] }",
];

/// The sound model with some lines (counted from 1) written differently.
fn changed(changes: &[(usize, &str)]) -> String {
    let mut lines = SOUND;
    for (line, text) in changes {
        lines[line - 1] = text;
    }
    lines.join("\n")
}

fn mistakes(source: &str) -> String {
    match CheckedModel::parse("shop.yaml", source) {
        Ok(_) => "none".to_owned(),
        Err(errors) => errors.to_string(),
    }
}

fn check(changes: &[(usize, &str)], expected: &[&str]) {
    let found = mistakes(&changed(changes));
    let expected: Vec<String> = expected.iter().map(|line| format!("shop.yaml:{}", coded(line, "malformed"))).collect();
    assert_eq!(found, expected.join("\n"), "{changes:?}");
}

/// The line with the code behind it, unless it has one.
fn coded(line: &str, code: &str) -> String {
    if line.ends_with(']') && line.contains(" [") { line.to_owned() } else { format!("{line} [{code}]") }
}

/// Each expected line begins with the offset within the condition.
fn check_when(when: &str, expected: &[&str]) {
    let line = format!("  - {{ id: bought, from: look, to: own, on: buy, when: \"{when}\" }}");
    let expected: Vec<String> = expected
        .iter()
        .map(|line| {
            let (offset, text) = line.split_once(": ").unwrap();
            coded(&format!("10:{}: {text}", offset.parse::<usize>().unwrap() + 56), "bad-condition")
        })
        .collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&[(10, &line)], &expected);
}

#[test]
fn the_sound_model_is_sound() {
    assert_eq!(mistakes(&changed(&[])), "none");
}

#[test]
fn what_is_not_yaml_or_not_a_model_is_told_with_its_place() {
    check(
        &[(3, "kinds: [view, cart, buy")],
        &["4:11: this is not YAML: illegal placement of ':' indicator; check brackets, quotes and indentation"],
    );
    check(
        &[(2, "version: 1: 2")],
        &[
            "2:11: this is not YAML: mapping values are not allowed in this context; check brackets, quotes and indentation",
        ],
    );
    check(
        &[(10, "  - { id: *there }")],
        &["10:11: this is not YAML: alias references unknown anchor; check brackets, quotes and indentation"],
    );
    check(&[(2, "version: one")], &["2:10: `version` is the text `one`; write a whole number from 1, such as `1`"]);
    check(&[(2, "version: 0")], &["2:10: `version` is the number 0; write a whole number from 1, such as `1`"]);
    check(
        &[(1, "model: 5")],
        &["1:8: `model` is the number 5; write a text (in \"quotes\" if it looks like a number)"],
    );
    check(
        &[(1, "model: my shop")],
        &[
            "1:8: `my shop` cannot be the name of a model; begin with a letter and go on with letters, digits, `_`, `-`, `.` or `:`",
        ],
    );
    check(
        &[(1, "modell: shop")],
        &[
            "1:1: the model has no `model`; write e.g. `model: think5`",
            "1:1: the model has no key `modell`; did you mean `model`?",
        ],
    );
    check(&[(2, "version: 1\nversion: 2")], &["3:1: the model has the key `version` twice; leave one out"]);
    check(
        &[(4, "alarms: []")],
        &[
            "4:1: the model has no key `alarms`; write one of `model`, `version`, `kinds`, `attributes`, `applies_to`, `phases`, `moved`, `counters`, `transitions`, `signals`, `waiting`, `scenarios`",
        ],
    );
    let all = "`model`, `version`, `kinds`, `attributes`, `applies_to`, `phases`, `moved`, `counters`, `transitions`, `signals`, `waiting`, `scenarios`";
    for (source, what) in [("", "nothing"), ("- a", "a list"), ("model", "the text `model`")] {
        assert_eq!(mistakes(source), format!("shop.yaml:1:1: the model is {what}; write a map with {all} [malformed]"));
    }
    let two = "shop.yaml:3:1: a file holds one model; leave out what begins with `---`, or make it a file of its own [malformed]";
    assert_eq!(mistakes("model: x\n---\nmodel: y"), two);
}

#[test]
fn names_are_introduced_once_and_in_their_place() {
    check(&[(3, "kinds: [view, cart, buy, view]")], &["3:26: `view` stands twice in `kinds`; leave one out"]);
    check(
        &[(3, "kinds: [view, cart, buy, any, timer]")],
        &[
            "3:26: `any` is reserved; give the kind another name",
            "3:31: `timer` is reserved; give the kind another name",
        ],
    );
    check(&[(3, "kinds: view")], &["3:8: `kinds` is the text `view`; write a list such as `[page_viewed, purchased]`"]);
    check(&[(3, "kinds: []")], &["3:8: `kinds` is an empty list; write a list such as `[page_viewed, purchased]`"]);
    check(
        &[(3, "kinds: [view, cart, buy, 404]")],
        &["3:26: `kinds` is the number 404; write a text (in \"quotes\" if it looks like a number)"],
    );
    check(
        &[(3, "kinds: [view, cart, buy, 'a b']")],
        &[
            "3:26: `a b` cannot be the name of a kind; begin with a letter and go on with letters, digits, `_`, `-`, `.` or `:`",
        ],
    );
    check(
        &[(4, "attributes: { colour: string, value: number, 'a-b': text, in: bool, pieces: 3 }")],
        &[
            "4:23: `string` is not a type of attribute; write one of `number`, `text`, `bool`",
            "4:31: `value` cannot be the name of an attribute: it means something else in conditions; choose another",
            "4:46: `a-b` cannot be the name of an attribute: conditions could not read it; use ASCII letters, digits and `_`",
            "4:59: `in` cannot be the name of an attribute: it means something else in conditions; choose another",
            "4:77: attribute `pieces` is the number 3; write `number`, `text` or `bool`",
        ],
    );
    check(
        &[(4, "attributes: [colour]")],
        &["4:13: `attributes` is a list; write a map with the name of each attribute"],
    );
    check(
        &[(5, "phases: { look: {}, own: {}, gone: {}, look: {} }")],
        &["5:40: there are two phases `look`; give each a name of its own"],
    );
    check(
        &[(5, "phases: { look: {}, own: {}, gone: {}, new: {}, any: {} }")],
        &[
            "5:40: `new` is reserved; give the phase another name",
            "5:49: `any` is reserved; give the phase another name",
        ],
    );
    check(&[(5, "phases: [look, own, gone]")], &["5:9: `phases` is a list; write a map with the name of each phase"]);
    check(&[(5, "phases: {}")], &["5:9: `phases` has no phase; write at least one, such as `orientatie: {}`"]);
    check(
        &[(
            5,
            "phases: { look: {nam: x}, own: { name: { de: x }, forget_after: 0s }, gone: { needs: { nl: x }, final: 1 } }",
        )],
        &[
            "5:18: phase `look` has no key `nam`; did you mean `name`?",
            "5:42: `name` has no key `de`; write one of `nl`, `en`",
            "5:65: `forget_after` is zero: nobody would stay; write a span such as `90d`",
            "5:92: `needs` is the text `x`; write a list of texts",
            "5:104: `final` is the number 1; write `true` or `false`",
        ],
    );
    check(
        &[(5, "phases: { look: { name: Kijken, forget_after: soon }, own: 5, gone: { needs: { nl: [1] } } }")],
        &[
            "5:25: `name` is the text `Kijken`; write a map with `nl`, `en`",
            "5:47: `forget_after`: `soon` is not a span of time; write e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`",
            "5:60: phase `own` is the number 5; write a map with `name`, `needs`, `touchpoints`, `final`, `forget_after`",
            "5:85: a need is the number 1; write a text (in \"quotes\" if it looks like a number)",
        ],
    );
}

#[test]
fn counters_say_what_they_count_over_what() {
    check(
        &[(7, "  views: { on: veiw, window: visit }")],
        &["7:16: `veiw` is not in `kinds`; did you mean `view`? (or add it there) [unknown-name]"],
    );
    check(
        &[(7, "  views: { on: [view, view], window: visit }")],
        &["7:23: `view` stands twice in the list; leave one out"],
    );
    check(
        &[(7, "  views: { on: [view, any], window: visit }")],
        &["7:16: `on` lists `any` beside other kinds; write `on: any` alone"],
    );
    check(
        &[(7, "  views: { on: [], window: visit }")],
        &["7:16: `on` is an empty list; write a kind, a list of kinds, or `any`"],
    );
    check(&[(7, "  views: { on: view }")], &["7:10: counter `views` has no `window`; write e.g. `window: visit`"]);
    check(
        &[(7, "  views: { window: visit }")],
        &["7:10: counter `views` has no `on`; write e.g. `on: product_viewed`"],
    );
    check(&[(7, "  views: { on: view, window: 7ms }")], &["7:30: a window of 7ms is too short; write at least `8ms`"]);
    check(
        &[(7, "  views: { on: view, window: session }")],
        &["7:30: `window` is the text `session`; write `visit`, `ever`, or a span of time such as `7d`"],
    );
    check(
        &[(7, "  views: { on: view, window: 7 }")],
        &["7:30: `window` is the number 7; write `visit`, `ever`, or a span of time such as `7d`"],
    );
    check(
        &[(7, "  views: { on: view, window: ever, sum: colour }")],
        &["7:41: `colour` cannot be added up: it is a text; sum `value` or a number"],
    );
    check(
        &[(7, "  views: { on: view, window: ever, sum: piece }")],
        &["7:41: `piece` cannot be added up: there is no such attribute; did you mean `pieces`? [unknown-name]"],
    );
    check(
        &[(7, "  views: 3")],
        &["7:10: counter `views` is the number 3; write a map with `on`, `window`, `sum`, `per`, `values`, `reset`"],
    );
    check(
        &[(
            7,
            "  views: { on: view, window: visit }\n  phase: { on: view, window: ever }\n  my-count: { on: view, window: ever }\n  views: { on: cart, window: ever }",
        )],
        &[
            "8:3: `phase` cannot be the name of a counter: it means something else in conditions; choose another",
            "9:3: `my-count` cannot be the name of a counter: conditions could not read it; use ASCII letters, digits and `_`",
            "10:3: there are two counters `views`; give each a name of its own",
        ],
    );
}

#[test]
fn transitions_name_what_exists() {
    check(
        &[(9, "  - { id: start, from: new, to: loook, on: any }")],
        &["9:33: `loook` is not a phase; did you mean `look`? [unknown-name]"],
    );
    check(
        &[(11, "  - { id: left, from: [look, onw], to: gone, idle: 30d }")],
        &["11:30: `onw` is not a phase; did you mean `own`? [unknown-name]"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, on: [buy, sell] }")],
        &["10:50: `sell` is not in `kinds`; write one of `view`, `cart`, `buy` (or add it there) [unknown-name]"],
    );
    check(
        &[(10, "  - { id: start, from: look, to: own, on: buy }")],
        &["10:11: the transition in line 9 is called `start` too; give each an id of its own"],
    );
    check(
        &[(10, "  - { from: look, to: own, on: buy }")],
        &["10:5: a transition has no `id`; write e.g. `id: first-purchase`"],
    );
    check(
        &[(10, "  - { id: bought, to: own, on: buy }")],
        &["10:5: a transition has no `from`; write e.g. `from: new`"],
    );
    check(
        &[(10, "  - { id: bought, from: look, on: buy }")],
        &["10:5: a transition has no `to`; write e.g. `to: aankoop`"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: new, on: buy }")],
        &["10:35: nobody becomes `new` again; write the name of a phase"],
    );
    check(
        &[(10, "  - { id: bought, from: any, to: own, on: buy }")],
        &["10:25: `any` stands for kinds, not for phases; list the phases that are left"],
    );
    check(
        &[(10, "  - { id: bought, from: [look, look], to: own, on: buy }")],
        &["10:32: `look` stands twice in the list; leave one out"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, on: buy, then: x }")],
        &["10:49: a transition has no key `then`; did you mean `when`?"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own }")],
        &[
            "10:5: a transition has nothing that sets it off; write one of `on: <kind>`, `after: <span>`, `idle: <span>`",
        ],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, on: buy, after: 2d }")],
        &["10:56: a transition is set off by one thing, not by `on`, `after`; leave one, or make it two transitions"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, after: 0s }")],
        &["10:47: `after` is zero; write a span such as `2d`"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, after: 2 }")],
        &["10:47: `after` is the number 2; write a span of time such as `30s`, `1h30m` or `7d`"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, after: 2 days }")],
        &["10:47: `after`: `2 days` is not a span of time; write e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`"],
    );
    check(
        &[(
            10,
            "  - { id: bought, from: look, to: own, on: buy }\n  - { id: wait, from: [new, own], to: gone, after: 90d }",
        )],
        &["11:52: a customer who is `new` has no timer: no event came yet; write `on`, or `from` a phase"],
    );
    check(
        &[(10, "  - bought")],
        &[
            "10:5: a transition is the text `bought`; write a map with `id`, `from`, `to`, `on`, `when`, `after`, `idle`",
        ],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, on: buy, when: true }")],
        &["10:55: `when` is `true`; write a condition such as `views >= 3`, or leave `when` out"],
    );
    check(
        &[(8, "transitions: {}"), (9, ""), (10, ""), (11, ""), (12, "")],
        &["8:14: `transitions` is a map; write a list of transitions, each with `- id: …`"],
    );
}

#[test]
fn rules_taken_together_reach_every_phase_and_come_to_rest() {
    check(
        &[(9, "  - { id: start, from: gone, to: look, on: buy }")],
        &[
            "9:3: no transition begins with `from: new`, so no customer ever enters a phase; add one [unreachable-phase]",
        ],
    );
    check(
        &[(10, "  - { id: bought, from: own, to: own, on: buy }")],
        &[
            "5:21: no customer can reach the phase `own`; add a transition `to: own`, or leave the phase out [unreachable-phase]",
        ],
    );
    check(
        &[(
            10,
            "  - { id: bought, from: look, to: own, on: buy }\n  - { id: again, from: look, to: gone, on: buy, when: views > 3 }",
        )],
        &[
            "11:11: `again` can never win: `bought` in line 10 always comes first; move it before that one, give that one a condition, or leave this out [never-wins]",
        ],
    );
    check(
        &[(
            10,
            "  - { id: bought, from: look, to: own, on: buy, when: views > 3 }\n  - { id: again, from: look, to: gone, on: buy, when: 3 < views || views > 3 }\n  - { id: third, from: look, to: gone, on: buy, when: ' views  > 3.0' }",
        )],
        &[
            "11:11: `again` can never win: `bought` in line 10 always comes first; move it before that one, narrow its condition, or leave this out [never-wins]",
            "12:11: `third` can never win: `bought` in line 10 always comes first; move it before that one, narrow its condition, or leave this out [never-wins]",
        ],
    );
    check(
        &[(
            12,
            "  - { id: back, from: gone, to: look, on: any }\n  - { id: late, from: own, to: look, idle: 31d }\n  - { id: same, from: [own], to: look, idle: 30d, when: views > 1 }",
        )],
        &[
            "13:11: `late` can never win: `left` in line 11 always comes first; move it before that one, give that one a condition, or leave this out [never-wins]",
            "14:11: `same` can never win: `left` in line 11 always comes first; move it before that one, give that one a condition, or leave this out [never-wins]",
        ],
    );
    check(
        &[(
            12,
            "  - { id: back, from: gone, to: look, on: any }\n  - { id: early, from: [look, own], to: gone, idle: 29d }",
        )],
        &[
            "11:11: `left` can never win: `early` in line 13 always comes first; make its span shorter, give that one a condition, or leave this out [never-wins]",
        ],
    );
    check(
        &[(
            12,
            "  - { id: back, from: gone, to: look, on: any }\n  - { id: stay, from: [own, gone], to: own, idle: 1d }",
        )],
        &[
            "11:52: timers alone lead from `own` round to `own` at once, without end; let an event or an `after` be on the way [endless-timers]",
            "13:51: an `idle` timer from `own` to itself would fire again at once; write `after`, or another `to` [endless-timers]",
        ],
    );
    check(
        &[(12, "  - { id: back, from: gone, to: look, idle: 3d }")],
        &[
            "11:52: timers alone lead from `look` round to `look` at once, without end; let an event or an `after` be on the way [endless-timers]",
        ],
    );
    check(
        &[(12, "  - { id: back, from: gone, to: look, after: 30m }")],
        &[
            "11:52: timers alone lead from `look` round to `look` every 30m; let an event be on the way, or at least 1h [endless-timers]",
        ],
    );
    check(
        &[(12, "  - { id: back, from: gone, to: gone, after: 30m }")],
        &[
            "12:46: timers alone lead from `gone` round to `gone` every 30m; let an event be on the way, or at least 1h [endless-timers]",
        ],
    );
    let slow = changed(&[(12, "  - { id: back, from: gone, to: look, after: 3d }")]);
    assert_eq!(mistakes(&slow), "none");
    check(
        &[(5, "phases: { look: {}, own: {}, gone: { final: true } }")],
        &["12:23: `gone` is final, so no transition can leave it; drop `final: true` or this source [leaves-final]"],
    );
    check(
        &[(5, "phases: { look: {}, own: {}, gone: {}, lost: {} }")],
        &[
            "5:40: no customer can reach the phase `lost`; add a transition `to: lost`, or leave the phase out [unreachable-phase]",
        ],
    );
}

#[test]
fn conditions_are_type_checked_where_they_stand() {
    check_when("views >", &["7: the condition cannot be read: it ends too early; write what is missing"]);
    check_when(
        "views > 'a'",
        &["6: a number cannot be compared with a text; a text stands in quotes, a number does not"],
    );
    check_when("views", &["0: the condition is a number; compare it, as in `views >= 3`"]);
    check_when("veiws > 1", &["0: `veiws` is not a counter; did you mean `views`?"]);
    check_when("colour == 'red'", &["0: `colour` is not a counter; did you mean `event.colour`?"]);
    check_when(
        "event.color == 'red'",
        &["6: `color` is not in `attributes`; did you mean `colour`? (or add it there)"],
    );
    check_when(
        "event.colour > 3",
        &["13: a text cannot be compared with a number; a text stands in quotes, a number does not"],
    );
    check_when("has(event.kind)", &["0: every event has `event.kind`; leave `has()` out"]);
    check_when(
        "has(views)",
        &["4: the condition cannot be read: `has()` asks whether an event has something; write `has(event.x)`"],
    );
    check_when("event > 3", &["0: `event` alone is nothing; write what of it is meant, such as `event.value`"]);
    check_when(
        "phase == 'owned'",
        &["9: `owned` is not a phase of this model; write one of `look`, `own`, `gone`, `new`"],
    );
    check_when("event.kind == 'byu'", &["14: `byu` is not a kind of this model; did you mean `buy`?"]);
    check_when(
        "event.kind in ['buy', 'sell']",
        &["22: `sell` is not a kind of this model; write one of `view`, `cart`, `buy`"],
    );
    check_when(
        "time_in_phase > 3",
        &["14: a span of time cannot be compared with a number; write a span as `duration(\"48h\")`"],
    );
    check_when(
        "time_in_phase > '48h'",
        &["14: a span of time cannot be compared with a text; write a span as `duration(\"48h\")`"],
    );
    check_when(
        "time_in_phase > duration('2 days')",
        &["16: `2 days` is not a span of time; write e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`"],
    );
    check_when(
        "duration(views) > time_in_phase",
        &["0: `duration()` takes a text written out; write e.g. `duration(\"48h\")`"],
    );
    check_when("event.member > true", &["13: true and false have no order; compare them with `==` or `!=`"]);
    check_when(
        "views && true",
        &["0: this is a number, but true or false is expected; write a comparison such as `views >= 3`"],
    );
    check_when(
        "!views",
        &["1: this is a number, but true or false is expected; write a comparison such as `views >= 3`"],
    );
    check_when(
        "views + 'a' > 3",
        &["8: this is a text, but a number is expected; write a counter, `event.value` or a number such as `3`"],
    );
    check_when("views % 2 == 0", &["6: `%` has no use here; write `+`, `-`, `*` or `/`"]);
    check_when("[1, 2]", &["0: a list stands only after `in`, as in `event.kind in [\"a\", \"b\"]`"]);
    check_when(
        "views in event",
        &["9: after `in` stands a list of literals, such as `[\"a\", \"b\"]`; to search a text write `.contains()`"],
    );
    check_when("views in [1, 'a']", &["13: in this list each must be a number, written out; write a literal"]);
    check_when(
        "event.colour.matches('x')",
        &["13: there is no `.matches()`; write one of `startsWith`, `endsWith`, `contains`"],
    );
    check_when(
        "event.colour.startsWith()",
        &["13: `startsWith` takes one text; write e.g. `event.channel.startsWith(\"m\")`"],
    );
    check_when(
        "event.colour.startsWith(3)",
        &["24: this is a number, but a text is expected; write a text in quotes, such as `\"shoes\"`"],
    );
    check_when(
        "size(event.colour) > 3",
        &["0: `size()` cannot be called so; write one of `has`, `duration`, `startsWith`, `endsWith`, `contains`"],
    );
    check_when(
        "views > 1 ? 2 : 'a'",
        &["16: this is a text, but before `:` stands a number; write the same on both sides"],
    );
    check_when(
        "views ? true : false",
        &["0: this is a number, but before `?` stands true or false; write a comparison"],
    );
    check_when(
        "null == views",
        &["0: nothing is ever `null`; to ask whether an event has something write `has(event.x)`"],
    );
    check_when(
        "event.colour == null",
        &["16: nothing is ever `null`; to ask whether an event has something write `has(event.x)`"],
    );
    check_when(
        "[1].exists(x, x > 1)",
        &["10: maps, structures and comprehensions have no use here; write comparisons joined by `&&` and `||`"],
    );
    check_when(
        "{'a': 1}",
        &["0: maps, structures and comprehensions have no use here; write comparisons joined by `&&` and `||`"],
    );
    check_when("views[0] > 1", &["5: nothing here can be indexed; write e.g. `event.value`"]);
    check_when("phase.value == 1", &["6: `.value` is of nothing; only `event` has parts, such as `event.value`"]);
    check_when("event.kind.value == 1", &["11: `.value` is of nothing; only `event` has parts, such as `event.value`"]);
    check_when("b'x' == event.colour", &["0: bytes have no use here; write a text, without the `b`"]);
    check_when(
        "1e999 > views",
        &["0: the condition cannot be read: invalid double literal; write e.g. `views >= 3 && event.value > 50`"],
    );
    check_when(
        "views > 1 && (event.pieces + 'x' > 1 || veiws > 2)",
        &[
            "29: this is a text, but a number is expected; write a counter, `event.value` or a number such as `3`",
            "40: `veiws` is not a counter; did you mean `views`?",
        ],
    );
    check_when("true > false", &["5: true and false have no order; compare them with `==` or `!=`"]);
    check_when("'é' == event.colour && veiws > 1", &["23: `veiws` is not a counter; did you mean `views`?"]);
    check_when("'é' = event.colour", &["4: the condition cannot be read: `=` compares nothing; write `==`"]);
    check_when("views = 3", &["6: the condition cannot be read: `=` compares nothing; write `==`"]);
    check_when("views > 1 and views < 3", &["10: the condition cannot be read: `and` is unknown; write `&&`"]);
    check_when(
        "event.in == 3",
        &["6: the condition cannot be read: unexpected '.in'; write e.g. `views >= 3 && event.value > 50`"],
    );
    check_when(
        "time_since_last - time_in_phase > duration('1h')",
        &[
            "0: this is a span of time, but a number is expected; write a counter, `event.value` or a number such as `3`",
            "18: this is a span of time, but a number is expected; write a counter, `event.value` or a number such as `3`",
        ],
    );
    check_when(
        "event.member in [true]",
        &["17: in this list each must be true or false, written out; write a literal"],
    );
    check_when(
        "-event.colour == 3",
        &["7: this is a text, but a number is expected; write a counter, `event.value` or a number such as `3`"],
    );
    check(
        &[(10, "  - { id: bought, from: look, to: own, after: 3d, when: 'event.value > 3' }")],
        &["10:64: a timer has no event, so `event.value` cannot be read; count it in a counter [bad-condition]"],
    );
}

#[test]
fn the_place_of_a_condition_is_found_however_it_is_written() {
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: views > veiws")],
        &["14:19: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: 'views > veiws'")],
        &["14:20: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: \"views > veiws\"")],
        &["14:20: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: >-\n      views >\n      veiws")],
        &["16:7: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: |\n      views >\n        veiws")],
        &["16:9: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: views\n      > veiws")],
        &["15:9: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: \"views > 1 && \\\n      veiws\"")],
        &["14:25: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(
            10,
            "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: 'event.colour == ''x'' && veiws > 1'",
        )],
        &["14:11: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
    check(
        &[(10, "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: \"views\\u0020> veiws\"")],
        &["14:11: `veiws` is not a counter; did you mean `views`? [bad-condition]"],
    );
}

#[test]
fn lines_that_end_as_on_windows_are_counted_the_same() {
    let windows = |changes: &[(usize, &str)]| mistakes(&changed(changes).replace('\n', "\r\n"));
    assert_eq!(windows(&[]), "none");
    let condition = "  - { id: bought, from: look, to: own, on: buy, when: views > veiws }";
    assert_eq!(windows(&[(10, condition)]), mistakes(&changed(&[(10, condition)])));
    let folded = "  - id: bought\n    from: look\n    to: own\n    on: buy\n    when: >-\n      views >\n      veiws";
    assert_eq!(windows(&[(10, folded)]), mistakes(&changed(&[(10, folded)])));
}

#[test]
fn scenarios_speak_of_the_model() {
    check(
        &[(
            14,
            "  - { name: one, given: [{ at: 0s, kind: veiw, value: much, id: 3 }], expect: [{ to: lok, cause: byu, from: nwe, rule: strat, at: soon }] }",
        )],
        &[
            "14:42: `veiw` is not in `kinds`; did you mean `view`? (or add it there) [unknown-name]",
            "14:55: `value`: `much` is not an amount; write a decimal number such as `12.50`",
            "14:65: `id` is the number 3; write a text (in \"quotes\" if it looks like a number)",
            "14:86: `lok` is not a phase; did you mean `look`? [unknown-name]",
            "14:98: `byu` is not in `kinds`; did you mean `buy`? (or add it there) [unknown-name]",
            "14:109: `nwe` is not a phase; write one of `look`, `own`, `gone` [unknown-name]",
            "14:120: there is no transition `strat`; did you mean `start`? [unknown-name]",
            "14:131: `at` is the text `soon`; write a span since the start such as `2d`, or a time such as `2026-01-05T09:30:00Z`",
        ],
    );
    check(
        &[(
            14,
            "  - { name: one, given: [{ kind: view }, { at: 3, kind: buy }, { at: 1980-01-01T00:00:00Z, kind: buy }], expect: [{ from: new }], until: ever }",
        )],
        &[
            "14:26: an event has no `at`; write e.g. `at: 2d`",
            "14:48: `at` is the number 3; write a span since the start such as `2d`, or a time such as `2026-01-05T09:30:00Z`",
            "14:70: `1980-01-01T00:00:00Z` is not between 1990 and 2100; write a time in between",
            "14:115: an expected transition has no `to`; write e.g. `to: aankoop`",
            "14:138: `until`: `ever` is not a span of time; write e.g. `100ms`, `30s`, `5m`, `1h30m`, `2d` or `1w`",
        ],
    );
    check(
        &[(
            14,
            "  - { name: one, given: [{ at: 0s, kind: view, attributes: { colour: 3, color: x, pieces: a, member: 'yes' } }], expect: [] }\n  - { name: one, given: [], expect: [] }",
        )],
        &[
            "14:70: attribute `colour` is the number 3; write a text (in \"quotes\" if it looks like a number)",
            "14:73: `attributes` has no key `color`; did you mean `colour`?",
            "14:91: attribute `pieces` is the text `a`; write a number",
            "14:102: attribute `member` is the text `yes`; write `true` or `false`",
            "15:13: there are two scenarios `one`; give each a name of its own",
        ],
    );
    check(
        &[(14, "  - { given: view }")],
        &[
            "14:5: a scenario has no `expect`; write e.g. `expect: [{ to: orientatie }]`",
            "14:5: a scenario has no `name`; write e.g. `name: who buys at once is a customer`",
            "14:14: `given` is the text `view`; write a list of events",
        ],
    );
}

#[test]
fn customers_are_moved_from_phases_that_are_gone_to_phases_there_are() {
    let moved = |text: &str| format!("{}\nmoved: {text}", SOUND[4]);
    assert_eq!(mistakes(&changed(&[(5, &moved("{ interest: look, trial: look, lost: gone }"))])), "none");
    check(
        &[(5, &moved("{ own: look, new: look, a b: gone }"))],
        &[
            "6:10: `own` is a phase still; take it out of `phases`, or do not move its customers",
            "6:21: `new` was never a phase; write the name of one that is gone",
            "6:32: `a b` cannot be the name of a phase; begin with a letter and go on with letters, digits, `_`, `-`, `.` or `:`",
        ],
    );
    check(
        &[(5, &moved("{ a: lok, b: new, c: 3, d: interest, a: look }"))],
        &[
            "6:13: `lok` is not a phase; did you mean `look`? [unknown-name]",
            "6:21: nobody becomes `new` again; write the name of a phase",
            "6:29: the phase in place of `c` is the number 3; write a text (in \"quotes\" if it looks like a number)",
            "6:35: `interest` is not a phase; write one of `look`, `own`, `gone` [unknown-name]",
            "6:45: `a` is moved twice; leave one out",
        ],
    );
    check(
        &[(5, &moved("[interest]"))],
        &[
            "6:8: `moved` is a list; write a map from each phase that is gone to one there is, such as `{ interesse: afweging }`",
        ],
    );
}

#[test]
fn a_model_has_its_limits() {
    let many = |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<Vec<_>>();
    let told = |changes: &[(usize, &str)], expected: &str| {
        let found = mistakes(&changed(changes));
        assert!(found.contains(expected), "{found}");
    };
    let counters = many(64, &|index| format!("  c{index}: {{ on: view, window: ever }}")).join("\n");
    let counters = format!("  views: {{ on: view, window: visit }}\n{counters}");
    told(&[(7, &counters)], "shop.yaml:7:3: 65 counters are too many; write at most 64, or split the model in two");
    let phases = many(98, &|index| format!("p{index}: {{}}")).join(", ");
    let phases = format!("phases: {{ look: {{}}, own: {{}}, gone: {{}}, {phases} }}");
    told(&[(5, &phases)], "shop.yaml:5:9: 101 phases are too many; write at most 100, or split the model in two");
    let timers = many(33, &|index| {
        format!("  - {{ id: t{index}, from: look, to: own, after: {}d, when: views > {index} }}", index + 1)
    });
    let timers = format!("{}\n{}", SOUND[11], timers.join("\n"));
    told(&[(12, &timers)], "33 timers with a condition are too many; write at most 32, or split the model in two");
    let long = format!("model: {}", "x".repeat(65));
    told(&[(1, &long)], "is too long for the name of a model; use at most 64 bytes");
}

/// The sound model with these transitions after the first, and a phase `gone` that may be reached.
fn with_rules(rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("  - {{ {rule} }}")).collect();
    changed(&[(10, &rules.join("\n"))])
}

#[track_caller]
fn check_rules(rules: &[&str], expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|line| format!("shop.yaml:{line}")).collect();
    let expected = if expected.is_empty() { "none".to_owned() } else { expected.join("\n") };
    assert_eq!(mistakes(&with_rules(rules)), expected, "{rules:?}");
}

#[test]
fn a_rule_that_others_between_them_always_come_before_never_wins() {
    let third = "12:11: `c` can never win: one of `a` in line 10 and `b` in line 11 always comes first; move it before them, let them leave something to it, or leave this out [never-wins]";
    let rule = |id: &str, when: &str| format!("id: {id}, from: look, to: own, on: buy, when: \"{when}\"");
    let check = |first: &str, second: &str, third_when: &str, expected: &[&str]| {
        let rules = [rule("a", first), rule("b", second), rule("c", third_when)];
        check_rules(&rules.each_ref().map(String::as_str), expected);
    };
    check("views >= 3", "views < 3", "event.value > 5", &[third]);
    check("views > 3", "views < 3", "event.value > 5", &[]);
    check("views > 3", "views < 3", "views == 3", &[]);
    check("views > 2", "views < 3", "views == 3 || event.late", &[third]);
    // What is missing is neither.
    check("event.value >= 3", "event.value < 3", "event.late", &[]);
    check("event.value >= 3", "event.value < 3", "has(event.value)", &[third]);
    check("event.member", "!event.member", "has(event.member)", &[third]);
    check("event.colour == 'red'", "event.colour != 'red'", "has(event.colour)", &[third]);
    // What cannot be told is taken for possible.
    check(
        "event.colour.startsWith('b')",
        "event.colour < 'b'",
        "event.colour == 'blue' || event.colour == 'aqua'",
        &[third],
    );
    check("views * 2 >= 3", "views * 2 < 3", "event.late", &[]);
    check("views >= event.pieces", "!(views >= event.pieces)", "has(event.pieces)", &[third]);
    check_rules(
        &[
            "id: a, from: look, to: gone, on: buy",
            "id: b, from: own, to: gone, on: [buy, cart]",
            "id: c, from: [look, own], to: own, on: buy",
            "id: d, from: look, to: own, on: any",
        ],
        &[
            "12:11: `c` can never win: one of `a` in line 10 and `b` in line 11 always comes first; move it before them, let them leave something to it, or leave this out [never-wins]",
        ],
    );
    check_rules(
        &[
            "id: a, from: [look, own], to: own, on: buy, when: \"phase == 'look' && event.kind == 'buy'\"",
            "id: b, from: look, to: gone, on: buy, when: views > 1",
        ],
        &[
            "11:11: `b` can never win: `a` in line 10 always comes first; move it before that one, narrow its condition, or leave this out [never-wins]",
        ],
    );
    let loses = |winner: &str| {
        format!(
            "11:11: `b` can never win: `{winner}` in line 10 always comes first; move it before that one, narrow its condition, or leave this out [never-wins]"
        )
    };
    // The one that does alone is named alone.
    check_rules(
        &["id: a, from: look, to: own, on: buy, when: views >= 0", "id: b, from: look, to: gone, on: [buy]"],
        &[&loses("a")],
    );
}

#[test]
fn timers_that_are_asked_at_the_same_time_cover_what_comes_later() {
    let left = "id: own, from: look, to: own, on: buy";
    let check_three = |first: &str, second: &str, third: &str, winners: &[&str]| {
        let rule = |id: &str, trigger: &str| format!("id: {id}, from: own, to: gone, {trigger}");
        let rules = [left.to_owned(), rule("a", first), rule("b", second), rule("c", third)];
        let names: Vec<String> =
            winners.iter().map(|id| format!("`{id}` in line {}", 11 + u8::from(*id == "b"))).collect();
        let (who, order) = match names.as_slice() {
            [] => return check_rules(&rules.each_ref().map(String::as_str), &[]),
            [one] => (one.clone(), "move it before that one, narrow its condition"),
            _ => (format!("one of {}", names.join(" and ")), "move it before them, let them leave something to it"),
        };
        let expected =
            format!("13:11: `c` can never win: {who} always comes first; {order}, or leave this out [never-wins]");
        check_rules(&rules.each_ref().map(String::as_str), &[&expected]);
    };
    check_three("after: 1d, when: views > 1", "after: 1d, when: views <= 1", "after: 2d", &["a", "b"]);
    check_three("after: 1d, when: views > 1", "after: 1d, when: views <= 1", "after: 1d", &["a", "b"]);
    check_three("idle: 1d, when: views > 1", "idle: 1d, when: views <= 1", "idle: 2d, when: views > 5", &["a", "b"]);
    // Asked at another time, the second may find what the first did not.
    check_three("after: 1d, when: views > 1", "after: 2d, when: views <= 1", "after: 3d", &[]);
    check_three("after: 1d, when: views > 1", "idle: 1d, when: views <= 1", "after: 3d", &[]);
    check_three("after: 1d, when: views > 1", "after: 3d, when: views <= 1", "after: 2d, when: views > 1", &[]);
    check_three("after: 1d, when: views > 1", "after: 2d, when: views >= 0", "after: 3d", &["b"]);
    check_three("after: 1d, when: time_in_phase >= duration('1d')", "idle: 2d", "after: 2d", &["a"]);
    // After a long silence those that are due before the phase began fire in the order of the file.
    let long = "id: long, from: own, to: gone, idle: 3d";
    let short = "id: short, from: own, to: look, idle: 2d";
    let by_timer = "id: own, from: look, to: own, after: 10d";
    check_rules(&[by_timer, long, short], &[]);
    // So it may be where an event leads that comes late, older than the phase that a timer began: here from `gone`.
    check_rules(&[left, long, short], &[]);
    let lines = [left, long, short].map(|rule| format!("  - {{ {rule} }}")).join("\n");
    check(
        &[(10, &lines), (11, "  - { id: left, from: look, to: gone, idle: 1d }")],
        &[
            "11:11: `long` can never win: `short` in line 12 always comes first; make its span shorter, give that one a condition, or leave this out [never-wins]",
        ],
    );
}

#[test]
fn a_condition_that_can_never_be_true_is_told_where_it_stands() {
    let check = |when: &str, is_never: bool| {
        let rule = format!("id: bought, from: look, to: own, on: buy, when: \"{when}\"");
        let never = "10:55: this can never be true, so `bought` is never taken; correct it, or leave the transition out [never-holds]";
        check_rules(&[&rule], [never].get(..usize::from(is_never)).unwrap());
    };
    check("views > 3 && views < 4", true);
    check("views > 3 && views < 5", false);
    check("event.pieces > 3 && event.pieces < 4", false);
    check("views < 0", true);
    check("event.kind == 'view'", true);
    check("phase == 'own' || phase == 'new'", true);
    check("event.colour == 'red' && event.colour == 'blue'", true);
    check("event.colour in ['red', 'blue'] && !(event.colour in ['blue', 'red', 'green'])", true);
    check("event.colour > 'a' && event.colour < 'b'", false);
    check("!has(event.pieces) && event.pieces > 3", true);
    check("event.member == !event.member", true);
    check("time_since_last < duration('1s') && time_since_last > duration('2s')", true);
    check("false", true);
    check("1 > 2 || views == 2.5", true);
    check("views > event.pieces && views < event.pieces", false);
    check_rules(
        &["id: bought, from: look, to: own, after: 2d, when: time_in_phase > duration('2d')"],
        &[
            "10:57: this can never be true, so `bought` is never taken; correct it, or leave the transition out [never-holds]",
        ],
    );
    // What is counted wrongly is not complained of twice.
    assert_eq!(
        mistakes(&changed(&[(7, "  views: { on: veiw, window: visit }")])),
        "shop.yaml:7:16: `veiw` is not in `kinds`; did you mean `view`? (or add it there) [unknown-name]"
    );
}

#[test]
fn a_signal_that_is_never_told_is_a_mistake() {
    let check = |signal: &str, expected: &str| {
        let source = changed(&[(13, &format!("signals:\n  - {{ {signal} }}\nscenarios:"))]);
        let expected = if expected == "none" { expected.to_owned() } else { format!("shop.yaml:{expected}") };
        assert_eq!(mistakes(&source), expected, "{signal}");
    };
    let never = "this can never be true, so `s` is never told; correct it, or leave the signal out [never-holds]";
    check("id: s, on: buy, when: views >= 2 && event.value > 3", "none");
    check("id: s, on: buy, when: views < 0", &format!("14:29: {never}"));
    check("id: s, on: buy, in: own, when: phase == 'look'", &format!("14:38: {never}"));
    check("id: s, on: buy, when: phase == 'look'", "none");
    // Only a timer leads there, which has no event.
    check("id: s, entering: gone, when: event.value > 3", &format!("14:36: {never}"));
    check("id: s, entering: gone, when: time_since_last < duration('30d')", &format!("14:36: {never}"));
    check("id: s, leaving: [look, gone], when: event.value > 3", "none");
    check(
        "id: s, leaving: gone, entering: own",
        "14:23: no transition does this, so the signal is never told; write phases that one leads between [never-told]",
    );
    let source = changed(&[
        (5, "phases: { look: {}, own: {}, gone: {}, lost: {} }"),
        (13, "signals:\n  - { id: s, on: buy, in: [lost] }\n  - { id: t, on: buy, in: [lost, own] }\nscenarios:"),
    ]);
    assert_eq!(
        mistakes(&source),
        "shop.yaml:5:40: no customer can reach the phase `lost`; add a transition `to: lost`, or leave the phase out [unreachable-phase]\n\
         shop.yaml:14:27: no customer can reach the phases in which `s` is told; write phases that one can come to [never-told]"
    );
}
