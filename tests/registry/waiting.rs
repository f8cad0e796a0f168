//! A registry that is away, answers wrongly, or wants to know who asks: records wait, and none is lost for it.

use std::sync::Arc;
use std::time::Duration;

use klantreis::config::{RegistryLogin, SchemaRegistryConfig};
use klantreis::formats::{Lookup, Schemas};
use klantreis::registry::{OpenError, Registry};

use crate::events::first_schema;
use crate::stand_in::StandIn;
use crate::{registry, until};

/// Long enough to be asked more than once.
const SOME_TIME: Duration = Duration::from_millis(700);

/// For as long as the registry fails, nothing is said of a schema; then it is there.
fn check_fault(fault: (u16, &'static str)) {
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", first_schema(), &[]);
    stand_in.fail(Some(fault));
    let schemas = registry(stand_in.url());
    assert_eq!(schemas.find(1), Lookup::NotYet, "{fault:?}");
    until("it to be asked again", || (stand_in.asked().len() > 1).then_some(()));
    assert_eq!(schemas.find(1), Lookup::NotYet, "{fault:?}");
    stand_in.fail(None);
    let found = until("the schema", || match schemas.find(1) {
        Lookup::NotYet => None,
        other => Some(other),
    });
    assert!(matches!(&found, Lookup::Found(schema) if schema.text == first_schema()), "{fault:?}: {found:?}");
}

#[test]
fn whatever_fails_on_the_way_is_waited_for() {
    check_fault((503, "<html>no"));
    check_fault((500, r#"{"error_code":50001,"message":"Error in the backend data store"}"#));
    check_fault((401, r#"{"error_code":401,"message":"Unauthorized"}"#));
    check_fault((429, ""));
    // Something else at that address, or the address is another.
    check_fault((404, "<html>no such page"));
    check_fault((404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#));
    check_fault((200, "<html>please log in"));
}

#[test]
fn a_registry_that_nobody_can_connect_to_is_waited_for_and_asking_never_waits() {
    let mut stand_in = StandIn::away();
    stand_in.add(1, "AVRO", first_schema(), &[]);
    let schemas = registry(stand_in.url());
    let begun = std::time::Instant::now();
    for id in 1..1_000 {
        assert_eq!(schemas.find(id), Lookup::NotYet);
    }
    assert!(begun.elapsed() < SOME_TIME, "{:?}", begun.elapsed());
    std::thread::sleep(SOME_TIME);
    assert_eq!(schemas.find(1), Lookup::NotYet);
    stand_in.come_back();
    until("the schema", || matches!(schemas.find(1), Lookup::Found(_)).then_some(()));
    until("the answer for another", || matches!(schemas.find(2), Lookup::Unknown(_)).then_some(()));
}

#[test]
fn who_asks_says_so_in_the_way_that_is_configured() {
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", first_schema(), &[]);
    let check = |login: Option<RegistryLogin>, expected: Option<&str>| {
        // What stands before the paths may end in a slash.
        let config = SchemaRegistryConfig { url: format!("{}/", stand_in.url()), login, ca_file: None };
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
        let schemas: Arc<dyn Schemas> = Arc::new(Registry::open(&config).unwrap());
        until("the schema", || matches!(schemas.find(1), Lookup::Found(_)).then_some(()));
        assert_eq!(stand_in.login().as_deref(), expected);
    };
    check(None, None);
    let password = RegistryLogin::Password { username: "shop".into(), password: "s3cret".into() };
    check(Some(password), Some("Basic c2hvcDpzM2NyZXQ="));
    check(Some(RegistryLogin::Token("s3cret".into())), Some("Bearer s3cret"));
}

#[test]
fn authorities_that_cannot_be_read_are_an_error_at_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = |path: &std::path::Path| SchemaRegistryConfig {
        url: "https://registry.example.com".into(),
        login: None,
        ca_file: Some(path.to_owned()),
    };
    let check = |path: &std::path::Path, expected: &str| {
        let OpenError::Authorities { problem, .. } = Registry::open(&config(path)).unwrap_err() else {
            panic!("another error")
        };
        assert!(problem.contains(expected), "{problem}");
    };
    check(file.path(), "no certificate is in it");
    check("/nowhere/ca.pem".as_ref(), "No such file");
}
