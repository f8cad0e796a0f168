//! Reading one partition in batches: the queue that librdkafka fetches it into, and the records taken from it.
//!
//! The safe interface of the client hands out one message a call, which costs as much as everything else that is done with it.
//!
//! # Safety of this file
//! - The queue handle is owned by a [`WakingQueue`].
//! - A message belongs to one [`KafkaBatch`] from the moment it is taken until [`Batch::clear`] or the drop, which destroy it
//!   exactly once and forget the pointer. Payloads and keys are lent for as long as the batch is borrowed, so not beyond that.
//! - The batch holds the consumer, because librdkafka wants its messages back before the client goes.
//! - librdkafka's handles and messages may be used from any thread; a batch and a queue are used by one at a time.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::consumer::GroupConsumer;
use super::wake::{Wake, WakingQueue};
use crate::engine::ports::Batch;
use crate::engine::prefetch::prefetch;
use crate::formats::{Headers, RawRecord, leading_time};

/// Records a batch holds at most: enough that a call's cost vanishes, few enough that the fetch buffers they pin stay small.
pub(super) const BATCH_RECORDS: usize = 512;

/// A record as librdkafka has it, and what it is asked for more than once.
#[derive(Debug)]
struct Message {
    native: NonNull<native::rd_kafka_message_t>,
    timestamp: i64,
}

/// Records of one partition, as they were taken together.
pub struct KafkaBatch {
    messages: Vec<Message>,
    /// Keeps the client alive for as long as there are messages of it.
    consumer: Arc<GroupConsumer>,
}

// SAFETY: the messages belong to this batch alone and are bound to no thread.
unsafe impl Send for KafkaBatch {}

impl KafkaBatch {
    pub(super) fn new(consumer: Arc<GroupConsumer>) -> KafkaBatch {
        KafkaBatch { messages: Vec::with_capacity(BATCH_RECORDS), consumer }
    }

    fn message(&self, index: usize) -> &native::rd_kafka_message_t {
        // SAFETY: owned by the batch, and not destroyed while it is borrowed.
        unsafe { self.messages[index].native.as_ref() }
    }
}

impl Batch for KafkaBatch {
    fn len(&self) -> usize {
        self.messages.len()
    }

    fn record(&self, index: usize) -> RawRecord<'_> {
        let message = self.message(index);
        // SAFETY: a live message; the length is that of the bytes, which live as long as it does.
        let value = unsafe { bytes(message.payload, message.len) };
        RawRecord { key: self.key(index), value, timestamp: self.timestamp(index), headers: &self.messages[index] }
    }

    fn timestamp(&self, index: usize) -> i64 {
        self.messages[index].timestamp
    }

    fn key(&self, index: usize) -> Option<&[u8]> {
        let message = self.message(index);
        // SAFETY: a live message; the length is that of the bytes, which live as long as it does.
        unsafe { bytes(message.key, message.key_len) }
    }

    fn foresee(&self, index: usize) {
        // What the client's thread has unpacked is still far from this one; key and value lie side by side.
        const LINE: usize = 64;
        const LINES_MAX: usize = 16;
        let message = self.message(index);
        let start = if message.key.is_null() { message.payload } else { message.key }.cast::<u8>();
        let length = message.key_len + message.len;
        for line in 0..(length / LINE + 1).min(LINES_MAX) {
            prefetch(start.wrapping_add(line * LINE));
        }
    }

    fn offset(&self, index: usize) -> i64 {
        self.message(index).offset
    }

    fn clear(&mut self) {
        for message in self.messages.drain(..) {
            // SAFETY: owned by the batch, which forgets it here.
            unsafe { native::rd_kafka_message_destroy(message.native.as_ptr()) }
        }
    }
}

impl Headers for Message {
    fn all(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut headers = std::ptr::null_mut();
        let mut all = Vec::new();
        // SAFETY: a live message, for it is lent by its batch, which keeps its headers; names end in a nul, values have the
        // length that is told.
        unsafe {
            if native::rd_kafka_message_headers(self.native.as_ref(), &raw mut headers)
                != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
            {
                return all;
            }
            let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
            while native::rd_kafka_header_get_all(headers, all.len(), &raw mut name, &raw mut value, &raw mut size)
                == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
            {
                let name = CStr::from_ptr(name).to_string_lossy().into_owned();
                all.push((name, bytes(value, size).map(<[u8]>::to_vec)));
            }
        }
        all
    }
}

impl Drop for KafkaBatch {
    fn drop(&mut self) {
        self.clear();
    }
}

/// # Safety
/// `start` is null or points to `length` bytes that live for `'a`.
unsafe fn bytes<'a>(start: *const std::ffi::c_void, length: usize) -> Option<&'a [u8]> {
    // SAFETY: by contract.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast(), length) })
}

/// What the queue had beside records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// The reader is at the end, with nothing after it in the queue so far.
    End,
    /// The partition's reader stands still because of this, at this offset.
    Trouble(RDKafkaErrorCode, i64, String),
}

/// What says when a record was, as far as order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamps {
    /// Its timestamp.
    OfRecords,
    /// Its value, an event that was written anew, begins with it; the timestamp says when it was written.
    InEvents,
}

/// One partition's queue, detached from the consumer's own.
pub(super) struct PartitionQueue {
    queue: WakingQueue,
    consumer: Arc<GroupConsumer>,
    topic: CString,
    partition: i32,
    stamps: Stamps,
    /// What came after the last records that were handed out.
    notice: Option<Notice>,
}

