//! Everything that speaks Kafka, and nothing that decides: the engine's ports on rust-rdkafka.

mod acknowledgements;
mod at_least_once;
mod committer;
mod consumer;
mod context;
mod exactly_once;
mod group_offsets;
mod member;
mod membership;
pub mod mock;
mod outlet;
mod overdue;
mod partition_queue;
mod presence;
mod producer;
mod record_fit;
mod refusal;
mod reports;
mod settings;
mod source;
mod state_reader;
mod topic_admin;
mod topics;
mod transaction;
mod trimmer;
mod wake;

pub use committer::KafkaCommitter;
pub use group_offsets::KafkaPositions;
pub use membership::GroupMembership;
pub use partition_queue::KafkaBatch;
pub use presence::Presence;
pub use producer::TRUNCATED_HEADER;
pub use settings::{Settings, SettingsError};
pub use source::KafkaSource;
pub use state_reader::KafkaStateReader;
pub use topic_admin::{TopicFacts, TopicsError, prepare_topics};
