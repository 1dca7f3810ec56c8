//! The contracts of events.

mod avro;
mod catalog;
mod compat;
mod compat_search;
#[path = "../../examples/events/contracts.rs"]
mod contracts;
mod differences;
mod documents;
#[path = "../../examples/events/mod.rs"]
mod events;
mod openapi;
mod schemas;
