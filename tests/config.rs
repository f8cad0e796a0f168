//! Configurations with each kind of mistake, and what is said about them.

use std::path::Path;

use klantreis::config::{self, Config, Envelope, Guarantee, Keying, ModelRef, Needs, Start};
use klantreis::formats::TimeSource;
use klantreis::journey::Span;

/// The least that works.
const LEAST: &str = "\
application: shop
kafka: { brokers: \"127.0.0.1:9092\" }
inputs:
  - { name: clicks, topic: clicks, format: segment }
models: [think5]
";

fn parse_in(folder: &Path, text: &str) -> Result<Config, String> {
    let environment = |name: &str| match name {
        "KAFKA" => Some("broker-1:9092".to_owned()),
        "EMPTY" => Some(String::new()),
        "WORKERS" => Some("3".to_owned()),
        _ => None,
    };
    config::parse(text, "shop.yaml", folder, &environment).map_err(|error| error.to_string())
}

fn parse(text: &str) -> Config {
    parse_in(Path::new(""), text).expect(text)
}

/// The configuration is refused with exactly these lines.
#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let message = parse_in(Path::new(""), text).expect_err(text);
    assert_eq!(message.lines().collect::<Vec<_>>(), expected, "{text}");
}

/// The least that works with more below it (which begins in line 6) is refused with exactly these lines.
#[track_caller]
fn refused_with(more: &str, expected: &[&str]) {
    refused(&format!("{LEAST}{more}\n"), expected);
}

#[test]
fn the_least_configuration_has_the_documented_defaults() {
    let config = parse(LEAST);
    assert_eq!(config.application, "shop");
    assert_eq!(config.kafka.brokers, "127.0.0.1:9092");
    assert_eq!(config.kafka.replication, -1);
    assert!(!config.kafka.instance.is_empty());
    assert_eq!(config.inputs[0].time, TimeSource::Event);
    assert_eq!(config.inputs[0].start, Start::Earliest);
    assert_eq!(config.models, [ModelRef::BuiltIn("think5".into())]);
    assert_eq!(config.topics.transitions, "shop.transitions");
    assert_eq!(config.topics.phases.as_deref(), Some("shop.phases"));
    assert_eq!(config.topics.signals.as_deref(), Some("shop.signals"));
    assert_eq!(config.needs, Needs::Reference);
    assert_eq!(config.topics.dead_letters, "shop.dead-letters");
    assert_eq!(config.topics.state_deltas, "shop.state-deltas");
    assert_eq!(config.topics.state_snapshots, "shop.state-snapshots");
    assert_eq!(config.guarantee, Guarantee::ExactlyOnce);
    assert_eq!(config.envelope, Envelope::Binary);
    assert_eq!(config.commit_interval, Span(100));
    assert!(config.workers >= 1);
    assert_eq!(config.align_idle_after, Span(0));
    assert_eq!(config.allowed_lateness, Span(60_000));
    assert_eq!(config.max_future_skew, Span(300_000));
    assert_eq!(config.forget_after, Span(400 * 86_400_000));
    assert_eq!(config.remembered_ids, 4);
    assert_eq!(config.max_event_bytes, 1 << 20);
    assert_eq!(config.dead_letters_stop_above, None);
    assert_eq!(config.memory_limit, None);
    assert_eq!(config.shutdown_deadline, Span(20_000));
    assert_eq!(config.http.listen, Some("127.0.0.1:9464".parse().expect("it works")));
    assert_eq!(config.http.metrics_listen, None);
    assert_eq!(config.http.token, None);
}

