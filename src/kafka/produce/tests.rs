//! A client that fails for good: before anybody is told, and while no other can be made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::EventProducer;
use super::client::Client;
use crate::kafka::error::ConnectErrorKind;
use crate::kafka::{ApiKey, BrokerError, EmbeddedKafka, ProducerRecord};

fn record() -> ProducerRecord {
    ProducerRecord::new("notes").with_value("{}")
}

#[tokio::test]
async fn it_is_tried_again_until_a_client_is_made() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let settings = kafka.config().set("linger.ms", "0").rdkafka039_producer().unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    let make = {
        let tries = Arc::clone(&tries);
        move || match tries.fetch_add(1, Ordering::SeqCst) {
            1..=3 => Err(ConnectErrorKind::Client("no thread to be had".to_owned()).into()),
            _ => Client::new(&settings),
        }
    };
    let producer = EventProducer::made_by(Box::new(make), "/test").unwrap();
    producer.send_record(&record()).await.unwrap();

    kafka.fail(ApiKey::Produce, &[BrokerError::OutOfOrderSequenceNumber]);
    assert!(producer.send_record(&record()).await.unwrap_err().is_unknown());
    // As long as there is no client, it says so, and so does what is sent.
    while tries.load(Ordering::SeqCst) < 4 {
        assert!(!producer.is_ready());
        assert!(producer.send_record(&record()).await.unwrap_err().is_fatal());
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_secs(20), producer.ready()).await.unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 5);
    producer.send_record(&record()).await.unwrap();
    producer.close(Duration::from_secs(10)).await.unwrap();
}

/// The threads of librdkafka may be quicker than the one that makes the client.
#[tokio::test]
async fn clients_that_fail_before_they_are_in_use_are_replaced() {
    const FAILURES: usize = 3;
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let settings = kafka.config().set("linger.ms", "0").rdkafka039_producer().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let make = {
        let count = Arc::clone(&count);
        move || {
            let client = Client::new(&settings)?;
            if count.fetch_add(1, Ordering::SeqCst) < FAILURES {
                client.report_failure();
            }
            Ok(client)
        }
    };
    let producer = EventProducer::made_by(Box::new(make), "/test").unwrap();
    assert!(!producer.is_ready());
    tokio::time::timeout(Duration::from_secs(20), producer.ready()).await.unwrap();
    // None of those that have failed is ready, though each of them reaches the broker.
    assert_eq!(count.load(Ordering::SeqCst), FAILURES + 1);
    producer.send_record(&record()).await.unwrap();
    producer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_client_that_could_not_be_replaced_is_replaced_at_the_next_error() {
    let kafka = EmbeddedKafka::start().unwrap();
    let client = Client::new(&kafka.config().rdkafka039_producer().unwrap()).unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    // No thread to be had at first.
    client.on_failure(move || counted.fetch_add(1, Ordering::Relaxed) > 0);
    for expected in [1, 2, 2] {
        client.report_failure();
        assert_eq!(tries.load(Ordering::Relaxed), expected);
    }
}
