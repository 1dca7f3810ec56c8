//! What operators see of producers and consumers: spans, and with features their links to OpenTelemetry and metrics.
//!
//! The adapters say here what happens. The page [`guide::observability`](crate::guide::observability) says what becomes of
//! it; its tables and the names here must agree.

mod consumer;
#[cfg(feature = "opentelemetry033")]
mod link;
#[cfg(feature = "metrics024")]
mod measures;
#[cfg(feature = "metrics024")]
mod metrics;
mod producer;
mod span;
#[cfg(feature = "metrics024")]
mod statistics;

pub(crate) use self::consumer::Consumer;
#[cfg(feature = "metrics024")]
pub(crate) use self::measures::{Measures, PartitionMeasures};
pub(crate) use self::producer::{Producer, Readiness, Sending};
pub(crate) use self::span::Message;
#[cfg(feature = "metrics024")]
pub(crate) use self::statistics::Statistics;
