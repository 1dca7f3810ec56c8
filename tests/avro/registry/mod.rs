//! The client of a Schema Registry: beside recorded answers of Confluent's, and beside a real registry if
//! `EVENT_SCHEMA_TEST_REGISTRY` has its URL.

mod api;
mod auth;
mod catalog;
mod cli;
mod codec;
mod config;
mod failures;
mod real;
mod server;
mod tls;

use event_schema::registry::{RegistryConfig, SchemaRegistry};

/// A client that does not wait long.
fn hasty(urls: &str) -> RegistryConfig {
    RegistryConfig::new(urls).set("retries.wait.ms", "1").set("retries.max.wait.ms", "5")
}

fn client(urls: &str) -> SchemaRegistry {
    SchemaRegistry::new(&hasty(urls)).unwrap()
}
