//! From events in memory to the last acknowledgement.

use std::time::{Duration, Instant};

use event_schema::kafka::EventProducer;
use event_schema::kafka::rdkafka039::error::{KafkaError, RDKafkaErrorCode};
use event_schema::kafka::rdkafka039::message::{Header, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord, Producer};

use super::{Contender, Setup, runtime, timed};

pub(crate) const CONTENDERS: &[Contender] = &[
    Contender { name: "FutureProducer, enqueue, then await all", run: |setup, topic| raw(setup, topic, false) },
    Contender { name: "send_all, plain", run: |setup, topic| send_all(setup, topic, true) },
    Contender { name: "enqueue, then await all, plain", run: |setup, topic| enqueue(setup, topic, true) },
    Contender { name: "FutureProducer with CloudEvents' headers", run: |setup, topic| raw(setup, topic, true) },
    Contender { name: "send_all, with envelopes", run: |setup, topic| send_all(setup, topic, false) },
    Contender { name: "enqueue, then await all, with envelopes", run: |setup, topic| enqueue(setup, topic, false) },
];

fn raw(setup: &Setup, topic: &str, with_headers: bool) -> Duration {
    runtime().block_on(async {
        let producer: FutureProducer =
            setup.config.rdkafka039_producer().expect("a configuration").create().expect("a producer");
        producer.client().fetch_cluster_id(Duration::from_secs(10)).expect("a broker");
        let started = Instant::now();
        let mut deliveries = Vec::with_capacity(setup.orders.len());
        for order in &setup.orders {
            let value = serde_json::to_vec(order).expect("JSON");
            let key = order.id.to_string();
            let mut record = FutureRecord::to(topic).key(&key).payload(&value);
            record.headers = with_headers.then(headers);
            loop {
                match producer.send_result(record) {
                    Ok(delivery) => break deliveries.push(delivery),
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                        record = refused;
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    Err((error, _)) => panic!("{error}"),
                }
            }
        }
        for delivery in deliveries {
            delivery.await.expect("a report").expect("an acknowledgement");
        }
        started.elapsed()
    })
}

/// What a service would write by hand.
fn headers() -> OwnedHeaders {
    let id = event_schema::uuid::Uuid::now_v7().to_string();
    let time = event_schema::jiff::Timestamp::now().to_string();
    [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", "/bench"),
        ("ce_type", "order.placed.v2"),
        ("content-type", "application/json"),
        ("ce_time", &time),
    ]
    .into_iter()
    .fold(OwnedHeaders::new_with_capacity(6), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}

fn connect(setup: &Setup, plain: bool) -> (tokio::runtime::Runtime, EventProducer) {
    let runtime = runtime();
    let producer = runtime.block_on(EventProducer::connect(&setup.config)).expect("a producer");
    let producer = producer.with_source("/bench").expect("a source");
    (runtime, if plain { producer.plain() } else { producer })
}

fn send_all(setup: &Setup, topic: &str, plain: bool) -> Duration {
    let (runtime, producer) = connect(setup, plain);
    timed(|| {
        for outcome in runtime.block_on(producer.send_all_to(topic, &setup.orders)) {
            outcome.expect("an acknowledgement");
        }
    })
}

fn enqueue(setup: &Setup, topic: &str, plain: bool) -> Duration {
    let (runtime, producer) = connect(setup, plain);
    timed(|| {
        runtime.block_on(async {
            let mut deliveries = Vec::with_capacity(setup.orders.len());
            for order in &setup.orders {
                deliveries.push(producer.message(order).topic(topic).enqueue().await.expect("room"));
            }
            for delivery in deliveries {
                delivery.await.expect("an acknowledgement");
            }
        });
    })
}
