//! Deleting state deltas that no restore needs any more, beside the worker: the broker does it when it likes, and a failure only
//! means that it is asked again with the next, higher offset.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::{Offset, TopicPartitionList};

use super::context::Quiet;
use super::settings::Settings;

/// How long the broker may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that may wait; more are dropped, since later ones say more.
const WAITING: usize = 64;

/// Sends requests from a thread of its own, which starts with the first and ends with this.
pub(super) struct Trimmer {
    settings: Settings,
    worker: usize,
    requests: Option<Sender<(i32, i64)>>,
}

impl Trimmer {
    pub(super) fn new(settings: &Settings, worker: usize) -> Trimmer {
        Trimmer { settings: settings.clone(), worker, requests: None }
    }

    /// Asks for everything below an offset to be deleted. Never waits.
    pub(super) fn trim(&mut self, partition: i32, below: i64) {
        let (settings, worker) = (&self.settings, self.worker);
        let requests = self.requests.get_or_insert_with(|| {
            let (requests, taken) = bounded(WAITING);
            let settings = settings.clone();
            let started = std::thread::Builder::new()
                .name(format!("trimmer-{worker}"))
                .spawn(move || serve(&settings, worker, &taken));
            if let Err(problem) = started {
                tracing::warn!("state deltas are not trimmed: starting a thread: {problem}");
            }
            requests
        });
        _ = requests.try_send((partition, below));
    }
}

fn serve(settings: &Settings, worker: usize, requests: &Receiver<(i32, i64)>) {
    let told = AtomicBool::new(false);
    let tell = |problem: &dyn std::fmt::Display| {
        if !told.swap(true, Ordering::Relaxed) {
            tracing::warn!("trimming state deltas fails, so they go on growing: {problem}");
        }
    };
    let client: AdminClient<Quiet> = match settings.plain(worker, "trim").create_with_context(Quiet) {
        Ok(client) => client,
        Err(problem) => return tell(&problem),
    };
    let topic = &settings.config.topics.state_deltas;
    for (partition, below) in requests {
        let mut list = TopicPartitionList::with_capacity(1);
        if let Err(problem) = list.add_partition_offset(topic, partition, Offset::Offset(below)) {
            tell(&problem);
            continue;
        }
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
        let answer = block_on(client.delete_records(&list, &options));
        match answer.and_then(|list| list.elements().iter().try_for_each(|one| one.error())) {
            Ok(()) => told.store(false, Ordering::Relaxed),
            Err(problem) => tell(&problem),
        }
    }
}
