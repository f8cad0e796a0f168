//! A broker behind TLS that asks who one is: librdkafka's properties in the configuration are all it takes.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::answer::{check_dead_letters, check_transitions, without_repeats, written};
use support::traffic::{Wanted, fold, traffic};
use support::{Broker, Job, Setup, free_ports};
use tempfile::TempDir;

const PASSWORD: &str = "open sesame";

/// A broker with a second door, which is locked.
struct Secured {
    broker: Broker,
    /// The address of that door.
    address: String,
    /// What its certificate is checked against.
    authority: PathBuf,
    /// A certificate that is not the broker's.
    stranger: PathBuf,
    _folder: TempDir,
}

impl Secured {
    fn start() -> Option<Secured> {
        let folder = TempDir::new().expect("a folder");
        let (keys, authority) = certificate(folder.path(), "broker");
        let (_, stranger) = certificate(folder.path(), "stranger");
        let [port] = free_ports();
        let broker = Broker::start_ours(|[plain, controller]| {
            Some(format!(
                "listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},SECURED://127.0.0.1:{port}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SECURED://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL
listener.name.secured.ssl.keystore.type=PKCS12
listener.name.secured.ssl.keystore.location={keys}
listener.name.secured.ssl.keystore.password={STORE_PASSWORD}
listener.name.secured.sasl.enabled.mechanisms=PLAIN
listener.name.secured.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
  user_shop=\"{PASSWORD}\";
",
                keys = keys.display(),
            ))
        })?;
        Some(Secured { broker, address: format!("127.0.0.1:{port}"), authority, stranger, _folder: folder })
    }

    /// A job that comes in by that door.
    fn job(&self, name: &str, authority: &Path, password: &str) -> Job<'_> {
        let mut job = Job::new(&self.broker, name);
        job.brokers.clone_from(&self.address);
        job.kafka = format!(
            "replication: 1, properties: {{ security.protocol: sasl_ssl, ssl.ca.location: \"{}\", sasl.mechanisms: PLAIN, \
             sasl.username: shop, sasl.password: \"{password}\" }}",
            authority.display()
        );
        job
    }
}

/// Of the files with keys, which live as long as a test.
const STORE_PASSWORD: &str = "for the test alone";

/// A key with its certificate, signed by itself: the file with both, and the certificate.
fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (keys, certificate) = (folder.join(format!("{name}.p12")), folder.join(format!("{name}.pem")));
    let keytool = |arguments: &[&str]| {
        let made = Command::new("keytool")
            .args(arguments)
            .args(["-alias", name, "-storepass", STORE_PASSWORD, "-keystore"])
            .arg(&keys)
            .output()
            .unwrap_or_else(|problem| panic!("keytool, which comes with Java: {problem}"));
        assert!(made.status.success(), "keytool: {}", String::from_utf8_lossy(&made.stdout));
    };
    keytool(&[
        "-genkeypair",
        "-keyalg",
        "EC",
        "-storetype",
        "PKCS12",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=IP:127.0.0.1",
    ]);
    keytool(&["-exportcert", "-rfc", "-file", certificate.to_str().expect("a plain path")]);
    assert!(fs::metadata(&certificate).is_ok_and(|file| file.len() > 0));
    (keys, certificate)
}

#[test]
fn a_secured_broker_takes_those_who_say_who_they_are_and_others_are_told_why_not() {
    let Some(secured) = Secured::start() else { return };
    let records = traffic(Wanted { seed: 5, events: 2_000, customers: 200, days: 90, apart: 0 });

    let job = secured.job("secured", &secured.authority, PASSWORD);
    job.fill(&records);
    for guarantee in ["exactly_once", "at_least_once"] {
        let job = job.beside(guarantee);
        let figures = job.catch_up("one", &Setup { guarantee, ..Setup::default() });
        assert_eq!(figures["events"], records.len(), "{figures}\n{}", job.log("one"));
        let (transitions, repeats) = without_repeats(written(&job));
        assert_eq!(repeats, 0);
        check_transitions(&transitions, fold(records.iter()), guarantee);
        check_dead_letters(&job, &records);
    }

    check_refused(&secured.job("password", &secured.authority, "please"), "uthentication failed");
    check_refused(&secured.job("stranger", &secured.stranger, PASSWORD), "certificate verify failed");
}

/// The service does not come up, and says this.
fn check_refused(job: &Job<'_>, why: &str) {
    let mut process = job.start("one", &Setup::default());
    let status = process.wait();
    let said = process.said();
    assert!(!status.success(), "{said}");
    assert!(said.contains(why), "{status}: {said}");
    println!("{status}: {said}");
}
