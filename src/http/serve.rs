//! Listening, and what a connection may take of us.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::patience::Patient;
use super::{Api, Token, check_binding};

/// Connections at once, on each address; more wait in the listener's queue.
const CONNECTIONS_MAX: usize = 256;
/// Time to send a request's head, and to stay silent between two of them.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Time for a reader to take any of what it is sent.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of a request's head, and of an answer that waits to be sent.
const BUFFER_BYTES: usize = 64 << 10;
/// Time for answers under way when the service goes.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// Why the interface cannot be where the configuration wants it.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Anybody could read people's data.
    #[error(
        "http.listen is {listen}, which other machines can reach, and there is no token: set http.token_file (or http.token), \
         or listen on 127.0.0.1; metrics and probes alone may have any address, by http.metrics_listen"
    )]
    Exposed {
        /// The address.
        listen: SocketAddr,
    },
    /// The system does not let us.
    #[error("cannot listen on {listen}, which {setting} asks for: {source}")]
    Unavailable {
        /// The address.
        listen: SocketAddr,
        /// The setting it comes from.
        setting: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// Where the interface is reached.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Everything.
    pub all: Option<TcpListener>,
    /// Metrics and probes alone.
    pub probes: Option<TcpListener>,
}

impl Listeners {
    /// Takes the addresses of `http.listen` and `http.metrics_listen`.
    pub async fn bind(
        listen: Option<SocketAddr>,
        metrics_listen: Option<SocketAddr>,
        token: Option<&Token>,
    ) -> Result<Self, BindError> {
        if let Some(listen) = listen {
            check_binding(listen, token)?;
        }
        Ok(Self { all: bind(listen, "http.listen").await?, probes: bind(metrics_listen, "http.metrics_listen").await? })
    }
}

/// Where the interface is reached, with the ports that the system chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListenAddresses {
    /// Everything.
    pub all: Option<SocketAddr>,
    /// Metrics and probes alone.
    pub probes: Option<SocketAddr>,
}

impl Listeners {
    /// The addresses that were taken.
    pub fn addresses(&self) -> ListenAddresses {
        let address = |listener: &Option<TcpListener>| listener.as_ref().and_then(|one| one.local_addr().ok());
        ListenAddresses { all: address(&self.all), probes: address(&self.probes) }
    }
}

async fn bind(listen: Option<SocketAddr>, setting: &'static str) -> Result<Option<TcpListener>, BindError> {
    let Some(listen) = listen else { return Ok(None) };
    let unavailable = |source| BindError::Unavailable { listen, setting, source };
    TcpListener::bind(listen).await.map(Some).map_err(unavailable)
}

/// Answers until `shutdown`, then ends live events, lets answers under way finish for a short while, and returns.
pub async fn serve(api: Api, listeners: Listeners, shutdown: impl Future<Output = ()>) {
    let all = listeners.all.map(|listener| accept(&api, listener, api.router()));
    let probes = listeners.probes.map(|listener| accept(&api, listener, api.probes()));
    let serving = async {
        tokio::join!(either(all), either(probes));
    };
    let stopping = async {
        shutdown.await;
        api.stop();
    };
    tokio::join!(serving, stopping);
}

async fn either(serving: Option<impl Future<Output = ()>>) {
    if let Some(serving) = serving {
        serving.await;
    }
}

async fn accept(api: &Api, listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            let place = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
            while connections.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = answer(stream, router.clone(), api.stopped());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                // Out of file descriptors, most likely: taken up again when there are some.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    sleep(Duration::from_millis(500)).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = api.stopped() => {}
    }
    drop(listener);
    let drained = timeout(DRAIN_WITHIN, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::debug!(connections = connections.len(), "HTTP connections cut off at shutdown");
    }
}

async fn answer(stream: TcpStream, router: Router, stopped: impl Future<Output = ()>) {
    // Answers are small and somebody waits for them.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(Patient::new(stream, READ_WITHIN));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_WITHIN)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(stream, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection broke");
    }
}