#[test]
fn everything_that_can_be_written_is_read() {
    let config = parse(
        r#"
application: shop
kafka:
  brokers: "${KAFKA:-127.0.0.1:9092}"
  instance: "${HOSTNAME:-pod-7}"
  replication: 3
  properties: { security.protocol: ssl, socket.receive.buffer.bytes: 1048576, enable.ssl.certificate.verification: true }
  consumer: { fetch.min.bytes: 1 }
  producer: { linger.ms: 0.5 }
inputs:
  - { name: clicks, topic: "${PREFIX:-}clicks", format: segment, time: record, start: latest }
  - { name: mail, topic: "${PREFIX:-x.}mail", format: sendgrid, start: "2025-01-31T00:00:00Z" }
models: [think5]
topics: { transitions: t, signals: off, phases: off, dead_letters: d, state_deltas: sd, state_snapshots: ss }
guarantee: at_least_once
envelope: structured
needs: inline
commit_interval: 20ms
workers: "${WORKERS}"
align: { idle_after: 50ms }
allowed_lateness: 0ms
max_future_skew: 1m
forget_after: 30d
duplicates: { remember: 0 }
limits: { event_bytes: 512KiB, memory: 8GB }
dead_letters: { stop_above: 0.5 }
shutdown: { deadline: 5s }
http: { listen: "0.0.0.0:9464", metrics_listen: "0.0.0.0:9465", token: "s3cret" }
"#,
    );
    assert_eq!(config.kafka.brokers, "broker-1:9092");
    assert_eq!(config.kafka.instance, "pod-7");
    assert_eq!(config.kafka.replication, 3);
    assert_eq!(config.kafka.properties["socket.receive.buffer.bytes"], "1048576");
    assert_eq!(config.kafka.properties["enable.ssl.certificate.verification"], "true");
    assert_eq!(config.kafka.consumer["fetch.min.bytes"], "1");
    assert_eq!(config.kafka.producer["linger.ms"], "0.5");
    let topics: Vec<_> = config.inputs.iter().map(|input| input.topic.as_str()).collect();
    assert_eq!(topics, ["clicks", "x.mail"]);
    assert_eq!(config.inputs[0].time, TimeSource::Record);
    assert_eq!(config.inputs[0].start, Start::Latest);
    assert_eq!(config.inputs[1].start, Start::Time(1_738_281_600_000));
    assert_eq!((config.topics.signals, config.topics.phases), (None, None));
    assert_eq!(config.needs, Needs::Inline);
    assert_eq!(config.guarantee, Guarantee::AtLeastOnce);
    assert_eq!(config.envelope, Envelope::Structured);
    assert_eq!(config.workers, 3);
    assert_eq!(config.allowed_lateness, Span(0));
    assert_eq!(config.remembered_ids, 0);
    assert_eq!(config.max_event_bytes, 512 << 10);
    assert_eq!(config.memory_limit, Some(8_000_000_000));
    assert_eq!(config.dead_letters_stop_above, Some(0.5));
    assert_eq!(config.http.listen, Some("0.0.0.0:9464".parse().expect("it works")));
    assert_eq!(config.http.token.as_deref(), Some("s3cret"));
}

#[test]
fn variants_of_an_experiment_are_listed() {
    let config = parse(&format!("{LEAST}variants: {{ attribute: form, values: [long, short, \"2\"] }}\n"));
    let variants = config.variants.expect("they are there").rule;
    assert_eq!(variants.attribute, "form");
    assert_eq!(variants.names().collect::<Vec<_>>(), ["long", "short", "2", "other"]);
    assert_eq!(parse(LEAST).variants, None);
    refused_with(
        "variants: { attribute: my form, values: [a, 3, other, a, \"\"] }",
        &[
            "shop.yaml:6:24: variants.attribute is \"my form\", which no attribute can be called; write ASCII letters, digits and _, such as experiment",
            "shop.yaml:6:45: a variant is the number 3; write a text, in quotes if it looks like a number",
            "shop.yaml:6:48: the variant \"other\" stands for all that are not listed; leave it out, or call it otherwise in the events",
            "shop.yaml:6:55: the variant a stands here twice; leave one of them out",
            "shop.yaml:6:58: the variant \"\" cannot be a label; write 1 to 64 bytes without control characters",
        ],
    );
    let many: Vec<String> = (0..17).map(|number| format!("v{number}")).collect();
    let message =
        parse_in(Path::new(""), &format!("{LEAST}variants: {{ attribute: a, values: [{}] }}\n", many.join(", ")));
    assert!(message.expect_err("17").contains("17 variants are too many; list at most 16; the others count as other"));
    refused_with(
        "variants: {}",
        &[
            "shop.yaml:6:1: variants.attribute is missing; write the name of an attribute of events, such as experiment",
            "shop.yaml:6:1: variants.values is missing; write for example variants: { attribute: experiment, values: [control, short-form] }",
        ],
    );
}

