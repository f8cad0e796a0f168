//! Proof that a worker is a member of the group, as it was when its partitions were assigned.
//!
//! Invariant: generation ≥ 0 and a member id that is not empty. Without either the broker would skip its check and take the
//! offsets of a worker that was put out of the group long ago.
//!
//! # Safety of this file
//! The native object is created by librdkafka, belongs to one [`Native`], is never changed, and is destroyed with it.

use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::Arc;

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;

use super::consumer::GroupConsumer;
use crate::engine::ports::Membership;

/// See [`Membership`].
#[derive(Clone)]
pub struct GroupMembership(Arc<Native>);

struct Native {
    metadata: NonNull<native::rd_kafka_consumer_group_metadata_t>,
    generation: i32,
    member: String,
}

// SAFETY: only read after creation.
unsafe impl Send for Native {}
// SAFETY: only read after creation.
unsafe impl Sync for Native {}

impl Membership for GroupMembership {}

impl GroupMembership {
    /// The membership that the consumer has at this moment.
    pub(super) fn of(consumer: &GroupConsumer) -> Result<GroupMembership, String> {
        // SAFETY: a live client; the texts end in a nul and are copied at once.
        let native = unsafe {
            let metadata = native::rd_kafka_consumer_group_metadata(consumer.client().native_ptr());
            let metadata = NonNull::new(metadata).ok_or("the consumer has no group")?;
            let member = native::rd_kafka_consumer_group_metadata_member_id(metadata.as_ptr());
            Native {
                metadata,
                generation: native::rd_kafka_consumer_group_metadata_generation_id(metadata.as_ptr()),
                member: if member.is_null() {
                    String::new()
                } else {
                    CStr::from_ptr(member).to_string_lossy().into_owned()
                },
            }
        };
        if native.generation < 0 || native.member.is_empty() {
            return Err(format!(
                "not a member of the group (generation {}, member {:?})",
                native.generation, native.member
            ));
        }
        Ok(GroupMembership(Arc::new(native)))
    }

    /// For handing to librdkafka, while `self` lives.
    pub(super) fn as_ptr(&self) -> *const native::rd_kafka_consumer_group_metadata_t {
        self.0.metadata.as_ptr()
    }

    /// Whether two were given by the same assignment.
    pub(super) fn same_as(&self, other: &GroupMembership) -> bool {
        self.0.generation == other.0.generation && self.0.member == other.0.member
    }

    /// The group's generation: it grows with every rebalance.
    pub fn generation(&self) -> i32 {
        self.0.generation
    }
}

impl std::fmt::Debug for GroupMembership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of generation {}", self.0.member, self.0.generation)
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // SAFETY: ours, and nobody holds it any more.
        unsafe { native::rd_kafka_consumer_group_metadata_destroy(self.metadata.as_ptr()) }
    }
}