impl PartitionQueue {
    /// Takes the queue of an assigned partition; it wakes `wake`.
    pub(super) fn new(
        consumer: Arc<GroupConsumer>,
        topic: &str,
        partition: i32,
        stamps: Stamps,
        wake: Arc<Wake>,
    ) -> Option<PartitionQueue> {
        let name = CString::new(topic).ok()?;
        // SAFETY: a live client and a name that ends in a nul; the handle is ours. Without forwarding the partition's records
        // stay in this queue.
        let queue = unsafe {
            let queue = native::rd_kafka_queue_get_partition(consumer.client().native_ptr(), name.as_ptr(), partition);
            let queue = WakingQueue::new(queue, consumer.clone(), wake)?;
            native::rd_kafka_queue_forward(queue.as_ptr(), std::ptr::null_mut());
            queue
        };
        Some(PartitionQueue { queue, consumer, topic: name, partition, stamps, notice: None })
    }

    /// Moves what has arrived into the batch, which is empty, without waiting. A notice that stood between records was overtaken
    /// by them and is dropped, except for trouble: that ends the batch, and is told when the batch was empty.
    pub(super) fn take(&mut self, batch: &mut KafkaBatch) -> Option<Notice> {
        debug_assert!(batch.is_empty());
        if !Arc::ptr_eq(&batch.consumer, &self.consumer) {
            batch.consumer = self.consumer.clone();
        }
        if let Some(trouble @ Notice::Trouble(..)) = &self.notice {
            return Some(trouble.clone());
        }
        let mut taken = [const { MaybeUninit::<*mut native::rd_kafka_message_t>::uninit() }; BATCH_RECORDS];
        // SAFETY: a live queue and room for as many messages as are said; those that come are ours.
        let count = unsafe {
            native::rd_kafka_consume_batch_queue(self.queue.as_ptr(), 0, taken.as_mut_ptr().cast(), taken.len())
        };
        for message in &taken[..usize::try_from(count).unwrap_or(0)] {
            // SAFETY: so many messages were written.
            let Some(message) = NonNull::new(unsafe { message.assume_init() }) else { continue };
            let trouble = matches!(self.notice, Some(Notice::Trouble(..)));
            // SAFETY: just received; either the batch owns it from here, or it is destroyed here.
            unsafe {
                if message.as_ref().err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && !trouble {
                    self.notice = None;
                    let mut kind = native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
                    let stamp = native::rd_kafka_message_timestamp(message.as_ptr(), &raw mut kind);
                    let timestamp = match self.stamps {
                        Stamps::OfRecords => stamp,
                        Stamps::InEvents => {
                            let value = bytes(message.as_ref().payload, message.as_ref().len);
                            value.and_then(leading_time).unwrap_or(stamp)
                        }
                    };
                    batch.messages.push(Message { native: message, timestamp });
                    continue;
                }
                if !trouble {
                    self.notice = notice(message.as_ref()).or(self.notice.take());
                }
                native::rd_kafka_message_destroy(message.as_ptr());
            }
        }
        if batch.is_empty() { self.notice.clone() } else { None }
    }

    /// Forgets what was said before the partition was started anew.
    pub(super) fn restart(&mut self) {
        self.notice = None;
    }

    /// The end of the partition as the last fetch saw it; `None` before the first.
    pub(super) fn end(&self) -> Option<i64> {
        let (mut low, mut high) = (-1, -1);
        // SAFETY: a live client, a name that ends in a nul, and places for the answers.
        let asked = unsafe {
            native::rd_kafka_get_watermark_offsets(
                self.consumer.client().native_ptr(),
                self.topic.as_ptr(),
                self.partition,
                &raw mut low,
                &raw mut high,
            )
        };
        (asked == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
    }
}

/// Has the client know a partition, which it otherwise does from its assignment on: only what it knows can be paused.
pub(super) fn make_known(consumer: &GroupConsumer, topic: &str, partition: i32) {
    let Ok(topic) = CString::new(topic) else { return };
    // SAFETY: a live client and a name that ends in a nul; the handle is ours and given back at once.
    unsafe {
        let queue = native::rd_kafka_queue_get_partition(consumer.client().native_ptr(), topic.as_ptr(), partition);
        if !queue.is_null() {
            native::rd_kafka_queue_destroy(queue);
        }
    }
}

/// What a message that is no record says; `None` for what the client mends by itself.
///
/// # Safety
/// `message` is live and carries an error.
unsafe fn notice(message: &native::rd_kafka_message_t) -> Option<Notice> {
    // SAFETY: a live message; the text ends in a nul and lives as long as it.
    let text = unsafe {
        let text = native::rd_kafka_message_errstr(message);
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    };
    match RDKafkaErrorCode::from(message.err) {
        RDKafkaErrorCode::PartitionEOF => Some(Notice::End),
        RDKafkaErrorCode::BrokerTransportFailure
        | RDKafkaErrorCode::AllBrokersDown
        | RDKafkaErrorCode::OperationTimedOut
        | RDKafkaErrorCode::RequestTimedOut
        | RDKafkaErrorCode::NotLeaderForPartition
        | RDKafkaErrorCode::LeaderNotAvailable
        | RDKafkaErrorCode::BrokerNotAvailable
        | RDKafkaErrorCode::ReplicaNotAvailable
        | RDKafkaErrorCode::OffsetNotAvailable
        | RDKafkaErrorCode::UnknownTopicOrPartition
        | RDKafkaErrorCode::UnknownTopic
        | RDKafkaErrorCode::UnknownPartition => {
            tracing::warn!("reading a partition is delayed: {text}");
            None
        }
        code => Some(Notice::Trouble(code, message.offset, text)),
    }
}
