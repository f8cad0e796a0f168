//! Records read one after the other, of which later ones look like earlier ones, against the way by `serde_json`.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::extract::Extractor;
use super::found::Found;
use super::scan_tests;
use super::shape::Shape;
use super::walk;
use crate::journey::Reject;

/// An input.
struct Input {
    shape: Shape,
    extractor: Extractor,
}

impl Input {
    fn new(shape: Shape) -> Self {
        Self { extractor: Extractor::new(shape.clone()), shape }
    }

    /// An input of which some places are wanted.
    fn of_some() -> Self {
        let mut shape = Shape::new();
        for path in [&["id"][..], &["p", "a"], &["p", "b"], &["p"], &["q", "total"]] {
            shape.slot(path);
        }
        Self::new(shape)
    }

    /// Reads a record as `walk` reads it alone; whether it was read by habit.
    #[track_caller]
    fn read(&mut self, record: impl AsRef<[u8]>) -> bool {
        let record = record.as_ref();
        let missed = self.extractor.habit().missed();
        let expected = std::str::from_utf8(record).map_err(|_| "not UTF-8".to_owned()).and_then(|text| {
            let mut found = vec![Found::Absent; self.shape.slots()];
            walk::read(&self.shape, text, &mut found).map(|()| found).map_err(|reject| reject.to_string())
        });
        let read = self.extractor.read(Some(record), |found| Ok(found.to_vec()));
        let read = read.map_err(|reject| match reject {
            Reject::InvalidUtf8(_) => "not UTF-8".to_owned(),
            reject => reject.to_string(),
        });
        assert_eq!(read, expected, "{}", String::from_utf8_lossy(record));
        self.extractor.habit().missed() == missed
    }

    /// The same; whether it took a route.
    #[track_caller]
    fn reads_by_route(&mut self, record: impl AsRef<[u8]>) -> bool {
        let routed = self.extractor.habit().routed();
        self.read(record);
        self.extractor.habit().routed() > routed
    }
}

#[test]
fn what_looks_like_an_earlier_record_is_read_by_habit() {
    let mut input = Input::of_some();
    let first = r#"{"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"q":{"total":1.5,"ok":true},"none":null}"#;
    assert!(!input.read(first));
    let alike = [
        r#"{"id":"another","p":{"a":-2.5e3,"b":"","more":[{"n":1},{"n":2}]},"q":{"total":0,"ok":false},"none":true}"#,
        r#"{"id":"é\"","p":{"a":18446744073709551615,"b":"\u00e9","more":[{"n":-0},{"n":7}]},"q":{"total":99999999999999999999,"ok":null},"none":null}"#,
        r#"{"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2},{"n":3},{"n":4}]},"q":{"total":1.5,"ok":true},"none":null}"#,
    ];
    for record in alike {
        assert!(input.read(record), "{record}");
    }
}

#[test]
fn what_is_made_like_an_earlier_record_takes_its_route() {
    let mut input = Input::of_some();
    let first = r#" {"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#;
    assert!(!input.reads_by_route(first), "from the first one steps are learnt");
    assert!(!input.reads_by_route(first), "from the second one, put together from them, the route");
    let alike = [
        r#" {"id":"","p":{"a":-2.5e3,"b":"","more":[{"n":17},{"n":-0}]},"a rather long key that needs a second look":"y","q":{"total":0,"ok":false},"n":true} "#,
        r#" {"id":"é\"","p":{"a":18446744073709551615,"b":"\u00e9","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"","q":{"total":99999999999999999999,"ok":null},"n":false} "#,
    ];
    for record in alike {
        assert!(input.reads_by_route(record), "{record}");
    }
    let others = [
        // One element more, a key less, another blank, a text for a number, a number for a text.
        r#" {"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2},{"n":3}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
        r#" {"id":"c1","p":{"a":1,"more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
        r#"{"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
        r#" {"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null}"#,
        r#" {"id":"c1","p":{"a":"1","b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
        r#" {"id":7,"p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a second look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
        r#" {"id":"c1","p":{"a":1,"b":"x","more":[{"n":1},{"n":2}]},"a rather long key that needs a secomd look":"y","q":{"total":1.5,"ok":true},"n":null} "#,
    ];
    for record in others {
        assert!(!input.reads_by_route(record), "{record}");
    }
}

