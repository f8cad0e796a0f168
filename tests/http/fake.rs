//! A service that is only its window: an engine that says what it is told, and the interface to it on a free port.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use klantreis::engine::view::{CustomerView, Lookup, Overview, PartitionView, View};
use klantreis::http::{Api, Facts, Listeners, LiveBus, ModelFacts, PhaseFacts, Sources, Token, serve};
use klantreis::journey::{ModelState, Pair, Value, Way};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2025-01-03T10:00:00Z.
pub const AT: i64 = 1_735_898_400_000;

/// What the engine says.
pub struct FakeView {
    pub overview: Mutex<Overview>,
}

impl View for FakeView {
    fn overview(&self) -> Overview {
        self.overview.lock().expect("nobody panicked").clone()
    }

    /// Everybody's id is their answer; `c1` and the odd ones are known.
    fn customer(&self, id: &str) -> Lookup {
        match id {
            "elsewhere" => Lookup::NotHere { partition: 3 },
            "restoring" => Lookup::Restoring { partition: 1 },
            "c1" | "c/1" | "zoë & 客户?#%" | " " => Lookup::Found(Box::new(customer(id))),
            _ => Lookup::Unknown { partition: 0 },
        }
    }
}

fn customer(id: &str) -> CustomerView {
    let known = ModelState {
        model: "think5".to_owned(),
        phase: Some("afweging".to_owned()),
        since: Some(AT),
        last: Some(AT + 1_500),
        first_seen: Some(AT - 86_400_000),
        seq: 2,
        counters: vec![("views".to_owned(), 3.0), ("spent".to_owned(), 12.5), ("apples".to_owned(), -1.0)],
        next_timer: Some((AT + 30 * 86_400_000, "gone".to_owned())),
        awaited: vec![(AT + 3_600_000, "cart_abandoned".to_owned())],
    };
    let new = ModelState {
        model: "club".to_owned(),
        phase: None,
        since: None,
        last: None,
        first_seen: None,
        seq: 0,
        counters: vec![],
        next_timer: None,
        awaited: Vec::new(),
    };
    let way = |rule: &str, to: &str, missing: &str| Way {
        rule: rule.to_owned(),
        to: to.to_owned(),
        on: Vec::new(),
        due: None,
        when: None,
        values: Vec::new(),
        missing: missing.to_owned(),
    };
    let interest = Way {
        on: vec!["product_viewed".to_owned()],
        when: Some("views >= 3 && event.value > 0.5".to_owned()),
        values: vec![
            ("views".to_owned(), Value::Number(2.0)),
            ("event.value".to_owned(), Value::Missing),
            ("spent".to_owned(), Value::Number(0.25)),
        ],
        ..way("interest", "aankoop", "an event: product_viewed, if …")
    };
    let gone = Way { due: Some(AT), ..way("gone", "vertrokken", "time") };
    let ways = vec![vec![interest, gone], Vec::new()];
    CustomerView {
        customer: id.to_owned(),
        partition: 0,
        committed: true,
        variant: Some("control".to_owned()),
        models: vec![known, new],
        ways,
    }
}

/// A partition that is being processed.
pub fn partition(partition: i32) -> PartitionView {
    PartitionView {
        partition,
        worker: 0,
        restoring: None,
        customers: 10,
        bytes: 1_000,
        phases: vec![vec![6, 3, 1], vec![10]],
        pairs: vec![vec![5, 1, 0, 0, 3, 0, 0, 0, 1]],
        epoch: 7,
        watermark: Some(AT),
        positions: vec![100, 20],
        lag: vec![Some(4), Some(0)],
        waiting_record: None,
    }
}

/// Two partitions of eight, both ready.
pub fn ready() -> Overview {
    Overview {
        partitions: vec![partition(0), partition(2)],
        ingest: None,
        partition_count: 8,
        ready: true,
        troubles: vec![],
    }
}

/// One partition ready, one at a quarter of its state.
pub fn restoring() -> Overview {
    let half = PartitionView { restoring: Some(0.25), watermark: None, lag: vec![None, None], ..partition(1) };
    Overview { partitions: vec![partition(0), half], ingest: None, partition_count: 8, ready: false, troubles: vec![] }
}

