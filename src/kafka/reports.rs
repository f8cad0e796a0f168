//! What comes back from librdkafka for records that were sent, taken off the producer's queue many at a time.
//!
//! Its one invariant: every report that is taken is counted, once.

use std::ffi::CStr;

use rdkafka::bindings as native;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::acknowledgements::{Ledger, Tag};
use super::context;
use super::wake::WakingQueue;

/// Reports taken and not yet entered into the accounts.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// How many records ended, by ledger.
    pub(super) ended: [usize; 2],
    /// Where state deltas were written: ledger, partition, offset.
    pub(super) deltas: Vec<(Ledger, i32, i64)>,
    /// The first failure, by ledger.
    pub(super) failed: [Option<String>; 2],
}

impl Reports {
    /// A record was written.
    pub(super) fn written(&mut self, tag: Tag, partition: i32, offset: i64) {
        self.ended[tag.ledger.index()] += 1;
        if tag.delta {
            self.deltas.push((tag.ledger, partition, offset));
        }
    }

    /// A record was not written.
    pub(super) fn lost(&mut self, tag: Tag, topic: &str, partition: i32, error: &KafkaError) {
        self.ended[tag.ledger.index()] += 1;
        self.failed[tag.ledger.index()]
            .get_or_insert_with(|| format!("writing to topic {topic}, partition {partition}: {error}"));
    }

    /// Takes one event off the producer's queue, and all the reports it brings; `None` if there is none.
    pub(super) fn take(queue: &WakingQueue) -> Option<Reports> {
        let mut reports = Reports::default();
        // SAFETY: a live queue; the event is ours until it is given back below, and what it holds is read before.
        unsafe {
            let event = native::rd_kafka_queue_poll(queue.as_ptr(), 0);
            if event.is_null() {
                return None;
            }
            match native::rd_kafka_event_type(event) {
                native::RD_KAFKA_EVENT_DR => reports.take_all(event),
                native::RD_KAFKA_EVENT_ERROR => {
                    let error = KafkaError::Global(native::rd_kafka_event_error(event).into());
                    let reason = CStr::from_ptr(native::rd_kafka_event_error_string(event)).to_string_lossy();
                    context::log_error(&error, reason.trim());
                }
                native::RD_KAFKA_EVENT_LOG => pass_on(event),
                // Statistics and requests for tokens, which no producer of ours asks for.
                _ => {}
            }
            native::rd_kafka_event_destroy(event);
        }
        Some(reports)
    }

    /// # Safety
    /// A live event of reports.
    unsafe fn take_all(&mut self, event: *mut native::rd_kafka_event_t) {
        // SAFETY: messages live as long as their event, and name a topic that is live as well.
        unsafe {
            while let Some(message) = native::rd_kafka_event_message_next(event).as_ref() {
                let tag = Tag::from_bits(message._private as usize);
                if message.err == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                    self.written(tag, message.partition, message.offset);
                } else {
                    let topic = CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)).to_string_lossy();
                    let error = KafkaError::MessageProduction(message.err.into());
                    self.lost(tag, &topic, message.partition, &error);
                }
            }
        }
    }
}

/// Passes a line of the library's log on.
///
/// # Safety
/// A live event of the log.
unsafe fn pass_on(event: *mut native::rd_kafka_event_t) {
    let (mut facility, mut text, mut level) = (std::ptr::null(), std::ptr::null(), 0);
    // SAFETY: both texts live as long as their event.
    unsafe {
        if native::rd_kafka_event_log(event, &raw mut facility, &raw mut text, &raw mut level) == 0 {
            let [facility, text] = [facility, text].map(|one| CStr::from_ptr(one).to_string_lossy());
            // Levels are syslog's.
            let level = match level {
                ..=3 => RDKafkaLogLevel::Error,
                4 => RDKafkaLogLevel::Warning,
                5..=6 => RDKafkaLogLevel::Info,
                _ => RDKafkaLogLevel::Debug,
            };
            context::log(level, facility.trim(), text.trim());
        }
    }
}
