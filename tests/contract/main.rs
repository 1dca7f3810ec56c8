//! The contracts of events.

mod avro;
mod catalog;
mod cli;
mod compat;
mod compat_limits;
mod compat_search;
mod compat_soundness;
mod differences;
mod documents;
#[path = "../../examples/events/mod.rs"]
mod events;
#[allow(dead_code, reason = "only the contracts of its event")]
#[path = "../../examples/hello_event/main.rs"]
mod hello_event;
mod openapi;
mod page;
mod page_fields;
mod processor;
mod schemas;
mod site;
#[allow(dead_code, reason = "only the contracts of its events")]
#[path = "../../examples/stock_service.rs"]
mod stock_service;
