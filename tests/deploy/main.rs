//! What is in `deploy/`, checked without a Docker engine or a cluster; alerts and dashboards against a running service.
//!
//! Run by `make test-deploy`. Needs promtool and prometheus on the path.

mod compose;
mod configs;
mod dashboards;
mod files;
mod image;
mod kubernetes;
mod live;
mod process;
mod queries;
mod rules;
mod shape;