#[test]
fn arrays_and_objects_that_are_kept_as_texts_and_wanted_items_are_a_habit_too() {
    let mut shape = Shape::new();
    for path in [&["id"][..], &["list", "0", "n"], &["list", "2"], &["of"]] {
        shape.slot(path);
    }
    for path in [&["list"][..], &["of"], &["p", "whole"], &["p"]] {
        shape.raw_slot(path);
    }
    let mut input = Input::new(shape);
    let first = r#"{"p":{"whole":[{"n":1},{"n":2}],"other":[1]},"list":[{"n":"a"},"x","y","z","z"],"of":[],"id":"c","last":[{"n":0}]}"#;
    assert!(!input.reads_by_route(first) && !input.reads_by_route(first));
    let alike = [
        r#"{"p":{"whole":[{"n":-1.5},{"n":22}],"other":[0]},"list":[{"n":"é, ]}\""},"","ys","zs","zs"],"of":[],"id":"c1","last":[{"n":0}]}"#,
        r#"{"p":{"whole":[{"n":1},{"n":222}],"other":[17]},"list":[{"n":""},"x","\u00e9","z","z"],"of":[],"id":"","last":[{"n":1}]}"#,
    ];
    for record in alike {
        assert!(input.reads_by_route(record), "{record}");
    }
    // More items, and fewer, where they are all alike: known steps in another order.
    assert!(input.read(
        r#"{"p":{"whole":[{"n":1},{"n":2},{"n":3}],"other":[1]},"list":[{"n":"a"},"x","y","z","z","z","z"],"of":[],"id":"c","last":[{"n":0}]}"#
    ));
    let others = [
        r#"{"p":{"whole":{"n":1},"other":[1]},"list":[{"m":"x"},{"n":"a"},"y","z"],"of":{"a":"b"},"id":"c"}"#,
        r#"{"p":{"whole":null,"other":[1]},"list":[[{"n":"a"}],"x",{"n":8}],"of":{},"id":"c"}"#,
        r#"{"p":[],"list":[],"of":[[]],"id":"c"}"#,
        r#"{"list":[{"m":"x"},"y"],"list":[{"n":9}],"of":[1],"of":true,"p":{"whole":[1]},"p":{"whole":true}}"#,
    ];
    for record in others.iter().chain(&others).chain(&others) {
        input.read(record);
    }
    for record in &others {
        assert!(input.reads_by_route(record), "{record}");
    }
}

#[test]
fn records_of_several_makes_in_turn_each_take_a_route() {
    let mut input = Input::of_some();
    let makes = [
        r#"{"id":"c1","p":{"a":1}}"#,
        r#"{"id":"c1","p":{"b":"x"}}"#,
        r#"{"p":{"a":1},"id":"c1"}"#,
        r#"{"id":"c1","q":{"total":1.5,"of":"x"},"list":["a","b"]}"#,
        r#"{"list":["a"],"id":"c1","q":{"of":"y","total":-2}}"#,
        r#"{"id":"c1","p":{"a":1},"q":{},"list":[]}"#,
        r#"{"id":"c1","p":{"b":"x"},"a key of some length at the very end of the record":{}}"#,
    ];
    for _ in 0..2 {
        makes.iter().for_each(|make| _ = input.read(make));
    }
    for make in makes.iter().chain(makes.iter().rev()) {
        assert!(input.reads_by_route(make), "{make}");
    }
}

#[test]
fn where_no_two_records_are_made_alike_routes_are_not_tried_for_long() {
    let mut input = Input::of_some();
    // Every set of twenty keys is put together from the same few steps.
    let record = |keys: u32| {
        let keys = (0..20).filter(|key| keys & 1 << key != 0).map(|key| format!("\"k{key}\":\"v\","));
        format!("{{\"p\":{{{}\"a\":1}},\"id\":\"c\"}}", keys.collect::<String>()).into_bytes()
    };
    for keys in 1..20_000_u32 {
        input.read(record(keys.wrapping_mul(0x9e37_79b9) >> 12));
    }
    assert!(!input.extractor.habit().is_resting(), "steps pay");
    assert!(!input.reads_by_route(record(1)) && !input.reads_by_route(record(1)), "routes do not");
}

#[test]
fn keys_that_come_and_go_are_learnt_once_each() {
    let mut input = Input::of_some();
    let record = |keys: u32| {
        let keys = (0..8).filter(|key| keys & 1 << key != 0).map(|key| format!("\"k{key}\":\"v\","));
        format!("{{\"p\":{{{}\"a\":1}},\"id\":\"c\"}}", keys.collect::<String>()).into_bytes()
    };
    for key in 0..8 {
        input.read(record(1 << key));
    }
    let missed = (0..256).filter(|&keys| !input.read(record(keys))).count();
    assert!(missed <= 1 + 8 * 7 / 2, "{missed} of 256 were not read by habit, more than there are pairs of keys");
}

