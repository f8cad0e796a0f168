//! Pictures and pages of models: that they are sound, that nothing in them hides something else, and that those in docs/ are of today.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use klantreis::journey::{
    Because, CheckedModel, Counts, Drawing, Language, builtin, builtin_names, builtin_source, index_page, model_page,
};
use roxmltree::{Document, Node};

/// Whatever is hard to draw: a phase that leads to itself, an end, a timer, letters that mean something to those who read the picture.
const HARD: &str = r#"
# What it is for:
# everything at *once*.
#
# Twice.
model: hard
version: 3
kinds: [a, b, c]
attributes: { colour: text, size: number }
applies_to: event.size < 9 || event.channel == "x"
moved: { zero: one }
phases:
  one: { name: { nl: "Één & <meer>", en: "One & <more> than that" }, needs: { en: ["a | b", "<c>"] } }
  two: { touchpoints: [a, b] }
  end: { final: true, forget_after: 90m, touchpoints: [] }
counters:
  n: { on: a, window: visit }
  m: { on: [a, b], sum: size, window: 28d }
  k: { on: a, per: colour, reset: [b, c], window: ever }
transitions:
  - { id: start, from: new, to: one, on: any }
  - { id: again, from: one, to: one, on: b, when: 'event.colour == "red & \"blue\"" || n >= 3' }
  - { id: go, from: [one, two], to: two, on: a }
  - { id: done, from: [one, two], to: end, on: c }
  - { id: back, from: two, to: one, after: 2d }
  - { id: late, from: [one, two], to: end, idle: 1d12h }
signals:
  - { id: left, leaving: one }
  - { id: first, on: a, in: new }
  - { id: ended, leaving: [one, two], entering: end, at_most: { times: 1, per: ever } }
  - { id: waits, on: a, unless: b, within: 1h, correlate: colour }
  - { id: asks, on: a, when: k > 2 }
scenarios:
  - { name: it | begins, given: [{ at: 0s, kind: a }], expect: [{ to: one }] }
"#;

fn hard() -> CheckedModel {
    CheckedModel::parse("hard.yaml", HARD).unwrap()
}

/// The same counts at every rule of a model.
fn counts(CheckedModel { model, .. }: &CheckedModel, count: u64) -> Counts {
    let name = |phase: Option<u16>| phase.map_or("new", |phase| model.phases()[usize::from(phase)].name());
    let mut counts = Counts::default();
    for rule in model.rules() {
        for from in rule.from() {
            counts.add(model, (name(*from), name(Some(rule.to()))), Because::Rule(rule.id()), count);
        }
    }
    assert_eq!(counts.problems(model), Vec::<String>::new());
    counts
}

/// Every picture there is to look at: all models, in both languages, with and without numbers.
fn pictures() -> Vec<(String, String)> {
    let models = builtin_names().map(|name| builtin(name).unwrap()).chain([hard()]);
    let drawn = models.flat_map(|checked| {
        [(Language::Nl, None), (Language::En, None), (Language::En, Some(7)), (Language::Nl, Some(1_234_567))].map(
            |(language, count)| {
                let drawing = Drawing::of(&checked, language);
                let drawing = match count {
                    Some(count) => drawing.counted(counts(&checked, count)),
                    None => drawing,
                };
                (format!("{} {language:?} {count:?}", checked.model.name()), drawing.svg())
            },
        )
    });
    drawn.collect()
}

#[test]
fn a_picture_is_sound_says_what_it_shows_and_needs_nothing_from_outside() {
    for (name, svg) in pictures() {
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}\n{svg}"));
        let root = document.root_element();
        let text = |tag: &str| root.children().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag)));
        let model = name.split(' ').next().unwrap();
        assert!(text("title").unwrap().text().unwrap().starts_with(model), "{name}");
        assert!(text("desc").unwrap().text().unwrap().contains("Phases in order: "), "{name}");
        assert!(text("style").unwrap().text().unwrap().contains("prefers-color-scheme: dark"), "{name}");
        for node in root.descendants().filter(Node::is_element) {
            assert!(!["script", "image", "use", "foreignObject", "a"].contains(&node.tag_name().name()), "{name}");
            assert!(node.attributes().all(|attribute| !attribute.name().contains("href")), "{name}");
        }
        assert!(!svg.contains("url(") && !svg.contains("@import"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf "), "{name}");
    }
}

/// A part of a picture that takes up room.
struct Block {
    what: String,
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
}

/// The width of a letter in Helvetica, as a share of its size.
fn em(letter: char) -> f32 {
    const WIDTHS: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
        556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
        556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
        556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
        500, 500, 500, 334, 260, 334, 584,
    ];
    let place = (letter as usize).checked_sub(32).and_then(|index| WIDTHS.get(index));
    f32::from(place.copied().unwrap_or(667)) / 1_000.0
}

