//! The transactions of an outbox, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use event_schema::format::framing::SchemaId;
use event_schema::format::{
    Codec, SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite, WriterSchema,
};
use event_schema::kafka::{
    Attempt, Delivery, EmbeddedKafka, EventConsumer, Outcome, OutgoingEvent, Retry, SeekTo, State,
};
use event_schema::outbox::{Outbox, Tx};
use event_schema::prelude::*;
use event_schema::sqlx::{self, Any};
use futures_util::FutureExt;
use tokio::sync::watch;

use crate::common::{until, within};
use crate::shop::{Accepted, Ordered, Shop, limit, order};

/// Fails, and takes the whole transaction with it.
async fn fail(tx: &mut sqlx::AnyConnection, is_postgres: bool) -> sqlx::Error {
    let or_rollback = if is_postgres { "" } else { "OR ROLLBACK " };
    let insert = format!("INSERT {or_rollback}INTO orders (number, customer) VALUES (1000, 'x'), (1000, 'x')");
    sqlx::query(&insert).execute(tx).await.unwrap_err()
}

/// PostgreSQL rolls such a transaction back, and sqlx says that it was committed.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_a_handler_does_not_return_is_found() {
    async fn swallow(
        order: Ordered,
        mut tx: Tx<Any>,
        Attempt(attempt): Attempt,
        State(is_postgres): State<bool>,
    ) -> Option<Accepted> {
        let insert = "INSERT INTO orders (number, customer) VALUES ($1, $2)";
        let insert = sqlx::query(insert).bind(i64::from(order.number)).bind(&order.customer);
        insert.execute(&mut *tx).await.unwrap();
        if attempt == 1 {
            drop(fail(&mut tx, is_postgres).await);
        }
        // With an event and without one.
        (order.number == 2).then_some(Accepted { customer: order.customer, number: order.number })
    }

    let shop = Shop::open().await;
    for number in [1, 2] {
        shop.producer.send(&order("alice", number)).await.unwrap();
    }
    let runner = shop.runner("shop").await;
    let handle = runner.handle();
    let retry = Retry::in_place().backoff(Duration::from_millis(10), Duration::from_millis(50)).attempts(2);
    let runner = runner.retry(retry).state(shop.database.is_postgres());
    let running = tokio::spawn(runner.run_with(swallow));
    until(60, "both messages", || handle.counts().done() == 2).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!((counts.of(Outcome::Retried), counts.of(Outcome::Dead)), (2, 0), "{counts}");
    assert_eq!((shop.count("orders").await, shop.count("event_inbox").await), (2, 2));
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_rolled_back_is_not_committed() {
    let shop = Shop::open().await;
    // More often than there are connections.
    for number in 0..10 {
        let mut tx = shop.outbox.begin().await.unwrap();
        shop.outbox.add(&mut tx, &order("alice", number)).await.unwrap();
        fail(&mut tx, shop.database.is_postgres()).await;
        // Nor is an event stored by itself, outside of the transaction.
        let error = shop.outbox.add(&mut tx, &order("alice", number)).await.unwrap_err();
        assert_eq!(error.is_rolled_back(), !shop.database.is_postgres(), "{error:?}");
        let error = shop.outbox.commit(tx).await.unwrap_err();
        assert!(error.is_rolled_back() && !error.is_unknown() && !error.is_unavailable(), "{error:?}");
    }
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 0);
    let mut tx = shop.outbox.begin().await.unwrap();
    shop.outbox.add(&mut tx, &order("alice", 1)).await.unwrap();
    shop.outbox.commit(tx).await.unwrap();
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 1);
}

/// SQLite then ends the transaction by itself, and sqlx does not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_after_a_full_disk() {
    async fn accept(order: Ordered, mut tx: Tx<Any>, State(calls): State<Arc<AtomicU32>>) -> Accepted {
        let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        limit(&mut tx, if is_first { 1 } else { 1_000_000 }).await;
        Accepted { customer: "x".repeat(1 << 16), number: order.number }
    }

    let shop = Shop::open().await;
    let Some((_, outbox)) = shop.with_one_connection().await else { return };
    // The caller drops the transaction.
    for _ in 0..3 {
        let mut tx = outbox.begin().await.unwrap();
        limit(&mut tx, 1).await;
        let error = outbox.add(&mut tx, &order(&"x".repeat(1 << 16), 1)).await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
    // The runner writes what the handler returns.
    shop.producer.send(&order("alice", 1)).await.unwrap();
    let consumer = EventConsumer::<Ordered>::subscribe(&shop.kafka.config().group("shop")).await.unwrap();
    let (calls, runner) = (Arc::new(AtomicU32::new(0)), consumer.runner().outbox(&outbox));
    let handle = runner.handle();
    let running = tokio::spawn(runner.state(Arc::clone(&calls)).run_with(accept));
    until(60, "a message", || handle.counts().done() == 1).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!((shop.count("event_inbox").await, shop.count("event_outbox").await), (1, 1));
}

