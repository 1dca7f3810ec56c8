//! The contracts of events.

mod avro;
#[path = "../../examples/events/contracts.rs"]
mod contracts;
mod differences;
mod documents;
#[path = "../../examples/events/mod.rs"]
mod events;
mod openapi;
mod schemas;
