//! Just enough of an HTTP client to see every byte of an answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Long enough for a slow machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A connection that has sent one request.
pub struct Exchange {
    reader: BufReader<TcpStream>,
}

impl Exchange {
    /// Sends a request; `headers` are whole lines, `Host` among them if it is not to be the address.
    pub fn begin(address: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Self {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let named = headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host:"));
        let host = if named { String::new() } else { format!("Host: {address}\r\n") };
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        Self { reader: BufReader::new(stream) }
    }

    /// The answer's beginning, with an empty body.
    pub fn head(&mut self) -> Answer {
        let first = self.line();
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Answer { status: status.unwrap_or_else(|| panic!("no status: {first:?}")), headers, body: String::new() }
    }

    /// The whole answer.
    pub fn finish(mut self) -> Answer {
        let mut answer = self.head();
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                answer.body.push_str(&chunk);
            }
        } else {
            self.reader.read_to_string(&mut answer.body).expect("the body is text and ends");
        }
        answer
    }

    /// The next chunk of a chunked body; `None` at its end, or when the connection ends.
    pub fn chunk(&mut self) -> Option<String> {
        let line = self.line();
        let length = usize::from_str_radix(line.trim(), 16).ok().filter(|length| *length > 0)?;
        let mut chunk = vec![0; length + 2];
        self.reader.read_exact(&mut chunk).expect("the chunk is there");
        chunk.truncate(length);
        Some(String::from_utf8(chunk).expect("the chunk is text"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("an answer comes in time");
        line.trim_end().to_owned()
    }
}

/// Asks and reads the whole answer.
pub fn get(address: SocketAddr, path: &str) -> Answer {
    Exchange::begin(address, "GET", path, &[]).finish()
}

/// Asks with headers.
pub fn get_with(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    Exchange::begin(address, "GET", path, headers).finish()
}
