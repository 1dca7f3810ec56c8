//! Spans, traces and metrics of the adapters. Subscriber and recorder are one for the process, so that these tests have a
//! program of their own:
//!
//! ```sh
//! cargo test --features metrics024,opentelemetry033 --test sight
//! ```
#![allow(unreachable_pub, reason = "modules of a test program")]

#[path = "../kafka/common/mod.rs"]
mod common;
mod languages;
mod metrics;
mod recorder;
mod service;
mod spans;
mod traces;