#[test]
fn rows_of_wide_tables_without_what_is_empty_are_a_habit() {
    let mut input = Input::of_some();
    let row = |seed: usize| {
        let columns = (0..131).filter(|column| (seed * 131 + column * column) % 7 > 3);
        let columns: Vec<_> = columns.map(|column| format!("\"column_{column}\":\"v\"")).collect();
        format!("{{{},\"id\":\"c\"}}", columns.join(",")).into_bytes()
    };
    (0..500).for_each(|seed| _ = input.read(row(seed)));
    let missed = (0..500).filter(|&seed| !input.read(row(seed))).count();
    assert!(missed == 0, "{missed} of 500");
}

#[test]
fn a_habit_does_not_make_wrong_records_right() {
    let mut input = Input::of_some();
    let right = r#"{"id":"c1","p":{"a":1,"b":"x"},"q":{"total":1.5},"list":[1,"two",true],"last":"the end of it all"}"#;
    assert!(!input.read(right));
    assert!(input.read(right));
    for at in 1..right.len() {
        input.read(&right.as_bytes()[..at]);
        for byte in b"\"\\{}[],:0-.etx \n\x00\x7f\x80\xc3" {
            let mut wrong = right.as_bytes().to_vec();
            wrong[at] = *byte;
            input.read(&wrong);
            wrong[at] = right.as_bytes()[at];
            wrong.insert(at, *byte);
            input.read(&wrong);
        }
    }
    let others = [
        r#"{"id":"\ud800","p":{"a":1,"b":"x"},"q":{"total":1.5},"list":[1,"two",true],"last":"the end of it all"}"#,
        r#"{"id":"c1","p":{"a":1e999,"b":"x"},"q":{"total":1.5},"list":[1,"two",true],"last":"the end of it all"}"#,
        r#"{"id":"c1","p":{"a":1,"b":"x"},"q":1e999,"list":[1,"two",true],"last":"the end of it all"}"#,
        r#"{"id":"c1","p":{"a":1,"b":"x"},"q":1,"list":[1,"two",true],"last":"the end of it all"}"#,
        r#"{"id":"c1","p":{"a":1,"b":"x"},"p":{"a":2},"id":7,"q":{"total":1.5,"total":{}},"p":{}}"#,
        r#"{"id":"c1","p":{"a":1,"b":"x"},"p":{"a":2},"id":7,"q":{"total":1.5,"total":{}},"p":{}}"#,
        r#"{"p":[{"a":1}],"p":{"a":[]}}"#,
    ];
    for record in others {
        input.read(record);
    }
}

#[test]
fn an_input_from_which_nothing_can_be_learnt_is_not_compared_for_long() {
    let mut input = Input::of_some();
    for _ in 0..5000 {
        input.read(r#"{"q":"nothing below it","id":"c"}"#);
    }
    assert!(input.extractor.habit().is_resting());
}

#[test]
fn an_input_without_habits_is_not_compared_for_long_and_tried_again_later() {
    let mut input = Input::of_some();
    let odd = |number: u32| format!("{{\"id\":\"c\",\"k{number}\":1}}").into_bytes();
    for number in 0..5000 {
        input.read(odd(number));
    }
    assert!(input.extractor.habit().is_resting());
    for _ in 0..70_000 {
        input.extractor.read(Some(b"{\"id\":\"c\"}"), |_| Ok(())).unwrap();
    }
    assert!(!input.extractor.habit().is_resting());
    assert!(input.read("{\"id\":\"c1\"}"));
    assert!(input.read("{\"id\":\"c1\"}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_of_an_input_are_read_as_the_other_way_reads_each(
        keeps_texts: bool,
        texts in proptest::collection::vec(scan_tests::value(), 1..5),
        changes in proptest::collection::vec(
            (any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>()), 0..20,
        ),
    ) {
        let mut shape = scan_tests::shape();
        if keeps_texts {
            for path in scan_tests::KEPT {
                shape.raw_slot(path);
            }
        }
        let mut input = Input::new(shape);
        for text in texts.iter().chain(&texts) {
            input.read(text);
        }
        for (which, at, byte) in changes {
            let mut bytes = texts[which.index(texts.len())].clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            input.read(&bytes);
        }
    }
}