/// sqlx 0.8 gives connections back that are still inside a transaction, whose later statements are never committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_is_dropped_leaves_nothing_open() {
    let shop = Shop::open().await;
    let other = shop.other().await;
    for polls in 0..200 {
        {
            let mut begin = Box::pin(shop.outbox.begin());
            for _ in 0..polls % 20 {
                if (&mut begin).now_or_never().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(20)).await;
            }
        }
        // A lock that nobody gives back would end this.
        let insert = "INSERT INTO orders (number, customer) VALUES ($1, 'alice')";
        sqlx::query(insert).bind(polls).execute(&shop.pool).await.unwrap();
        let tx = within(20, "another transaction", other.begin()).await.unwrap();
        other.commit(tx).await.unwrap();
    }
    let seen = shop.database.pool().await;
    let seen: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM orders").fetch_one(&seen).await.unwrap();
    assert_eq!(seen, 200);
}

/// The offsets of a topic that is created again begin anew: a message is known by its place and its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_id_is_known_by_its_place_and_time() {
    let shop = Shop::open().await;
    // The topic as it is after it was deleted.
    let again = EmbeddedKafka::start().unwrap();
    again.create_topic("orders", 2).unwrap();
    let body = br#"{"customer": "alice", "number": 1}"#;
    for kafka in [&shop.kafka, &again] {
        let accept = async |order: Ordered, _: Tx<Any>| Accepted { customer: order.customer, number: order.number };
        kafka.publish_bytes("orders", Some(b"alice"), Some(body), &[]).await;
        // In another millisecond than the other.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let consumer = EventConsumer::<Ordered>::subscribe(&kafka.config().group("shop")).await.unwrap();
        let runner = consumer.runner().outbox(&shop.outbox);
        let handle = runner.handle();
        let running = tokio::spawn(runner.run_with(accept));
        until(60, "a message", || handle.counts().done() == 1).await;
        for partition in 0..2 {
            // It has the partition soon.
            drop(handle.seek("orders", partition, SeekTo::Beginning).await);
        }
        until(60, "the same message", || handle.counts().done() == 2).await;
        handle.close(Duration::from_secs(20)).await.unwrap();
        running.await.unwrap().unwrap();
    }
    assert_eq!(shop.count("event_inbox").await, 2);
    let ids: i64 =
        sqlx::query_scalar("SELECT COUNT(DISTINCT event_id) FROM event_outbox").fetch_one(&shop.pool).await.unwrap();
    assert_eq!(ids, 2);
}

#[derive(Debug, Clone, Serialize, EventSchema)]
#[event(topic = "accepted", key = name)]
struct Noted {
    name: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_key_is_another_than_one_with_an_empty_key() {
    let shop = Shop::open().await;
    shop.producer.send(&order("alice", 1)).await.unwrap();
    let runner = shop.runner("shop").await;
    let handle = runner.handle();
    let both = async |_: Ordered, _: Tx<Any>| (Noted { name: None }, Noted { name: Some(String::new()) });
    let running = tokio::spawn(runner.run_with(both));
    until(60, "a message", || handle.counts().done() == 1).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();
    let count = "SELECT COUNT(DISTINCT event_id) FROM event_outbox";
    let ids: i64 = sqlx::query_scalar(count).fetch_one(&shop.pool).await.unwrap();
    assert_eq!((shop.count("event_outbox").await, ids), (2, 2));
}

/// A service whose handlers return no events has no relay.
#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_without_a_relay_is_cleaned() {
    let shop = Shop::open().await;
    let now: i64 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
    let day: i64 = 24 * 60 * 60 * 1000;
    for (id, age) in [("old", 8 * day), ("new", 6 * day)] {
        let entry = "INSERT INTO event_inbox (consumer_group, source, event_id, handled_at) VALUES ('g', 's', $1, $2)";
        sqlx::query(entry).bind(id).bind(now - age).execute(&shop.pool).await.unwrap();
    }
    shop.producer.send(&order("alice", 1)).await.unwrap();
    // All clones have it.
    let runner = shop.runner("shop").await;
    drop(shop.outbox.clone().keep_handled(Duration::from_secs(7 * 24 * 60 * 60)));
    let handle = runner.handle();
    let running = tokio::spawn(runner.run_with(async |_: Ordered, _: Tx<Any>| {}));
    let cleaned = async {
        while shop.count("event_inbox WHERE event_id = 'old'").await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(60, "a clean inbox", cleaned).await;
    until(60, "a message", || handle.counts().done() == 1).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(shop.count("event_inbox").await, 2);
}

/// A registry that answers when it is told to.
struct Slow {
    asked: AtomicU32,
    told: watch::Sender<bool>,
}

impl SchemaSource for Slow {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(std::future::ready(Err(SchemaSourceError::unknown())))
    }

