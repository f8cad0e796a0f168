//! What the command line asks for.

use anyhow::{Context as _, bail, ensure};

/// Events a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    Of(f64),
    /// As fast as producer, broker and service together take them.
    Max,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Options {
    pub kafka: String,
    /// Before the names of the inputs.
    pub prefix: String,
    /// Topics, with commas between them. Those of the inputs tell how long an event itself takes.
    pub transitions: String,
    pub rate: Rate,
    pub seconds: f64,
    pub warm_up: f64,
    /// Events at most, warm-up included.
    pub events: u64,
    /// Customers who come again.
    pub customers: u64,
    /// Of so many events one is of a new customer.
    pub every: u64,
    pub linger_ms: String,
}

/// How many events, and of which the time is taken.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub events: u64,
    /// Events of the warm-up.
    pub warm: u64,
    pub every: u64,
}

impl Options {
    /// Nothing when no broker is named.
    pub fn from_arguments() -> anyhow::Result<Option<Self>> {
        let mut options = Self {
            kafka: String::new(),
            prefix: String::new(),
            transitions: "transitions".to_owned(),
            rate: Rate::Of(10_000.0),
            seconds: 30.0,
            warm_up: 5.0,
            events: 10_000_000,
            customers: 100_000,
            every: 11,
            linger_ms: "2".to_owned(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            // What `cargo bench` says to every benchmark.
            if name == "--bench" {
                continue;
            }
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            options.set(&name, value).with_context(|| format!("reading {name}"))?;
        }
        ensure!(options.customers > 0 && options.every > 0, "--customers and --every are at least 1");
        let people = options.customers + options.events / options.every;
        ensure!(people < 100_000_000, "{people} customers: an id has 8 digits");
        Ok(Some(options).filter(|options| !options.kafka.is_empty()))
    }

    fn set(&mut self, name: &str, value: String) -> anyhow::Result<()> {
        match name {
            "--kafka" => self.kafka = value,
            "--prefix" => self.prefix = value,
            "--transitions" => self.transitions = value,
            "--rate" if value == "max" => self.rate = Rate::Max,
            "--rate" => {
                self.rate = Rate::Of(value.parse().ok().filter(|rate| *rate > 0.0).context("a number above 0, or max")?)
            }
            "--seconds" => self.seconds = value.parse()?,
            "--warm-up" => self.warm_up = value.parse()?,
            "--events" => self.events = value.parse()?,
            "--customers" => self.customers = value.parse()?,
            "--every" => self.every = value.parse()?,
            "--linger" => self.linger_ms = value,
            _ => bail!(
                "no such option; there are --kafka, --prefix, --transitions, --rate, --seconds, --warm-up, --events, \
                 --customers, --every, --linger"
            ),
        }
        Ok(())
    }

    pub fn plan(&self) -> Plan {
        let (events, warm) = match self.rate {
            Rate::Max => (self.events, 0),
            Rate::Of(rate) => {
                let events = ((self.warm_up + self.seconds) * rate) as u64;
                (events.min(self.events), (self.warm_up * rate) as u64)
            }
        };
        Plan { events, warm, every: self.every }
    }
}