#[test]
fn a_shadow_is_a_model_or_a_mapping_that_says_beside_which_and_has_a_topic() {
    let config = parse(&format!("{LEAST}shadow: [retention5, {{ model: decision3, beside: think5 }}]\n"));
    let shadows: Vec<_> = config.shadows.iter().map(|one| (one.model.to_string(), one.beside.as_deref())).collect();
    assert_eq!(shadows, [("retention5".to_owned(), None), ("decision3".to_owned(), Some("think5"))]);
    assert_eq!(config.topics.shadow.as_deref(), Some("shop.shadow"));
    assert_eq!(parse(&format!("{LEAST}topics: {{ shadow: other }}\n")).topics.shadow, None);
    let named = parse(&format!("{LEAST}shadow: [think5]\ntopics: {{ shadow: other }}\n"));
    assert_eq!(named.topics.shadow.as_deref(), Some("other"));
    assert!(named.model_set().is_ok_and(|set| set.pairs().len() == 1));
    refused_with(
        "shadow: [think6, 4, think5, think5, { beside: think5 }]",
        &[
            "shop.yaml:6:10: there is no built-in model think6; write think5, awareness5, see-think-do-care, retention5, decision3 or store-pos, or the path of a file, such as ./think6.yaml",
            "shop.yaml:6:18: a shadow is the number 4; write for example shadow: [./new.yaml], or shadow: [{ model: ./other.yaml, beside: think5 }]",
            "shop.yaml:6:29: the shadow think5 stands here twice; leave one of them out",
            "shop.yaml:6:37: shadow[4].model is missing; write the path of a model file, such as ./new.yaml",
        ],
    );
}

#[test]
fn all_problems_of_a_file_are_reported_together_and_in_its_order() {
    refused(
        "\
kafka: { brokers: \"${NOPE}\", instanse: a }
inputs:
  - { name: clicks, topic: clicks, format: segmint }
  - { name: clicks, topic: clicks, format: segment, start: yesterday }
models: [think6, ./none.yaml]
comit_interval: 1s
workers: 0
",
        &[
            "shop.yaml:1:1: application is missing; write a name for the consumer group and the topics, such as application: shop",
            "shop.yaml:1:19: the environment variable NOPE is not set; set it, or write ${NOPE:-default}",
            "shop.yaml:1:30: kafka.instanse is not a key that is known here; did you mean instance?",
            "shop.yaml:3:44: there is no format `segmint`; did you mean `segment`?",
            "shop.yaml:4:60: \"yesterday\" is not where an input can begin; write earliest, latest or a time such as 2025-01-31T00:00:00Z",
            "shop.yaml:5:10: there is no built-in model think6; write think5, awareness5, see-think-do-care, retention5, decision3 or store-pos, or the path of a file, such as ./think6.yaml",
            "shop.yaml:5:18: there is no model file ./none.yaml; name a file that exists; a relative path starts at this configuration's folder",
            "shop.yaml:6:1: comit_interval is not a key that is known here; did you mean commit_interval?",
            "shop.yaml:7:10: workers is 0, which is too little; write a value from 1 to 256",
        ],
    );
}

