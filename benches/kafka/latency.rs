//! From the call that sends an event to the handler that has it, at a steady rate.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_schema::jiff::Timestamp;
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::consumer::{Consumer, StreamConsumer};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{Delivery, EventConsumer};
use event_schema::prelude::*;
use tokio::sync::mpsc;
use validator::Validate;

use super::consume::{Twin, group};
use super::{Order, Setup, median, runtime};

/// Events a second, and how many of them.
const RATE: u32 = 10_000;
const EVENTS: usize = 50_000;
/// So many before these do not count: the group is joined, the code is warm.
const WARM: usize = 10_000;

type Receive = fn(&Setup, &str, &mpsc::Sender<()>, Clock) -> Vec<Duration>;

const CONTENDERS: &[(&str, Receive)] =
    &[("StreamConsumer, serde_json, validator", raw), ("recv", recv), ("run, order by partition", run)];

/// Writes into an event when it was sent, and reads it.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn stamp(self) -> String {
        format!("SKU-{:012}", self.0.elapsed().as_micros())
    }

    fn since(self, sku: &str) -> Duration {
        let sent = sku.trim_start_matches("SKU-").parse().expect("a stamp");
        self.0.elapsed().saturating_sub(Duration::from_micros(sent))
    }
}

/// Lets the contenders take turns, and prints the medians of their percentiles.
pub(crate) fn race(setup: &Setup) {
    let mut percentiles = vec![Vec::new(); CONTENDERS.len()];
    for _ in 0..setup.rounds {
        for ((_, receive), own) in CONTENDERS.iter().zip(&mut percentiles) {
            own.push(setup.with_topic(|topic| round(setup, topic, *receive)));
        }
    }
    println!("\n{:<52}{:>10}{:>10}   of {} rounds", "sent to handled at 10,000/s", "p50 ms", "p99 ms", setup.rounds);
    for ((name, _), own) in CONTENDERS.iter().zip(&percentiles) {
        let millis = |time: &Duration| time.as_secs_f64() * 1000.0;
        let (half, most) =
            (median(own.iter().map(|(p50, _)| millis(p50))), median(own.iter().map(|(_, p99)| millis(p99))));
        let rounds: Vec<String> = own.iter().map(|(_, p99)| format!("{:.1}", millis(p99))).collect();
        println!("  {name:<50}{half:>10.2}{most:>10.2}   p99: {}", rounds.join(" "));
    }
}

/// The 50th and the 99th percentile.
fn round(setup: &Setup, topic: &str, receive: Receive) -> (Duration, Duration) {
    let clock = Clock(Instant::now());
    let (joined, mut receiving) = mpsc::channel(1);
    let mut latencies = std::thread::scope(|scope| {
        let receiver = scope.spawn(move || receive(setup, topic, &joined, clock));
        runtime().block_on(async {
            let producer: FutureProducer =
                setup.config.rdkafka039_producer().expect("a configuration").create().expect("a producer");
            let send = |number: u128| {
                let (id, sku) = (Uuid::from_u128(number), clock.stamp());
                let order = Order { id, sku, quantity: 100, placed_at: Timestamp::UNIX_EPOCH };
                let (key, value) = (order.id.to_string(), order.dump().expect("a valid order"));
                let record = FutureRecord::to(topic).key(&key).payload(&value);
                drop(producer.send_result(record).map_err(|(error, _)| error).expect("room"));
            };
            // Until the group is joined, which shows by an event that is received.
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            while receiving.try_recv().is_err() {
                ticks.tick().await;
                send(0);
            }
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            for batch in 0..(WARM + EVENTS) / (RATE as usize / 1000) {
                ticks.tick().await;
                for number in 0..RATE as usize / 1000 {
                    send((batch * 1000 + number + 1) as u128);
                }
            }
            tokio::task::spawn_blocking(move || {
                use event_schema::kafka::rdkafka039::producer::Producer;
                producer.flush(Duration::from_secs(10)).expect("all sent");
            })
            .await
            .expect("no panic");
        });
        receiver.join().expect("no panic")
    });
    latencies.drain(..WARM);
    latencies.sort_unstable();
    (latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100])
}

/// How long each took, but for those that show that the group is joined.
#[derive(Default)]
struct Seen(Vec<Duration>);

impl Seen {
    /// Whether all are there.
    fn note(&mut self, clock: Clock, id: Uuid, sku: &str, joined: &mpsc::Sender<()>) -> bool {
        if id.is_nil() {
            // It is full when it was said before.
            let _ = joined.try_send(());
        } else {
            self.0.push(clock.since(sku));
        }
        self.0.len() == WARM + EVENTS
    }
}

fn raw(setup: &Setup, topic: &str, joined: &mpsc::Sender<()>, clock: Clock) -> Vec<Duration> {
    runtime().block_on(async {
        let settings = group(setup).rdkafka039_consumer().expect("a configuration");
        let consumer: StreamConsumer = settings.create().expect("a consumer");
        consumer.subscribe(&[topic]).expect("a subscription");
        let mut seen = Seen::default();
        loop {
            let message = consumer.recv().await.expect("a message");
            let order: Twin = serde_json::from_slice(message.payload().expect("a value")).expect("an order");
            order.validate().expect("a valid order");
            if seen.note(clock, order.id, &order.sku, joined) {
                return seen.0;
            }
        }
    })
}

fn recv(setup: &Setup, topic: &str, joined: &mpsc::Sender<()>, clock: Clock) -> Vec<Duration> {
    runtime().block_on(async {
        let mut consumer = EventConsumer::<Order>::subscribe_to(&group(setup), &[topic]).await.expect("a consumer");
        let mut seen = Seen::default();
        loop {
            let received = consumer.recv().await.expect("a message");
            let order = received.event().expect("a valid order");
            if seen.note(clock, order.id, &order.sku, joined) {
                consumer.close(Duration::from_secs(10)).await.expect("left");
                return seen.0;
            }
        }
    })
}

fn run(setup: &Setup, topic: &str, joined: &mpsc::Sender<()>, clock: Clock) -> Vec<Duration> {
    runtime().block_on(async {
        let consumer = EventConsumer::<Order>::subscribe_to(&group(setup), &[topic]).await.expect("a consumer");
        let handle = consumer.handle();
        let seen = Arc::new((Mutex::new(Seen::default()), tokio::sync::Notify::new()));
        let (noted, joined) = (Arc::clone(&seen), joined.clone());
        let running = tokio::spawn(consumer.run(move |order: Delivery<Order>| {
            let (seen, all) = &*noted;
            if seen.lock().expect("no panic").note(clock, order.id, &order.sku, &joined) {
                all.notify_one();
            }
            async {}
        }));
        seen.1.notified().await;
        handle.close(Duration::from_secs(10)).await.expect("left");
        running.await.expect("no panic").expect("no error");
        std::mem::take(&mut seen.0.lock().expect("no panic").0)
    })
}
