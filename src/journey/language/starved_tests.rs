//! What a model waits for in vain, with inputs of many sorts.

use super::{CheckedModel, Supply};

const MODEL: &str = "\
model: shop
version: 1
kinds: [view, buy, rate]
attributes: { stars: number, shelf: text }
phases: { look: {}, own: {}, glad: { final: true } }
counters:
  views: { on: view, window: visit }
  spent: { on: [buy, rate], sum: value, window: ever }
  stars: { on: rate, sum: stars, window: ever }
transitions:
  - { id: start, from: new, to: look, on: [view, buy] }
  - { id: keen, from: look, to: own, on: buy, when: views >= 3 && event.shelf != \"b\" }
  - { id: rich, from: look, to: own, on: buy, when: spent > 100 || event.channel == \"shop\" }
  - { id: likes, from: own, to: glad, on: rate, when: event.stars > 3 || stars > 10 }
  - { id: gone, from: own, to: look, idle: 30d }
signals:
  - { id: praise, on: rate, in: own }
  - { id: left, on: view, unless: [buy, rate], within: 1d }
  - { id: joy, entering: glad }
  - { id: big, on: buy, when: event.value > 50 }
";

/// An input by its name: what it yields (`None`: anything).
fn input(channel: &str, kinds: Option<&[&str]>, attributes: Option<&[&str]>, value: bool) -> Supply {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Supply { channel: channel.to_owned(), kinds: kinds.map(set), attributes: attributes.map(set), value }
}

#[track_caller]
fn check(supplies: &[Supply], expected: &[&str]) {
    let checked = CheckedModel::parse("shop.yaml", MODEL).unwrap_or_else(|errors| panic!("{errors}"));
    let found: Vec<String> =
        checked.starved(supplies).iter().map(|one| format!("{}: {}", one.at.line, one.text)).collect();
    let begins = |(found, expected): (&String, &&str)| found.starts_with(expected);
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(begins), "{found:#?}");
}

#[test]
fn inputs_whose_records_name_everything_feed_everything() {
    check(&[input("shop", None, None, true)], &[]);
    // Two may do it together.
    let buys = input("shop", Some(&["buy"]), Some(&["shelf"]), true);
    let others = input("web", Some(&["view", "rate"]), Some(&["stars"]), false);
    check(&[buys, others], &[]);
}

#[test]
fn what_no_input_yields_is_told_where_the_model_names_it_and_what_follows_where_it_is() {
    check(
        &[input("till", Some(&["buy"]), Some(&[]), true)],
        &[
            "3: no input can yield `view`; ",
            "3: no input can yield `rate`; ",
            "4: no input can yield the attribute `stars`; ",
            "4: no input can yield the attribute `shelf`; ",
            "5: with what the inputs can yield no customer reaches the phase `glad`; ",
            "7: the counter `views` stays at zero, ",
            "9: the counter `stars` stays at zero, ",
            "12: `keen` is never taken: with what the inputs can yield its condition is never true; ",
            "14: `likes` is never taken: no input can yield what sets it off; ",
            "17: `praise` is never told: no input can yield what it tells of; ",
            "18: `left` is never told: no input can yield what it tells of; ",
            "19: `joy` is never told: with what the inputs can yield no transition does this; ",
        ],
    );
}

#[test]
fn what_an_event_has_depends_on_who_yields_its_kind() {
    let web = input("web", Some(&["view", "rate"]), Some(&["shelf"]), true);
    let buys = |value| input("till", Some(&["buy"]), Some(&["stars"]), value);
    let starved = [
        "9: the counter `stars` stays at zero, ",
        "12: `keen` is never taken: with what the inputs can yield its condition is never true; ",
        "14: `likes` is never taken: with what the inputs can yield its condition is never true; ",
        "19: `joy` is never told: with what the inputs can yield no transition does this; ",
    ];
    let glad = "5: with what the inputs can yield no customer reaches the phase `glad`; ";
    check(&[web.clone(), buys(true)], &[&[glad], &starved[..]].concat());
    let big = "20: `big` is never told: with what the inputs can yield its condition is never true; ";
    check(&[web, buys(false)], &[&[glad], &starved[..], &[big]].concat());
}

#[test]
fn who_is_never_in_a_phase_is_told_of_once() {
    let views = input("web", Some(&["view", "rate"]), None, true);
    check(
        &[views],
        &[
            "3: no input can yield `buy`; ",
            "5: with what the inputs can yield no customer reaches the phase `own`; ",
            "5: with what the inputs can yield no customer reaches the phase `glad`; ",
            "12: `keen` is never taken: no input can yield what sets it off; ",
            "13: `rich` is never taken: no input can yield what sets it off; ",
            "17: `praise` is never told: with what the inputs can yield no customer reaches its phases; ",
            "18: no input can yield `buy`, so that never calls `left` off; ",
            "19: `joy` is never told: with what the inputs can yield no transition does this; ",
            "20: `big` is never told: no input can yield what it tells of; ",
        ],
    );
}
