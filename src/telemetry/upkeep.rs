//! Something done again and again until its owner goes.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// A thread that does one thing at an interval; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Upkeep {
    /// Never sent to: its end is the signal.
    _alive: Sender<()>,
}

impl Upkeep {
    /// Starts it.
    pub(super) fn every(interval: Duration, mut chore: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let (alive, gone) = channel();
        std::thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            while gone.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                chore();
            }
        })?;
        Ok(Self { _alive: alive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chore_is_done_again_and_again_until_the_owner_goes() {
        let (done, told) = channel();
        let upkeep = Upkeep::every(Duration::from_millis(1), move || {
            let _ = done.send(());
        });
        assert!(told.recv().is_ok() && told.recv().is_ok());
        drop(upkeep);
        // The thread owns the sending side, so this ends only because the thread does.
        told.iter().for_each(drop);
    }
}
