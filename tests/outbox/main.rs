//! Outbox and inbox: on SQLite, or on PostgreSQL if `EVENT_SCHEMA_TEST_POSTGRES` has its URL.

#[path = "../kafka/common/mod.rs"]
mod common;

#[cfg(feature = "axum08")]
mod answers;
mod database;
mod handlers;
mod order;
mod relay;
mod shop;
mod transactions;