#[test]
fn what_is_needed_and_missing_is_named_with_an_example() {
    refused(
        "{}",
        &[
            "shop.yaml:1:1: application is missing; write a name for the consumer group and the topics, such as application: shop",
            "shop.yaml:1:1: kafka.brokers is missing; write for example brokers: 127.0.0.1:9092",
            "shop.yaml:1:1: inputs is missing; write for example inputs: [{ name: clicks, topic: clicks, format: segment }]",
            "shop.yaml:1:1: models is missing; write for example models: [think5], or the path of a model file such as ./own.yaml",
        ],
    );
    let text = "application: a\nkafka: {brokers: b}\ninputs: [{topic: t}]\nmodels: [think5]\n";
    refused(
        text,
        &[
            "shop.yaml:3:10: inputs[0].name is missing; write a short name, such as clicks",
            "shop.yaml:3:10: inputs[0].format is missing; write the format of its records, such as segment",
        ],
    );
}

#[test]
fn a_file_that_is_no_mapping_or_no_yaml_is_refused_with_its_place() {
    refused("- a\n- b\n", &["shop.yaml:1:1: the configuration is a list; write a mapping of keys to values"]);
    refused(
        "application: shop\nkafka: {brokers: [\n",
        &["shop.yaml:2:18: this is not YAML: unclosed bracket '['; check brackets, quotes and indentation"],
    );
}

#[test]
fn a_wrong_type_is_told_from_what_belongs_there() {
    refused_with(
        "guarantee: [exactly_once]",
        &["shop.yaml:6:12: guarantee is a list; write exactly_once or at_least_once"],
    );
    refused_with("http: 9464", &["shop.yaml:6:7: http is the number 9464; write a mapping of keys to values"]);
    refused_with("workers: two", &["shop.yaml:6:10: workers is the text `two`; write a whole number from 1 to 256"]);
    refused_with("workers: 1.5", &["shop.yaml:6:10: workers is the number 1.5; write a whole number from 1 to 256"]);
    refused_with(
        "topics: { transitions: 5 }",
        &[
            "shop.yaml:6:24: topics.transitions is the number 5; put it in quotes if it is meant, or write the name of a topic, or leave it out",
        ],
    );
    refused_with(
        "kafka: { brokers: b }",
        &["shop.yaml:6:1: kafka stands here a second time (first in line 2); leave one of them out"],
    );
}

#[test]
fn values_are_refused_just_outside_their_range_and_taken_at_its_ends() {
    let refusals = [
        ("commit_interval: 0ms", "6:18: commit_interval is 0s, which is too little; write a value from 1ms to 1m"),
        ("commit_interval: 61s", "6:18: commit_interval is 1m1s, which is too much; write a value from 1ms to 1m"),
        ("workers: 257", "6:10: workers is 257, which is too much; write a value from 1 to 256"),
        (
            "duplicates: { remember: 17 }",
            "6:25: duplicates.remember is 17, which is too much; write a value from 0 to 16",
        ),
        (
            "limits: { event_bytes: 1023 }",
            "6:24: limits.event_bytes is 1023B, which is too little; write a value from 1KiB to 1GiB",
        ),
        (
            "limits: { memory: 1MiB }",
            "6:19: limits.memory is 1MiB, which is too little; write a value from 64MiB to 1PiB",
        ),
        (
            "dead_letters: { stop_above: 0 }",
            "6:29: dead_letters.stop_above is the number 0; write a share above 0 and at most 1, such as 0.5, or off",
        ),
        (
            "dead_letters: { stop_above: 1.01 }",
            "6:29: dead_letters.stop_above is the number 1.01; write a share above 0 and at most 1, such as 0.5, or off",
        ),
        (
            "shutdown: { deadline: 999ms }",
            "6:23: shutdown.deadline is 999ms, which is too little; write a value from 1s to 1h",
        ),
        ("forget_after: 59s", "6:15: forget_after is 59s, which is too little; write a value from 1m to 36500d"),
        (
            "commit_interval: 100",
            "6:18: commit_interval is the number 100; write a length of time, such as 100ms, 5s, 1m, 2h or 30d",
        ),
    ];
    for (more, expected) in refusals {
        refused_with(more, &[&format!("shop.yaml:{expected}")]);
    }
    for more in [
        "commit_interval: 1ms",
        "commit_interval: 1m",
        "workers: 256",
        "duplicates: { remember: 16 }",
        "limits: { event_bytes: 1KiB }",
        "dead_letters: { stop_above: 1 }",
        "dead_letters: { stop_above: off }",
    ] {
        parse(&format!("{LEAST}{more}\n"));
    }
}