impl Block {
    /// A text, as wide as it is in Helvetica.
    fn of_text(node: &Node<'_, '_>) -> Self {
        let what: String = node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
        let class = node.attribute("class").unwrap();
        let (size, is_centred) = match class {
            "model" => (17.0, false),
            "name" => (13.0, true),
            "title" => (11.0, true),
            "heading" => (11.0, false),
            "top" | "count" => (10.5, true),
            "label" => (12.0, false),
            class => panic!("{class}"),
        };
        let width = what.trim_end().chars().map(em).sum::<f32>() * size;
        let number = |name: &str| node.attribute(name).unwrap().parse::<f32>().unwrap();
        let (x, baseline) = (number("x"), number("y"));
        let left = if is_centred { x - width / 2.0 } else { x };
        Self { what, left, right: left + width, top: baseline - 0.72 * size, bottom: baseline + 0.1 * size }
    }

    fn of_box(node: &Node<'_, '_>) -> Self {
        let number = |name: &str| node.attribute(name).unwrap().parse::<f32>().unwrap();
        let (left, top) = (number("x"), number("y"));
        let (right, bottom) = (left + number("width"), top + number("height"));
        Self { what: "a phase".to_owned(), left, right, top, bottom }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

#[test]
fn no_text_hides_another_or_leaves_the_picture_or_its_phase() {
    for (name, svg) in pictures() {
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        let size = |name: &str| root.attribute(name).unwrap().parse::<f32>().unwrap();
        let elements = |tag: &'static str| root.descendants().filter(move |node| node.tag_name().name() == tag);
        let texts: Vec<_> =
            elements("text").map(|node| (node.attribute("class").unwrap(), Block::of_text(&node))).collect();
        let boxes: Vec<_> = elements("rect")
            .filter(|node| matches!(node.attribute("class"), Some("box" | "new")))
            .map(|node| Block::of_box(&node))
            .collect();
        assert!(boxes.len() > 3 && texts.len() > 20, "{name}");
        for (index, (class, text)) in texts.iter().enumerate() {
            let is_inside = text.left >= 0.0 && text.right <= size("width") && text.bottom <= size("height");
            assert!(is_inside, "{name}: {} leaves the picture", text.what);
            for (_, other) in &texts[..index] {
                assert!(!text.meets(other), "{name}: {} lies over {}", text.what, other.what);
            }
            let at_home = boxes.iter().filter(|around| text.meets(around)).collect::<Vec<_>>();
            match *class {
                "name" | "title" => {
                    let [home] = at_home.as_slice() else { panic!("{name}: {} is in no phase", text.what) };
                    let fits = text.left >= home.left && text.right <= home.right && text.top >= home.top;
                    assert!(fits && text.bottom <= home.bottom, "{name}: {} leaves its phase", text.what);
                }
                _ => assert!(at_home.is_empty(), "{name}: {} lies over a phase", text.what),
            }
        }
    }
}

#[test]
fn phases_stand_in_the_order_of_the_file_and_only_timers_are_dotted() {
    for name in builtin_names() {
        let checked = builtin(name).unwrap();
        let svg = Drawing::of(&checked, Language::En).svg();
        let document = Document::parse(&svg).unwrap();
        let nodes = || document.descendants();
        let mut names: Vec<(f32, &str)> = nodes()
            .filter(|node| node.attribute("class") == Some("name"))
            .map(|node| (node.attribute("x").unwrap().parse().unwrap(), node.text().unwrap()))
            .collect();
        names.sort_by(|one, other| one.0.total_cmp(&other.0));
        let names: Vec<&str> = names.into_iter().map(|(_, name)| name).collect();
        let phases = checked.model.phases().iter().map(|phase| phase.name());
        assert_eq!(names, ["new"].into_iter().chain(phases).collect::<Vec<_>>());
        let lines = nodes().filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("line ")));
        for line in lines {
            let is_timer = line.attribute("class") == Some("line timer");
            assert_eq!(line.attribute("stroke-dasharray").is_some(), is_timer, "{name}");
        }
        for id in checked.model.rules().iter().map(|rule| rule.id()) {
            let is_it =
                |node: &Node<'_, '_>| node.attribute("class") == Some("id") && node.text().unwrap().trim() == id;
            assert_eq!(nodes().filter(is_it).count(), 1, "{name}: one label for {id}");
        }
    }
}

