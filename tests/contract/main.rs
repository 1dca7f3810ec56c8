//! The contracts of events.

#[path = "../../examples/events/contracts.rs"]
mod contracts;
mod differences;
mod documents;
#[path = "../../examples/events/mod.rs"]
mod events;
mod openapi;
mod schemas;
