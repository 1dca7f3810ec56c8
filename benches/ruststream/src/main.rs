//! Consumes a topic with ruststream, for the benchmark of Kafka.
//!
//! `event-schema-bench-ruststream SERVERS TOPIC GROUP EVENTS` handles so many events and prints how many nanoseconds
//! passed from the first to the last.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use jiff::Timestamp;
use ruststream_rdkafka::prelude::*;
use serde::Deserialize;
use tokio::sync::Notify;
use uuid::Uuid;
use validator::Validate;

/// The event of the benchmark.
#[derive(Deserialize, Validate)]
#[expect(dead_code, reason = "what is read is what is measured")]
struct Order {
    id: Uuid,
    #[validate(length(min = 1))]
    sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    placed_at: Timestamp,
}

#[derive(Clone)]
struct Seen(Arc<Inner>);

struct Inner {
    started: OnceLock<Instant>,
    left: AtomicUsize,
    all: Notify,
}

/// An argument of the program: the servers, the topic, the group, or how many events there are.
fn argument(index: usize) -> String {
    std::env::args().nth(index).expect("SERVERS TOPIC GROUP EVENTS")
}

#[subscriber(
    KafkaTopic::new(argument(2))
        .group(argument(3))
        .start(StartOffset::Earliest)
        .commit(Commit::Tracked)
        .config("fetch.queue.backoff.ms", "5")
)]
async fn handle(order: &Order, context: &mut Context<'_, (), Seen>) -> HandlerOutcome {
    let seen = &context.state().0;
    seen.started.get_or_init(Instant::now);
    order.validate().expect("a valid order");
    black_box(order);
    if seen.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        seen.all.notify_one();
    }
    HandlerOutcome::ack()
}

#[tokio::main]
async fn main() {
    let events = argument(4).parse().expect("a number of events");
    let seen = Seen(Arc::new(Inner { started: OnceLock::new(), left: AtomicUsize::new(events), all: Notify::new() }));
    let state = seen.clone();
    let app = RustStream::new(AppInfo::new("bench", "0.0.0"))
        .on_startup(async move |()| Ok::<_, Infallible>(state))
        .with_broker(KafkaBroker::new([argument(1)]), |broker| {
            broker.include(handle);
        })
        .start()
        .await
        .expect("the service starts");
    seen.0.all.notified().await;
    let took = seen.0.started.get().expect("events").elapsed();
    app.shutdown().await.expect("the service stops");
    println!("{}", took.as_nanos());
}
