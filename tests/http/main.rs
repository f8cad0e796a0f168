//! The HTTP interface from outside: real sockets, an engine that says what it is told to say.

mod access;
mod client;
mod explain;
mod fake;
mod live;
mod page;
mod routes;

#[path = "../support/program.rs"]
mod program;
