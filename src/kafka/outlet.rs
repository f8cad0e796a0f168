//! A topic that is written to, and the ways of handing records to librdkafka.
//!
//! Its one invariant: a record is either taken, and then comes back with a report, or refused with a reason. The topic is
//! looked up once: by name it would be for every record, under a lock of the whole client.
//!
//! # Safety of this file
//! A topic's handle belongs to one [`Outlet`], which holds the client it is of and gives the handle back exactly once.
//! Headers belong to one [`Headers`] until librdkafka takes a record with them. librdkafka copies keys and values before a
//! call ends, and locks for itself: handles may be used from any thread.

use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rdkafka::bindings as native;
use rdkafka::bindings::rd_kafka_vtype_t as field;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};

use super::acknowledgements::{Acknowledgements, Tag};

/// "Any partition": the key decides.
const ANY_PARTITION: i32 = -1;

/// A topic of one producer.
pub(super) struct Outlet {
    name: String,
    topic: NonNull<native::rd_kafka_topic_t>,
    client: Arc<BaseProducer<Acknowledgements>>,
}

// SAFETY: a topic's handle may be used from any thread.
unsafe impl Send for Outlet {}
// SAFETY: librdkafka locks for itself.
unsafe impl Sync for Outlet {}

/// A record with whatever it may have.
#[derive(Clone, Copy)]
pub(super) struct Parcel<'a> {
    pub(super) partition: Option<i32>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) tag: Tag,
}

impl Outlet {
    /// Looks a topic up; the producer finds out in the background who leads it.
    /// `compressed` is whether its records are compressed as the client says, or not at all.
    pub(super) fn open(
        client: &Arc<BaseProducer<Acknowledgements>>,
        name: &str,
        compressed: bool,
    ) -> Result<Outlet, String> {
        let text = CString::new(name).map_err(|_| format!("a topic cannot be called {name:?}"))?;
        let client_ptr = client.client().native_ptr();
        // SAFETY: a live client, whose settings are copied, to be given away below; texts that end with a zero. Only a name or
        // value that it does not have is refused, and it has these.
        let settings = unsafe {
            let settings = native::rd_kafka_default_topic_conf_dup(client_ptr);
            if !compressed {
                let (codec, none) = (c"compression.codec", c"none");
                native::rd_kafka_topic_conf_set(settings, codec.as_ptr(), none.as_ptr(), ptr::null_mut(), 0);
            }
            settings
        };
        // SAFETY: a live client and a text that ends with a zero, which is copied; the settings are the client's from here.
        let topic = unsafe { native::rd_kafka_topic_new(client_ptr, text.as_ptr(), settings) };
        let topic = NonNull::new(topic).ok_or_else(|| format!("topic {name} cannot be written to"))?;
        Ok(Outlet { name: name.to_owned(), topic, client: client.clone() })
    }

    /// The topic's name.
    pub(super) fn topic(&self) -> &str {
        &self.name
    }

    /// What is wrong with a record that was refused.
    pub(super) fn refusal(&self, code: RDKafkaErrorCode) -> String {
        format!("writing to topic {}: {}", self.name, KafkaError::MessageProduction(code))
    }

