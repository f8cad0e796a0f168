//! Sleeping until one of several librdkafka queues has something.
//!
//! librdkafka writes a byte into the pipe when a queue turns from empty to not empty, once until the queue is read again; the
//! reader sleeps in poll(2). So waiting costs nothing, wakes within microseconds, and loses nothing as long as every queue that
//! is waited for was found empty before.
//!
//! # Safety of this file
//! A queue handle belongs to one [`WakingQueue`], which holds the client it is of and the pipe it writes into, takes the pipe
//! away from it and gives it back exactly once. Queue handles may be used from any thread.

use std::any::Any;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as native;

/// A pipe into which queues write, and that a thread sleeps on.
#[derive(Debug)]
pub(super) struct Wake {
    read: UnixStream,
    write: UnixStream,
}

impl Wake {
    /// A new one.
    pub(super) fn new() -> std::io::Result<Wake> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        // A full pipe means that a wake-up is pending already: librdkafka ignores that the write fails.
        write.set_nonblocking(true)?;
        Ok(Wake { read, write })
    }

    /// Sleeps until a queue has something, at most this long (in whole milliseconds, at least one).
    pub(super) fn wait(&self, at_most: Duration) {
        if at_most.is_zero() {
            return;
        }
        let mut waiting = libc::pollfd { fd: self.read.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let milliseconds = i32::try_from(at_most.as_millis()).unwrap_or(i32::MAX).max(1);
        // SAFETY: one descriptor, which `self` keeps open. An interruption ends the wait early, which is allowed.
        let ready = unsafe { libc::poll(&raw mut waiting, 1, milliseconds) };
        if ready > 0 {
            let mut sink = [0; 256];
            while matches!((&self.read).read(&mut sink), Ok(read) if read == sink.len()) {}
        }
    }
}

/// A queue that wakes whoever sleeps on its pipe.
pub(super) struct WakingQueue {
    queue: NonNull<native::rd_kafka_queue_t>,
    /// What the queue writes into.
    wake: Arc<Wake>,
    /// The client that the queue is of.
    _client: Arc<dyn Any + Send + Sync>,
}

// SAFETY: queue handles may be used from any thread.
unsafe impl Send for WakingQueue {}
// SAFETY: they lock for themselves.
unsafe impl Sync for WakingQueue {}

impl WakingQueue {
    /// Takes over a handle that was just asked for; `None` if there is no such queue.
    ///
    /// # Safety
    /// `queue` is null, or a handle of `client` that nobody else gives back.
    pub(super) unsafe fn new(
        queue: *mut native::rd_kafka_queue_t,
        client: Arc<dyn Any + Send + Sync>,
        wake: Arc<Wake>,
    ) -> Option<WakingQueue> {
        let queue = NonNull::new(queue)?;
        let payload = [1_u8];
        // SAFETY: a live handle; librdkafka copies the payload; the descriptor stays open until the drop takes it away.
        unsafe {
            let descriptor = wake.write.as_raw_fd();
            native::rd_kafka_queue_io_event_enable(queue.as_ptr(), descriptor, payload.as_ptr().cast(), payload.len());
        }
        Some(WakingQueue { queue, wake, _client: client })
    }

    /// For handing to librdkafka, while `self` lives.
    pub(super) fn as_ptr(&self) -> *mut native::rd_kafka_queue_t {
        self.queue.as_ptr()
    }

    /// Sleeps until something wakes the pipe, at most this long.
    pub(super) fn wait(&self, at_most: Duration) {
        self.wake.wait(at_most);
    }
}

impl Drop for WakingQueue {
    fn drop(&mut self) {
        // SAFETY: our handle, live until here and not used after; −1 takes the descriptor away.
        unsafe {
            native::rd_kafka_queue_io_event_enable(self.queue.as_ptr(), -1, std::ptr::null(), 0);
            native::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}