    fn schema_to_write<'a>(&'a self, _: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.told.subscribe().wait_for(|told| *told).await.unwrap();
            Ok(SchemaToWrite::new(SchemaId::Number(7)))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_waits_for_a_registry() {
    async fn accept(order: Ordered, _: Tx<Any>, State(calls): State<Arc<AtomicU32>>) -> Vec<Option<Accepted>> {
        calls.fetch_add(1, Ordering::Relaxed);
        vec![Some(Accepted { customer: order.customer, number: order.number })]
    }

    let shop = Shop::open().await;
    shop.producer.send(&order("alice", 1)).await.unwrap();
    let slow = Arc::new(Slow { asked: AtomicU32::new(0), told: watch::Sender::new(false) });
    let codec = Codec::confluent_json().with_source(Arc::clone(&slow));
    let outbox = Outbox::new(&shop.pool, &shop.producer.clone().with_codec(codec));
    let consumer = EventConsumer::<Ordered>::subscribe(&shop.kafka.config().group("shop")).await.unwrap();
    let (calls, runner) = (Arc::new(AtomicU32::new(0)), consumer.runner().outbox(&outbox));
    let handle = runner.handle();
    let running = tokio::spawn(runner.state(Arc::clone(&calls)).run_with(accept));
    until(60, "a question", || slow.asked.load(Ordering::Relaxed) == 1).await;
    // It has no lock of the database.
    let other = shop.other().await;
    other.commit(other.begin().await.unwrap()).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    slow.told.send_replace(true);
    until(60, "a message", || handle.counts().done() == 1).await;
    assert_eq!((calls.load(Ordering::Relaxed), slow.asked.load(Ordering::Relaxed)), (1, 1));
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();
    // So does a service that puts events there itself.
    outbox.prepare::<Accepted>().await.unwrap();
    assert_eq!(outbox.lag().await.unwrap().unsent, 1);
}

/// Each handler waits for the schemas of its own events only, and for none of a topic that is not known before.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_waits_for_its_own_schemas() {
    type Maybe = Option<OutgoingEvent<Accepted>>;

    let shop = Shop::open().await;
    let slow = Arc::new(Slow { asked: AtomicU32::new(0), told: watch::Sender::new(false) });
    let codec = Codec::confluent_json().with_source(Arc::clone(&slow));
    let outbox = Outbox::new(&shop.pool, &shop.producer.clone().with_codec(codec));
    let runner = async |group: &str| {
        let consumer = EventConsumer::<Ordered>::subscribe(&shop.kafka.config().group(group)).await.unwrap();
        consumer.runner().outbox(&outbox)
    };
    let accept = async |order: Ordered, _: Tx<Any>| Accepted { customer: order.customer, number: order.number };
    let accepted = async |_: Delivery<()>, _: Tx<Any>| Accepted { customer: "alice".to_owned(), number: 1 };
    let none = async |_: Delivery<()>, _: Tx<Any>| -> Maybe { None };
    shop.producer.send_tombstone("orders", "alice").await.unwrap();

    // The handler of events has a schema to wait for, and that of tombstones has none.
    let waiting = runner("one").await.on_tombstone_with(none);
    let handle = waiting.handle();
    let running = tokio::spawn(waiting.run_with(accept));
    until(60, "the tombstone", || handle.counts().done() == 1).await;
    assert_eq!(slow.asked.load(Ordering::Relaxed), 0);
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();

    // That of tombstones has one: it waits before its transaction.
    let waiting = runner("two").await.handler_timeout(Duration::from_secs(1)).on_tombstone_with(accepted);
    let handle = waiting.handle();
    let running = tokio::spawn(waiting.run_with(async |_: Ordered, _: Tx<Any>| {}));
    until(60, "a tombstone that waits", || handle.counts().of(Outcome::Unavailable) >= 1).await;
    let other = shop.other().await;
    other.commit(other.begin().await.unwrap()).await.unwrap();
    slow.told.send_replace(true);
    until(60, "the tombstone", || handle.counts().done() == 1).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(outbox.lag().await.unwrap().unsent, 1);
}
