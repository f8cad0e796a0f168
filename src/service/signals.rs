//! The signals that ask the service to stop, listened for from its first moment: also a service that still waits for its
//! broker ends well when it is asked to.

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::ServiceError;

/// Whether the service was asked to stop.
#[derive(Debug, Clone)]
pub struct Signals(watch::Receiver<bool>);

impl Signals {
    /// Listens for SIGTERM and SIGINT.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn listen(runtime: &Runtime) -> Result<Self, ServiceError> {
        let _inside = runtime.enter();
        let system = |source| ServiceError::System { what: "listening for signals", source };
        let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
        let (asked, signals) = watch::channel(false);
        runtime.spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            asked.send_replace(true);
            // Kept open: whoever waits for the signal waits for nothing else.
            asked.closed().await;
        });
        Ok(Self(signals))
    }

    /// Whether there was one.
    pub fn came(&self) -> bool {
        *self.0.borrow()
    }

    /// Until there is one.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // The runtime is going, and with it whoever waits.
            std::future::pending::<()>().await;
        }
    }
}
