//! One worker's membership in the group: joining, being woken by it, leaving.
//!
//! Its one invariant: a member that is dropped lets go of its partitions, so that closing the client never waits for somebody
//! who is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;

use super::consumer::{GroupConsumer, GroupContext, Lead};
use super::settings::Settings;
use super::wake::{Wake, WakingQueue};
use crate::engine::ports::SourceError;

/// A member of the group.
pub(super) struct Member {
    pub(super) consumer: Arc<GroupConsumer>,
    /// What the group says wakes us too.
    group_queue: WakingQueue,
    pub(super) wake: Arc<Wake>,
}

impl Member {
    /// Joins the group; what it says is heard by polling the consumer. With `lead` one member reads everything.
    pub(super) fn join(
        settings: &Settings,
        worker: usize,
        partitions: i32,
        lead: Option<Lead>,
    ) -> Result<Member, SourceError> {
        let fatal = |what: &str, problem: &dyn std::fmt::Display| SourceError::Fatal(format!("{what}: {problem}"));
        let context = GroupContext::new(settings.presence().clone(), lead);
        let consumer: GroupConsumer = settings
            .member(worker, partitions)
            .create_with_context(context)
            .map_err(|problem| fatal("setting up the consumer", &problem))?;
        let consumer = Arc::new(consumer);
        let wake = Arc::new(Wake::new().map_err(|problem| fatal("making a pipe", &problem))?);
        // SAFETY: a live client, and a handle that is ours.
        let group_queue = unsafe {
            let queue = native::rd_kafka_queue_get_consumer(consumer.client().native_ptr());
            WakingQueue::new(queue, consumer.clone(), wake.clone())
        };
        let group_queue = group_queue.ok_or_else(|| fatal("setting up the consumer", &"it has no queue"))?;
        let topics: Vec<&str> = settings.intakes.iter().map(|intake| intake.topic.as_str()).collect();
        consumer.subscribe(&topics).map_err(|problem| fatal("subscribing to the inputs", &problem))?;
        Ok(Member { consumer, group_queue, wake })
    }

    /// Sleeps until the group or a partition has something, at most this long.
    pub(super) fn wait(&self, at_most: Duration) {
        self.group_queue.wait(at_most);
    }

    /// Leaves the group, waiting at most this long. A static member says goodbye only when it unsubscribes; without it the
    /// group waits for the session to time out.
    pub(super) fn leave(&self, deadline: Duration) {
        let begun = Instant::now();
        self.consumer.context().close();
        self.consumer.unsubscribe();
        while begun.elapsed() < deadline && self.consumer.assignment().is_ok_and(|assigned| assigned.count() > 0) {
            _ = self.consumer.poll(Duration::from_millis(10));
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Closing asks for the partitions back and waits until they are let go of; from here on nobody else does that.
        self.consumer.context().close();
        _ = self.consumer.unassign();
    }
}
