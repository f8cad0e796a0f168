//! A process of a test: its output kept in a file, ended with the test whatever happens.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running process; killed when dropped.
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it, with all it says in a file of that folder.
    pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log).expect("a file in a temporary folder");
        let err = out.try_clone().expect("a file can be written by two");
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { name, child, log }
    }

    /// Fails with what it said, if it has ended.
    pub fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().expect("a child can be asked") {
            panic!("{} ended ({status}): {}", self.name, self.said());
        }
    }

    /// Asks it to end, as a user or Kubernetes would, and waits until it has.
    pub fn end(mut self) -> (ExitStatus, String) {
        let pid = libc::pid_t::try_from(self.child.id()).expect("process ids fit their type");
        // SAFETY: a signal to a child that has not been waited for, so the id is still its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let status = self.child.wait().expect("a child can be waited for");
        (status, self.said())
    }

    /// The end of what it said.
    pub fn said(&self) -> String {
        let text = fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
    listener.local_addr().expect("a listener has an address")
}
