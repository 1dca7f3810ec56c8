//! How an event becomes bytes, and how bytes become an event.

pub mod cloudevents;