    /// Hands a record over. If it is refused, its headers stay with whoever called.
    pub(super) fn send(&self, parcel: Parcel<'_>, headers: &mut Option<Headers>) -> Result<(), RDKafkaErrorCode> {
        let (value, value_bytes) = place(parcel.value);
        let (key, key_bytes) = place(parcel.key);
        // SAFETY: a live client and topic; each field is followed by what librdkafka reads for it; key and value live during
        // the call and are copied; headers are ours until the call succeeds, and librdkafka's from then on.
        let code = unsafe {
            native::rd_kafka_producev(
                self.client.client().native_ptr(),
                field::RD_KAFKA_VTYPE_RKT,
                self.topic.as_ptr(),
                field::RD_KAFKA_VTYPE_PARTITION,
                parcel.partition.unwrap_or(ANY_PARTITION),
                field::RD_KAFKA_VTYPE_MSGFLAGS,
                native::RD_KAFKA_MSG_F_COPY,
                field::RD_KAFKA_VTYPE_VALUE,
                value,
                value_bytes,
                field::RD_KAFKA_VTYPE_KEY,
                key,
                key_bytes,
                field::RD_KAFKA_VTYPE_OPAQUE,
                parcel.tag.to_bits() as *mut c_void,
                field::RD_KAFKA_VTYPE_HEADERS,
                headers.as_ref().map_or(ptr::null_mut(), |headers| headers.0.as_ptr()),
                field::RD_KAFKA_VTYPE_END,
            )
        };
        if code != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(code.into());
        }
        // The record has them now, and librdkafka frees them with it.
        if let Some(headers) = headers.take() {
            std::mem::forget(headers);
        }
        Ok(())
    }

    /// Hands over records without headers, in order: with one call and one look at the clock, and where one partition is named
    /// for all also with one look for that. Each says afterwards whether it was refused; from the first one on that found the
    /// queue full, so are all.
    pub(super) fn send_all(&self, partition: Option<i32>, parcels: &mut [PlainParcel<'_>]) {
        let count = i32::try_from(parcels.len()).expect("nobody hands over two thousand million records at once");
        // SAFETY: a live topic; `PlainParcel` is nothing but librdkafka's message; keys and values live as long as the
        // parcels and are copied.
        unsafe {
            native::rd_kafka_produce_batch(
                self.topic.as_ptr(),
                partition.unwrap_or(ANY_PARTITION),
                native::RD_KAFKA_MSG_F_COPY,
                parcels.as_mut_ptr().cast(),
                count,
            );
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        // SAFETY: our handle, live until here and not used after; the client outlives it, since we hold it.
        unsafe { native::rd_kafka_topic_destroy(self.topic.as_ptr()) };
    }
}

/// A record without headers.
#[repr(transparent)]
pub(super) struct PlainParcel<'a>(native::rd_kafka_message_t, PhantomData<&'a [u8]>);

impl<'a> PlainParcel<'a> {
    pub(super) fn new(key: Option<&'a [u8]>, value: Option<&'a [u8]>, tag: Tag) -> PlainParcel<'a> {
        let (payload, len) = place(value);
        let (key, key_len) = place(key);
        let message = native::rd_kafka_message_t {
            err: native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
            rkt: ptr::null_mut(),
            partition: ANY_PARTITION,
            payload,
            len,
            key,
            key_len,
            offset: 0,
            _private: tag.to_bits() as *mut c_void,
        };
        PlainParcel(message, PhantomData)
    }

    /// Why it was refused.
    pub(super) fn refused(&self) -> Option<RDKafkaErrorCode> {
        (self.0.err != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| self.0.err.into())
    }
}

/// Headers of a record to be sent.
pub(super) struct Headers(NonNull<native::rd_kafka_headers_t>);

impl Headers {
    /// Room for so many headers.
    pub(super) fn new(count: usize) -> Headers {
        // SAFETY: takes nothing of ours.
        let headers = unsafe { native::rd_kafka_headers_new(count) };
        Headers(NonNull::new(headers).expect("librdkafka ends the process where there is no memory"))
    }

    /// Adds one at the end.
    pub(super) fn add(&mut self, name: &str, value: Option<&[u8]>) {
        let (bytes, length) = place(value);
        // SAFETY: our headers; name and value live during the call, have these lengths, and are copied. It fails only for
        // headers that somebody else owns.
        unsafe {
            native::rd_kafka_header_add(
                self.0.as_ptr(),
                name.as_ptr().cast(),
                name.len() as isize,
                bytes,
                length as isize,
            );
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after.
        unsafe { native::rd_kafka_headers_destroy(self.0.as_ptr()) };
    }
}

/// Where bytes are, as librdkafka wants to know it: null for none, which is not the same as empty ones.
fn place(bytes: Option<&[u8]>) -> (*mut c_void, usize) {
    bytes.map_or((ptr::null_mut(), 0), |bytes| (bytes.as_ptr().cast_mut().cast(), bytes.len()))
}