#[test]
fn topics_must_be_topics_and_differ_from_each_other() {
    refused_with(
        "topics: { transitions: clicks }",
        &[
            "shop.yaml:6:24: topics.transitions is clicks, which input clicks reads; write another name: what is written must not be read again",
        ],
    );
    refused_with(
        "topics: { transitions: out, phases: out }",
        &["shop.yaml:6:37: topics.phases and topics.transitions are both out; give each a name of its own"],
    );
    refused_with(
        "topics: { dead_letters: \"a b\" }",
        &["shop.yaml:6:25: \"a b\" cannot be the name of a topic; write up to 249 letters, digits, - _ and ."],
    );
    // An input that reads what is written by default.
    refused(
        &LEAST.replace("topic: clicks", "topic: shop.phases"),
        &[
            "shop.yaml:1:1: topics.phases is shop.phases, which input clicks reads; write another name: what is written must not be read again",
        ],
    );
}

#[test]
fn inputs_must_differ_in_name_and_topic() {
    let text = LEAST.replace("models", "  - { name: clicks, topic: other, format: segment }\n  - { name: more, topic: clicks, format: segment }\nmodels");
    refused(
        &text,
        &[
            "shop.yaml:5:13: two inputs are named clicks (the first in line 4); give each a name of its own",
            "shop.yaml:6:26: inputs clicks and more read the same topic clicks; leave one of them out",
        ],
    );
}

#[test]
fn the_interface_is_never_open_to_others_without_a_token() {
    refused_with(
        "http: { listen: \"0.0.0.0:9464\" }",
        &[
            "shop.yaml:6:17: http.listen is 0.0.0.0:9464, where others can reach it, but no token guards the customers; \
           add http.token or http.token_file, set KLANTREIS_HTTP_TOKEN, or listen on 127.0.0.1:9464",
        ],
    );
    for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "off"] {
        parse(&format!("{LEAST}http: {{ listen: \"{address}\", metrics_listen: \"0.0.0.0:9465\" }}\n"));
    }
    let off = parse(&format!("{LEAST}http: {{ listen: off }}\n"));
    assert_eq!(off.http.listen, None);
    let environment = |name: &str| (name == "KLANTREIS_HTTP_TOKEN").then(|| " from-outside\n".to_owned());
    let text = format!("{LEAST}http: {{ listen: \"0.0.0.0:9464\" }}\n");
    let config = config::parse(&text, "shop.yaml", Path::new(""), &environment).expect("it works");
    assert_eq!(config.http.token.as_deref(), Some("from-outside"));
}

#[test]
fn a_token_can_stand_in_a_file_that_must_exist_and_hold_it() {
    let folder = tempfile::tempdir().expect("it works");
    std::fs::write(folder.path().join("token"), "  abc-123\n").expect("it works");
    std::fs::write(folder.path().join("empty"), " \n").expect("it works");
    let check = |more: &str| parse_in(folder.path(), &format!("{LEAST}http: {{ listen: \"[::]:1\", {more} }}\n"));
    assert_eq!(check("token_file: token").expect("it works").http.token.as_deref(), Some("abc-123"));
    let path = folder.path().display();
    let refusals = [
        ("token_file: empty", format!("shop.yaml:6:39: the token file {path}/empty is empty; put the token into it")),
        (
            "token_file: none",
            format!("shop.yaml:6:39: the token file {path}/none cannot be read: No such file or directory (os error 2); name a file that exists and that this user may read"),
        ),
        ("token: a, token_file: token", "shop.yaml:6:49: http.token and http.token_file are both given; leave one of them out".into()),
        ("token: a b", "shop.yaml:6:34: the token has blanks or characters that no HTTP header can carry; use letters, digits and -._~+/=".into()),
        ("token: \"${EMPTY}\"", "shop.yaml:6:34: http.token is the text ``; write the token, for example \"${API_TOKEN}\", or leave it out".into()),
    ];
    for (more, expected) in refusals {
        assert_eq!(check(more).expect_err("it is refused"), expected, "{more}");
    }
}

