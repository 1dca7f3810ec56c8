//! Wire formats: events to bytes, and bytes to events.

pub mod cloudevents;
