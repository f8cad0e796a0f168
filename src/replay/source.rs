//! A file or standard input: unpacked if it is gzipped, and how far it was read.
//!
//! Whether it is gzipped is told by its first bytes; its name may say anything.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::ReplayError;

/// Where a source's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl Place {
    /// The path of a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::StandardInput => None,
            Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Something to read records from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub place: Place,
    /// Index of the input that its lines or rows are values of; `None` for lines that name their topic themselves.
    pub input: Option<usize>,
}

/// How far sources were read, in bytes as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Bytes there are; `None` if nobody knows, as with standard input.
    pub total: Option<u64>,
}

/// Opens a place; the reader gives unpacked bytes and counts the stored ones.
pub(crate) fn open(place: &Place) -> Result<(Box<dyn BufRead + Send>, Counter), ReplayError> {
    let failed = |error| ReplayError::Open { place: place.clone(), error };
    let (bytes, total): (Box<dyn Read + Send>, _) = match place {
        Place::StandardInput => (Box::new(io::stdin()), None),
        Place::File(path) => {
            let file = File::open(path).map_err(failed)?;
            let about = file.metadata().map_err(failed)?;
            if about.is_dir() {
                return Err(failed(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "it is a folder; name the files in it",
                )));
            }
            // A pipe has no length.
            (Box::new(file), about.is_file().then_some(about.len()))
        }
    };
    let counter = Counter { read: Arc::default(), total };
    let counted = Counted { bytes, read: Arc::clone(&counter.read) };
    Ok((unpacked(counted).map_err(failed)?, counter))
}

const BUFFER_BYTES: usize = 128 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What the first look at a source sees, whole, even if a pipe brings it in pieces: enough for the names of columns.
const START_BYTES: usize = 4096;

fn unpacked(bytes: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut whole = with_start(bytes)?;
    Ok(match whole.fill_buf()?.starts_with(&GZIP) {
        true => Box::new(with_start(MultiGzDecoder::new(whole))?),
        false => Box::new(whole),
    })
}

/// Reads the start at once, so that the first look into the buffer finds all of it.
fn with_start<R: Read>(mut bytes: R) -> io::Result<io::Chain<io::Cursor<Vec<u8>>, BufReader<R>>> {
    let mut start = Vec::with_capacity(START_BYTES);
    bytes.by_ref().take(START_BYTES as u64).read_to_end(&mut start)?;
    Ok(io::Cursor::new(start).chain(BufReader::with_capacity(BUFFER_BYTES, bytes)))
}

/// Counts the stored bytes of one source.
#[derive(Debug)]
pub(crate) struct Counter {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Counter {
    pub(crate) fn progress(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), total: self.total }
    }
}

struct Counted<R> {
    bytes: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
