//! What is in `deploy/`, checked without a Docker engine or a cluster. Needs promtool and prometheus.