#[test]
fn the_numbers_of_a_transition_stand_where_it_comes_from() {
    let checked = builtin("think5").unwrap();
    let mut counts = Counts::default();
    let model = &checked.model;
    for (from, to, rule, count) in [
        ("orientatie", "aankoop", "purchase", 1_300),
        ("vertrokken", "aankoop", "purchase", 5),
        ("orientatie", "afweging", "interest", 20),
        ("orientatie", "afweging", "intent", 22),
    ] {
        counts.add(model, (from, to), Because::Rule(rule), count);
    }
    let svg = Drawing::of(&checked, Language::En).counted(counts).svg();
    let document = Document::parse(&svg).unwrap();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for node in document.descendants().filter(|node| node.attribute("class") == Some("count")) {
        *shown.entry(node.text().unwrap()).or_default() += 1;
    }
    // Each in its row and at its line; the two ways to the same phase are one line, with their sum.
    let of = |number: &str| shown.get(number).copied().unwrap_or_default();
    assert_eq!(["1,300", "5", "20", "22", "42"].map(of), [2, 2, 1, 1, 1], "{shown:?}");
    let total = document.descendants().find(|node| node.text().is_some_and(|text| text.trim() == "1,305"));
    assert_eq!(total.unwrap().attribute("class"), Some("id"));
}

#[test]
fn what_does_not_fit_the_model_is_told_and_what_only_its_cause_tells_is_put_where_it_belongs() {
    let source =
        HARD.replace("  - { id: done,", "  - { id: many, from: two, to: end, on: c, when: n > 3 }\n  - { id: done,");
    let checked = CheckedModel::parse("hard.yaml", &source).unwrap();
    let model = &checked.model;
    let mut counts = Counts::default();
    counts.add(model, ("new", "one"), Because::Cause("b"), 9);
    counts.add(model, ("two", "one"), Because::Cause("timer"), 2);
    counts.add(model, ("two", "end"), Because::Cause("timer"), 3);
    counts.add(model, ("two", "end"), Because::Cause("c"), 4);
    counts.add(model, ("two", "one"), Because::Cause("a"), 5);
    counts.add(model, ("two", "nowhere"), Because::Cause("a"), 6);
    counts.add(model, ("one", "two"), Because::Rule("done"), 7);
    counts.add(model, ("one", "two"), Because::Rule("gone"), 1);
    counts.add(model, ("one", "two"), Because::Rule("gone"), 1);
    assert_eq!(
        counts.problems(model),
        [
            "7 of one → two by the rule done: hard version 3 has no such transition",
            "2 of one → two by the rule gone: hard version 3 has no such transition",
            "6 of two → nowhere by a: hard version 3 has no such transition",
            "5 of two → one by a: hard version 3 has no such transition",
            "4 from two are of many or done: the cause does not tell which",
        ]
    );
    let drawing = Drawing::of(&checked, Language::En).counted(counts);
    let mermaid = drawing.mermaid();
    for line in
        ["[*] --> p0: any (9)", "p1 --> p0: ⏱ 2d (2)", "p1 --> p2: 💤 1d12h (3)", "p1 --> p2: c\n", "p0 --> p2: c (0)"]
    {
        assert!(mermaid.contains(&format!("    {line}")), "{line} in {mermaid}");
    }
    // The line between the phases has them all.
    assert!(drawing.svg().contains(">4</text>"));
}

