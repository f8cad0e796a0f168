//! The schemas that are here, those on their way, and those that are none.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::client::{Client, Failure, OpenError};
use crate::config::SchemaRegistryConfig;
use crate::formats::{Definition, Lookup, Schemas};

/// How long until a registry that does not answer is asked again, at first; it doubles each time.
const WAIT_MIN: Duration = Duration::from_millis(200);
/// And at most.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How often the log says that it still does not answer.
const REMIND_EVERY: Duration = Duration::from_secs(60);
/// How long it is believed that there is no such schema: records whose number is wrong may be many.
const BELIEVED: Duration = Duration::from_secs(60);
/// Numbers of schemas that are none, as many as are remembered.
const UNKNOWN_MAX: usize = 10_000;

/// A schema registry: what was fetched stays for the life of the process, for a number never means another schema.
pub struct Registry {
    url: String,
    shelf: Arc<Mutex<Shelf>>,
    wanted: Sender<u32>,
}

/// Short look-ups by all workers, and changes by the one thread that fetches: hence a lock, never held while something is asked.
#[derive(Default)]
struct Shelf {
    found: HashMap<u32, Arc<Definition>>,
    unknown: HashMap<u32, (Instant, String)>,
    /// Sent for, and not here yet; with why not, once that is known.
    wanted: BTreeMap<u32, Option<String>>,
}

impl Registry {
    /// The registry of a configuration. Nothing is asked before a schema is wanted.
    ///
    /// # Errors
    /// If a file that it needs cannot be used, or the system gives no thread.
    pub fn open(config: &SchemaRegistryConfig) -> Result<Self, OpenError> {
        let client = Client::new(config)?;
        let url = client.url().to_owned();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let (wanted, orders) = unbounded();
        let fetcher = Fetcher { client, shelf: Arc::clone(&shelf), told: None };
        std::thread::Builder::new().name("registry".into()).spawn(move || fetcher.run(&orders))?;
        Ok(Self { url, shelf, wanted })
    }
}

impl Schemas for Registry {
    fn find(&self, id: u32) -> Lookup {
        let mut shelf = locked(&self.shelf);
        if let Some(schema) = shelf.found.get(&id) {
            return Lookup::Found(Arc::clone(schema));
        }
        if let Some((since, why)) = shelf.unknown.get(&id)
            && since.elapsed() < BELIEVED
        {
            return Lookup::Unknown(why.clone());
        }
        if let Entry::Vacant(place) = shelf.wanted.entry(id) {
            place.insert(None);
            // Whoever fetches lives as long as we do; if it does not, the schema is waited for in vain, as from a registry that is away.
            let _ = self.wanted.send(id);
        }
        Lookup::NotYet
    }

    fn missing(&self) -> Option<String> {
        let shelf = locked(&self.shelf);
        let (id, why) =
            shelf.wanted.iter().find(|(_, why)| why.is_some()).or_else(|| shelf.wanted.first_key_value())?;
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        Some(format!("the schema registry at {} has not given schema {id} yet{why}", self.url))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The thread that asks.
struct Fetcher {
    client: Client,
    shelf: Arc<Mutex<Shelf>>,
    /// When the log last said that the registry does not answer; `None`: it does.
    told: Option<Instant>,
}

impl Fetcher {
    /// Fetches what is wanted, until nobody can want anything any more.
    fn run(mut self, orders: &Receiver<u32>) {
        // Still to be fetched, the next one first.
        let mut open: VecDeque<u32> = VecDeque::new();
        let mut wait = WAIT_MIN;
        loop {
            let order = match open.is_empty() {
                true => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => orders.recv_timeout(wait),
            };
            match order {
                Ok(id) => open.push_front(id),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            open.extend(orders.try_iter());
            wait = (wait * 2).min(WAIT_MAX);
            // Until one fails: then most likely all would, each after a while. It goes behind the others, should it fail alone.
            while let Some(id) = open.pop_front() {
                if !self.fetch(id) {
                    open.push_back(id);
                    break;
                }
                wait = WAIT_MIN;
            }
        }
    }

    /// Asks for one; whether there was an answer.
    fn fetch(&mut self, id: u32) -> bool {
        let fetched = self.client.fetch(id);
        let mut shelf = locked(&self.shelf);
        match fetched {
            Ok(definition) => {
                tracing::info!("schema {id} is here, in {}", definition.language.name());
                shelf.found.insert(id, Arc::new(definition));
                shelf.unknown.remove(&id);
            }
            Err(Failure::Unknown(why)) => {
                tracing::warn!("there is no schema {id} at {}: {why}", self.client.url());
                if shelf.unknown.len() >= UNKNOWN_MAX {
                    shelf.unknown.clear();
                }
                shelf.unknown.insert(id, (Instant::now(), why));
            }
            Err(Failure::Away(why)) => {
                if self.told.is_none_or(|told| told.elapsed() >= REMIND_EVERY) {
                    self.told = Some(Instant::now());
                    tracing::warn!(
                        "the schema registry at {} does not give schema {id}, trying on: {why}; records that need it wait",
                        self.client.url()
                    );
                }
                shelf.wanted.insert(id, Some(why));
                return false;
            }
        }
        shelf.wanted.remove(&id);
        if self.told.take().is_some() {
            tracing::info!("the schema registry at {} answers again", self.client.url());
        }
        true
    }
}

fn locked(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    // Nothing is left half done by a panic: each change is one insertion.
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
