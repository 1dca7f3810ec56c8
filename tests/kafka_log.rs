//! What stands in the log, and how often. Alone in its process, whose log is one for all.
#![cfg(feature = "kafka")]

#[path = "kafka/common/mod.rs"]
mod common;

use std::time::Duration;

use event_schema::kafka::{EventProducer, KafkaConfig};

#[tokio::test]
async fn brokers_that_are_away_are_told_once_and_not_at_every_try() {
    tracing::subscriber::set_global_default(common::log::Log).unwrap();
    let config = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_secs(3));
    assert!(EventProducer::connect(&config).await.unwrap_err().is_unreachable());
    let lines = common::log::lines("brokers are down");
    assert_eq!(lines.len(), 1, "{lines:?}");
}