#[test]
fn a_model_is_drawn_for_mermaid() {
    insta::assert_snapshot!(Drawing::of(&hard(), Language::En).mermaid(), @r##"
    stateDiagram-v2
        state "one" as p0
        state "two" as p1
        state "end" as p2
        [*] --> p0: any
        p0 --> p0: b [event.colour == #34;red & \#34;blue\#34;#34; || n #62;= 3]
        p0 --> p1: a
        p1 --> p1: a
        p0 --> p2: c
        p1 --> p2: c
        p1 --> p0: ⏱ 2d
        p0 --> p2: 💤 1d12h
        p1 --> p2: 💤 1d12h
        p2 --> [*]
        note right of p0
            ⚑ left = leaving one
        end note
        note right of p2
            ⚑ ended = leaving one or two, entering end, at most 1 per ever
        end note
        note left of p0
            wherever the customer is
            ⚑ waits = a, 1h without b of the same colour
            ⚑ asks = a [k #62; 2]
            while the customer is new
            ⚑ first = a
        end note
    "##);
}

#[test]
fn a_model_is_drawn_for_graphviz() {
    insta::assert_snapshot!(Drawing::of(&hard(), Language::En).dot(), @r##"
    digraph "hard" {
        nodesep=0.45; ranksep=0.5; fontname=Helvetica; fontsize=10; labelloc=b; labeljust=l;
        node [shape=box, style=rounded, fontname=Helvetica, fontsize=12];
        edge [fontname=Helvetica, fontsize=10, arrowsize=0.7];
        p0 [label="new\n⚑ first", shape=oval, style=dashed];
        p1 [label="one\nOne & <more> than that\n⚑ left"];
        p2 [label="two"];
        p3 [label="end\n⚑ ended", peripheries=2];
        p0 -> p1 -> p2 -> p3 [style=invis, weight=100];
        p0 -> p1 [label="start: any", style=solid];
        p1 -> p1 [label="again: b [event.colour == \"red & \\\"blue\\\"\" || n >= 3]", style=solid];
        p1 -> p2 [label="go: a", style=solid, samehead=r2];
        p2 -> p2 [label="go", style=solid, samehead=r2];
        p1 -> p3 [label="done: c", style=solid, samehead=r3];
        p2 -> p3 [label="done", style=solid, samehead=r3];
        p1 -> p2 [label="back: after 2d", style=dotted, dir=back, sametail=r4];
        p1 -> p3 [label="late: idle 1d12h", style=dotted, samehead=r5];
        p2 -> p3 [label="late", style=dotted, samehead=r5];
        label="⚑ left: leaving one\l⚑ first: a\l⚑ ended: leaving one or two, entering end, at most 1 per ever\l⚑ waits: a, 1h without b of the same colour\l⚑ asks: a [k > 2]\l";
    }
    "##);
}

#[test]
fn a_page_says_what_the_model_does() {
    insta::assert_snapshot!(model_page(&hard(), HARD.trim_start()), @r##"
    # hard

    What it is for: everything at *once*.

    Twice.

    It listens to `a`, `b` and `c`. Of an event it may read `colour` (text) and `size` (number). It takes only those for which `event.size < 9 || event.channel == "x"` holds.

    Version 3. `klantreis model page` makes this page of the model's file.

    ![The phases of hard in their order, and what leads from one to another](hard.svg)

    ## Phases

    What the customer needs in each, and by what events they are met there.

    | phase | Nederlands | English | touchpoints |
    |---|---|---|---|
    | `one` | **Één & \<meer>** | **One & \<more> than that**<br>• a \| b<br>• \<c> | any event |
    | `two` |  |  | `a`, `b` |
    | `end`<br>the journey ends here<br>forgotten after 1 hour 30 minutes of silence |  |  | none |

    Who was in `zero`, a phase that is gone, is in `one`.

    ## Transitions

    Of those that an event could set off, the first that matches wins. `new` is a customer the model has not put anywhere.

    | transition | from | to | when |
    |---|---|---|---|
    | `start` | `new` | `one` | at any event |
    | `again` | `one` | `one` | at `b`, if `event.colour == "red & \"blue\"" \|\| n >= 3` |
    | `go` | `one` or `two` | `two` | at `a` |
    | `done` | `one` or `two` | `end` | at `c` |
    | `back` | `two` | `one` | 2 days after the phase began |
    | `late` | `one` or `two` | `end` | after 1 day 12 hours without an event |

    ## Counters

    What the conditions ask for.

    - `n`: how many times `a` came, in this visit of the phase
    - `m`: the `size` of `a` or `b`, added up, in the last 28 days
    - `k`: how many times `a` came with the same `colour`, ever; begins anew with `b` or `c`; of a customer the 8 values seen last are kept

    ## Signals

    What there is to do now, told beside the transitions.

    - `left`: at leaving `one`
    - `first`: at `a` in `new`
    - `ended`: at leaving `one` or `two` for `end`; at most once ever
    - `waits`: 1 hour after `a`, unless `b` with the same `colour` comes first
    - `asks`: at `a`, if `k > 2`

    ## Stories it is tested by

    `klantreis model test` runs them.

    - it | begins
    "##);
}

#[test]
fn the_pages_and_pictures_in_docs_are_those_of_the_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/models");
    let mut made = BTreeMap::from([("README.md".to_owned(), index_page())]);
    for name in builtin_names() {
        let checked = builtin(name).unwrap();
        made.insert(format!("{name}.svg"), Drawing::of(&checked, Language::En).svg());
        made.insert(format!("{name}.md"), model_page(&checked, builtin_source(name).unwrap()));
    }
    for (name, text) in &made {
        let path = folder.join(name);
        let is_of_today = std::fs::read_to_string(&path).is_ok_and(|found| found == *text);
        assert!(is_of_today, "docs/models/{name} is not what the program makes now; run `make model-pages`");
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(made.contains_key(&name), "docs/models/{name} belongs to no model; remove it");
    }
}