#[test]
fn properties_that_carry_the_guarantees_are_not_for_the_user() {
    refused(
        &LEAST.replace("\"127.0.0.1:9092\"", "b, consumer: { group.id: x }, producer: { linger.ms: [1] }"),
        &[
            "shop.yaml:2:34: group.id cannot be set: it is the application's name; leave it out",
            "shop.yaml:2:72: kafka.producer.linger.ms is a list; write a text, a number, `true` or `false`",
        ],
    );
}

#[test]
fn a_model_file_is_found_from_the_configurations_folder() {
    let folder = tempfile::tempdir().expect("it works");
    std::fs::write(folder.path().join("own.yaml"), "model: own\n").expect("it works");
    let text = LEAST.replace("[think5]", "[think5, ./own.yaml, own.yaml, think5]");
    let message = parse_in(folder.path(), &text).expect_err("it is refused");
    let expected = [
        "shop.yaml:5:30: the model own.yaml stands here twice; leave one of them out",
        "shop.yaml:5:40: the model think5 stands here twice; leave one of them out",
    ];
    assert_eq!(message, expected.join("\n"));
    let config = parse_in(folder.path(), &LEAST.replace("think5", "own.yaml")).expect("it works");
    assert_eq!(config.models, [ModelRef::File(folder.path().join("own.yaml"))]);
}

#[test]
fn a_file_that_is_not_there_or_not_text_says_so() {
    let folder = tempfile::tempdir().expect("it works");
    let none = folder.path().join("none.yaml");
    let message = config::load(&none).expect_err("it is refused").to_string();
    let expected =
        "cannot be read: No such file or directory (os error 2); name a configuration file that exists with -c";
    assert_eq!(message, format!("{}: {expected}", none.display()));
    let bytes = folder.path().join("bytes.yaml");
    std::fs::write(&bytes, b"application: \xff").expect("it works");
    let message = config::load(&bytes).expect_err("it is refused").to_string();
    assert_eq!(message, format!("{}: is not UTF-8 from byte 13 on; save it as UTF-8", bytes.display()));
}

#[test]
fn the_examples_are_sound_and_name_the_defaults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples");
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("it works");
        config::parse(&text, name, &folder, &|_| None).unwrap_or_else(|error| panic!("{error}"))
    };
    let (shown, least) = (read("klantreis.yaml"), parse(LEAST));
    assert_eq!(format!("{:?}", Config { inputs: least.inputs.clone(), ..shown }), format!("{least:?}"));

    let job = read("job.yaml");
    assert_eq!(job.topics.transitions, "transitions");
    assert_eq!(job.envelope, Envelope::Bare);
    assert_eq!(job.inputs.iter().map(|input| input.topic.as_str()).collect::<Vec<_>>(), ["clicks", "mail", "pos"]);
}

