//! Topics that are created and checked on a real broker.

use std::sync::Arc;

use klantreis::kafka::{Settings, SettingsError, TopicsError, prepare_topics};

use crate::support::{Broker, config};

#[test]
fn topics_are_created_once_and_pass_their_own_check() {
    let broker = Broker::shared();
    let name = broker.prefix("create");
    let inputs = [format!("{name}clicks"), format!("{name}mail")];
    let application = name.trim_end_matches('.');
    let settings = Settings::new(Arc::new(config(broker, application, "one", &inputs))).unwrap();
    match prepare_topics(&settings, true) {
        Err(TopicsError::Unfit(problems)) => {
            assert_eq!(problems.len(), 2, "{problems:?}");
            assert!(problems[0].contains("clicks does not exist"), "{problems:?}");
        }
        other => panic!("inputs are never created: {other:?}"),
    }
    broker.create_topics(&[(&inputs[0], 3, &[]), (&inputs[1], 3, &[])]);
    match prepare_topics(&settings, false) {
        Err(TopicsError::Unfit(problems)) => {
            assert_eq!(problems.len(), 6, "{problems:?}");
            assert!(problems.iter().all(|problem| problem.contains("klantreis topics create")), "{problems:?}");
        }
        other => panic!("a check creates nothing: {other:?}"),
    }
    let facts = prepare_topics(&settings, true).unwrap();
    assert_eq!((facts.partitions, facts.created.len(), facts.dead_letter_bytes), (3, 6, 16 << 20));
    let facts = prepare_topics(&settings, false).unwrap();
    assert_eq!((facts.created, facts.warnings), (vec![], vec![]));
}

#[test]
fn a_retention_that_would_delete_state_is_refused() {
    let broker = Broker::shared();
    let name = broker.prefix("retention");
    let inputs = [format!("{name}clicks")];
    let application = name.trim_end_matches('.');
    broker.create_topics(&[
        (&inputs[0], 2, &[]),
        (&format!("{application}.state-deltas"), 2, &[("retention.ms", "604800000")]),
        (&format!("{application}.state-snapshots"), 1, &[("cleanup.policy", "compact")]),
    ]);
    let settings = Settings::new(Arc::new(config(broker, application, "one", &inputs))).unwrap();
    match prepare_topics(&settings, true) {
        Err(TopicsError::Unfit(problems)) => {
            assert_eq!(problems.len(), 2, "{problems:?}");
            assert!(problems[0].contains("retention.ms=604800000"), "{problems:?}");
            assert!(problems[1].contains("has 1 partitions, the inputs have 2"), "{problems:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broker_that_is_away_is_not_a_mistake() {
    let broker = Broker::shared();
    let mut config = config(broker, "away", "one", &["clicks".to_owned()]);
    // Nobody listens on the discard port.
    config.kafka.brokers = "127.0.0.1:9".to_owned();
    config.kafka.properties.insert("socket.timeout.ms".into(), "1000".into());
    let settings = Settings::new(Arc::new(config)).unwrap();
    assert!(matches!(prepare_topics(&settings, false), Err(TopicsError::Unavailable(_))));
}

#[test]
fn properties_pass_through_except_those_that_promises_rest_on() {
    let check = |place: usize, name: &str, value: &str| {
        let mut config = config(&Broker::nowhere(), "properties", "one", &["clicks".to_owned()]);
        let kafka = &mut config.kafka;
        let places = [&mut kafka.properties, &mut kafka.consumer, &mut kafka.producer];
        places.into_iter().nth(place).unwrap().insert(name.to_owned(), value.to_owned());
        Settings::new(Arc::new(config)).map(drop)
    };
    for (place, name, value) in [
        (0, "socket.keepalive.enable", "true"),
        (1, "fetch.min.bytes", "10"),
        (2, "compression.type", "zstd"),
        (0, "client.rack", "a"),
    ] {
        assert_eq!(check(place, name, value), Ok(()), "{name}");
    }
    for name in [
        "enable.auto.commit",
        "isolation.level",
        "group.id",
        "group.instance.id",
        "transactional.id",
        "partition.assignment.strategy",
        "enable.partition.eof",
        "auto.offset.reset",
        "partitioner",
        "enable.idempotence",
        "acks",
        "request.required.acks",
        "bootstrap.servers",
    ] {
        let refused = check(1, name, "x").unwrap_err();
        assert!(matches!(&refused, SettingsError::Ours { name: of, .. } if of == name), "{refused}");
        assert!(refused.to_string().starts_with(&format!("kafka.consumer.{name} cannot be set: ")), "{refused}");
    }
    for (name, value) in [("no.such.property", "1"), ("fetch.min.bytes", "many")] {
        let refused = check(0, name, value).unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
    }
}