fn facts() -> Facts {
    let phase = |id: &str, names: &[(&str, &str)]| PhaseFacts {
        id: id.to_owned(),
        names: names
            .iter()
            .map(|(language, name)| ((*language).to_owned(), (*name).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        needs: names
            .iter()
            .map(|(language, name)| ((*language).to_owned(), vec![format!("wat {name} vraagt")]))
            .collect(),
        touchpoints: if id == "afweging" { Vec::new() } else { vec!["page_viewed".to_owned()] },
        is_final: id == "afweging",
    };
    Facts {
        application: "shop".to_owned(),
        version: "0.1.0".to_owned(),
        guarantee: "exactly_once".to_owned(),
        started: Instant::now(),
        inputs: vec!["clicks".to_owned(), "pos".to_owned()],
        reads_from: 0,
        pairs: vec![Pair { shadow: 2, beside: 0 }],
        models: vec![
            ModelFacts {
                name: "think5".to_owned(),
                version: 3,
                hash: "00000000000000ff".to_owned(),
                applies_to: None,
                signals: vec!["cart_abandoned".to_owned()],
                phases: vec![
                    phase("orientatie", &[("nl", "Oriëntatie"), ("en", "Orientation")]),
                    phase("afweging", &[("nl", "Afweging")]),
                ],
            },
            ModelFacts { name: "club".to_owned(), applies_to: Some("event.club".to_owned()), ..ModelFacts::default() },
            ModelFacts {
                name: "think5 (shadow)".to_owned(),
                version: 4,
                phases: vec![phase("orientatie", &[]), phase("afweging", &[])],
                ..ModelFacts::default()
            },
        ],
    }
}

/// The interface, served until it is dropped.
pub struct Window {
    runtime: Runtime,
    /// Where everything is.
    pub all: SocketAddr,
    /// Where metrics and probes alone are.
    pub probes: SocketAddr,
    pub view: Arc<FakeView>,
    pub live: Arc<LiveBus>,
    pub dead: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl Window {
    /// Opens it, with a token if there is one.
    pub fn open(token: Option<&str>) -> Self {
        let runtime = Runtime::new().expect("a runtime can be started");
        let view = Arc::new(FakeView { overview: Mutex::new(ready()) });
        let live = Arc::new(LiveBus::default());
        let dead = Arc::new(Mutex::new(Vec::new()));
        let sources = Sources {
            view: Arc::<FakeView>::clone(&view),
            live: Arc::clone(&live),
            metrics: Arc::new(|| {
                "# HELP klantreis_ready Ready.\n# TYPE klantreis_ready gauge\nklantreis_ready 1\n".to_owned()
            }),
            dead: Arc::new({
                let dead = Arc::clone(&dead);
                move || dead.lock().expect("nobody panicked").clone()
            }),
        };
        let token = token.map(|text| Token::new(text).expect("a token"));
        let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listeners = runtime.block_on(Listeners::bind(free, free, token.as_ref())).expect("there are free ports");
        let address = |listener: &Option<tokio::net::TcpListener>| {
            listener.as_ref().and_then(|listener| listener.local_addr().ok()).expect("it is bound")
        };
        let (all, probes) = (address(&listeners.all), address(&listeners.probes));
        let (stop, stopped) = oneshot::channel();
        let served = runtime.spawn(serve(Api::new(sources, facts(), token), listeners, async {
            let _ = stopped.await;
        }));
        Self { runtime, all, probes, view, live, dead, stop: Some(stop), served: Some(served) }
    }

    /// Sets what the engine says from now on.
    pub fn say(&self, overview: Overview) {
        *self.view.overview.lock().expect("nobody panicked") = overview;
    }

    /// Tells it to go, without waiting.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it is gone.
    pub fn gone(&mut self) {
        if let Some(served) = self.served.take() {
            self.runtime.block_on(served).expect("serving does not panic");
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.stop();
    }
}