#[test]
fn an_envelope_is_one_of_three_words_also_from_the_environment() {
    let check = |word: &str, expected: Envelope| {
        let environment = |name: &str| (name == "ENVELOPE").then(|| word.to_owned());
        let text = format!("{LEAST}envelope: \"${{ENVELOPE:-bare}}\"\n");
        let config = config::parse(&text, "shop.yaml", Path::new(""), &environment);
        assert_eq!(config.expect(word).envelope, expected, "{word}");
        assert_eq!(parse(&format!("{LEAST}envelope: {word}\n")).envelope, expected, "{word}");
    };
    check("binary", Envelope::Binary);
    check("structured", Envelope::Structured);
    check("bare", Envelope::Bare);
    assert_eq!(parse(&format!("{LEAST}envelope: \"${{ENVELOPE:-bare}}\"\n")).envelope, Envelope::Bare);
    refused_with(
        "envelope: naked",
        &["shop.yaml:6:11: envelope is the text `naked`; write binary, structured or bare"],
    );
}

#[test]
fn what_an_input_says_beside_its_format_is_checked_in_its_place() {
    let with = |more: &str| LEAST.replace("segment }", &format!("segment, {more} }}"));
    let sound = with(
        "customer: [user_id, anonymous_id], kinds: { Quote Asked: quoted }, drops: { bot: false, anonymous: true }, unwrap: [cloudevents]",
    );
    let kinds = klantreis::formats::kinds_of(&parse(&sound).inputs[0].format).expect("they are known");
    assert!(kinds.iter().any(|kind| kind == "quoted"), "{kinds:?}");
    let check = |more: &str, expected: &str| refused(&with(more), &[&format!("shop.yaml:{expected}")]);
    check(
        "customer: [loyalty]",
        "4:44: customer: there is no identifier `loyalty`; there are user_id, email, phone, anonymous_id, device_id",
    );
    check("customer: 7", "4:63: found integer `7`; write a type of identifier such as user_id, or a list of them");
    check("drops: { bots: true }", "4:5: bots is no reason to leave an event out; did you mean bot?");
    check("drops: { bot: perhaps }", "4:67: found string \"perhaps\"; write a boolean");
    check(
        "unwrap: [sqs]",
        "4:62: there is no wrapper `sqs`; write sns, cloudevents, registry, avro, protobuf, debezium, {form: field} or {text: place}",
    );
    check("kinds: [quoted]", "4:60: found a list; write a map");
}

#[test]
fn a_mapping_is_checked_in_its_place() {
    let check = |mapping: &str, expected: &str| {
        let text = LEAST.replace("segment }", &format!("mapping, mapping: {{ {mapping} }} }}"));
        refused(&text, &[&format!("shop.yaml:{expected}")]);
    };
    check(
        "customer: id, time: at, kind: x, valeu: v",
        "4:97: valeu is not a key that is known here; did you mean value?",
    );
    check("customer: id, kind: { from: k, table: [a] }, time: at", "4:102: found a list; write a map");
    check(
        "customer: id, time: { from: at, format: epoch }, kind: x",
        "4:104: `epoch` is no format of times; write rfc3339, epoch_s, epoch_ms, epoch_us or a pattern such as \"%Y-%m-%d %H:%M:%S\"",
    );
    check(
        "customer: id, time: { from: at, form: s }, kind: x",
        "4:96: form is not a key that is known here; did you mean format?",
    );
    check("customer: id, time: at", "4:62: mapping: kind is missing; add kind");
    check(
        "customer: [], time: at, kind: x",
        "4:62: mapping: customer: an empty list; name at least one column, or leave it out",
    );
    check(
        "customer: \"${NOPE}\", time: at, kind: x",
        "4:74: the environment variable NOPE is not set; set it, or write ${NOPE:-default}",
    );
    check(
        "customer: a, customer: b, time: at, kind: x",
        "4:77: customer stands here a second time; leave one of them out",
    );
    refused(
        &LEAST.replace("segment }", "mapping }"),
        &[
            "shop.yaml:4:44: format `mapping` needs `mapping:`, which says where things stand; write it with at least `customer`, `time` and `kind`",
        ],
    );
    refused(
        &LEAST.replace("segment }", "segment, mapping: { customer: a, time: t, kind: k } }"),
        &[
            "shop.yaml:4:62: `mapping:` is only for `format: mapping`; leave it out, for format `segment` knows its fields",
        ],
    );
}

#[test]
fn a_file_that_is_nested_without_end_or_grows_by_aliases_is_refused() {
    let deep = format!("application: {}\n", "[".repeat(20_000));
    let closed = format!("application: {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inside = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{inside}]\n");
    }
    for text in [deep, closed, bomb] {
        let message = parse_in(Path::new(""), &text).expect_err("it is refused");
        assert!(
            message.starts_with("shop.yaml:")
                && (message.contains(": this is not YAML: ") || message.contains("nested at most 16 levels deep")),
            "{message}"
        );
    }
}

/// The feature `registry` has tests of its own.
#[cfg(not(feature = "registry"))]
#[test]
fn avro_and_protobuf_are_refused_by_a_program_that_was_built_without_them() {
    let input = |more: &str| {
        let text = format!("{LEAST}schema_registry: {{ url: 'http://registry:8081' }}\n");
        text.replace("format: segment", more)
    };
    let how = "which was built without the feature `registry`; build it with `cargo build --release --features registry`, or take the image, which has it";
    refused(
        &input("format: mapping, mapping: { reads: avro, customer: c, time: t, kind: k }"),
        &[&format!("shop.yaml:4:62: mapping: Avro is not read by this program, {how}")],
    );
    refused(
        &input("format: segment, unwrap: [protobuf]"),
        &[&format!("shop.yaml:4:44: Protobuf is not read by this program, {how}")],
    );
}

proptest::proptest! {
    #[test]
    fn a_damaged_file_is_taken_or_refused_with_places_but_never_a_panic(
        at in 0_usize..4_000, length in 0_usize..40, instead in "[ -~\\n]{0,12}",
    ) {
        let whole = include_str!("../deploy/examples/klantreis.yaml");
        let mut characters: Vec<char> = whole.chars().collect();
        let begin = at.min(characters.len());
        let end = (begin + length).min(characters.len());
        characters.splice(begin..end, instead.chars());
        let text: String = characters.into_iter().collect();
        if let Err(error) = config::parse(&text, "shop.yaml", Path::new(""), &|_| None) {
            let lines = text.lines().count() as u64 + 1;
            for problem in &error.problems {
                let at = problem.at.expect("a problem of a file has a place");
                proptest::prop_assert!(at.line >= 1 && at.line <= lines && at.column >= 1, "{problem:?}");
                proptest::prop_assert!(!problem.what.is_empty() && !problem.instead.is_empty(), "{problem:?}");
            }
        }
    }
}

#[test]
fn inputs_are_keyed_by_customer_or_keyed_anew_into_a_topic_of_events() {
    let config = parse(LEAST);
    assert_eq!((config.keying, config.topics.events), (Keying::Direct, None));
    let config = parse(&format!("{LEAST}keying: rekey\n"));
    assert_eq!((config.keying, config.topics.events.as_deref()), (Keying::Rekey, Some("shop.events")));
    let config = parse(&format!("{LEAST}keying: rekey\ntopics: {{ events: e }}\n"));
    assert_eq!(config.topics.events.as_deref(), Some("e"));
    assert_eq!(parse(&format!("{LEAST}topics: {{ events: e }}\n")).topics.events, None, "known where it is not needed");
    refused_with("keying: stitched", &["shop.yaml:6:9: keying is the text `stitched`; write direct or rekey"]);
    refused_with(
        "keying: rekey\ntopics: { events: clicks }",
        &[
            "shop.yaml:7:19: topics.events is clicks, which input clicks reads; write another name: what is written must not be read again",
        ],
    );
    refused(
        &format!("{}keying: rekey\n", LEAST.replace("name: clicks", "name: events")),
        &[
            "shop.yaml:4:13: an input is named events, as with keying: rekey the events that it is made into are; give it another name",
        ],
    );
}
