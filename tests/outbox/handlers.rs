//! Handlers within a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use event_schema::kafka::{
    App, Attempt, Counts, Delivery, EventConsumer, Failure, Key, Outcome, Retry, RunError, RunHandle, SeekTo, State,
};
use event_schema::outbox::Tx;
use event_schema::sqlx::{self, Any};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::common::{until, within};
use crate::shop::{Accepted, Ordered, Running, Shop, order};

type Calls = Arc<AtomicU32>;

async fn store(order: &Ordered, tx: &mut Tx<Any>) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO orders (number, customer) VALUES ($1, $2)")
        .bind(i64::from(order.number))
        .bind(&order.customer)
        .execute(&mut **tx)
        .await
        .map(drop)
}

async fn accept(order: Ordered, mut tx: Tx<Any>, State(calls): State<Calls>) -> Result<Accepted, Failure> {
    calls.fetch_add(1, Ordering::Relaxed);
    store(&order, &mut tx).await?;
    Ok(Accepted { customer: order.customer, number: order.number })
}

async fn end(handle: &RunHandle, running: JoinHandle<Result<Counts, RunError>>) -> Counts {
    handle.close(Duration::from_secs(20)).await.unwrap();
    within(30, "end of the run", running).await.unwrap().unwrap()
}

fn soon() -> Retry {
    Retry::in_place().backoff(Duration::from_millis(10), Duration::from_millis(50)).attempts(2)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_changes_nothing() {
    let shop = Shop::open().await;
    let record = shop.producer.message(&order("alice", 1)).to_record().await.unwrap();
    for partition in [0, 0, 1] {
        shop.producer.send_record(&record.clone().with_partition(partition)).await.unwrap();
    }
    let (calls, runner) = (Calls::default(), shop.runner("shop").await);
    let (handle, relay) = (runner.handle(), Running::start(shop.outbox.relay()));
    let running = tokio::spawn(runner.state(Arc::clone(&calls)).run_with(accept));
    until(60, "three messages", || handle.counts().done() == 3).await;
    handle.seek("orders", 0, SeekTo::Beginning).await.unwrap();
    until(60, "two more", || handle.counts().done() == 5).await;
    end(&handle, running).await;
    assert_eq!((calls.load(Ordering::Relaxed), shop.count("orders").await), (1, 1));
    assert_eq!(shop.sent::<Accepted>("accepted").await[&b"alice"[..]].len(), 1);

    let received = shop.kafka.received::<Accepted>("accepted", 1).await;
    let (cause, envelope) = (shop.kafka.received::<Ordered>("orders", 1).await, received[0].envelope());
    assert_eq!((envelope.causation(), envelope.source()), (Some(cause[0].envelope().id()), Some("/shop")));
    assert_eq!(envelope.id().as_bytes()[14], b'8', "its id is derived");

    // Another group has not handled it.
    let runner = shop.runner("other").await;
    let handle = runner.handle();
    let ignore = async |_: Ordered, _: Tx<Any>| {};
    let running = tokio::spawn(runner.run_with(ignore));
    until(60, "three messages", || handle.counts().done() == 3).await;
    end(&handle, running).await;
    assert_eq!(shop.count("event_inbox").await, 2);
    relay.close().await;
}

/// Its rows and its event are committed together, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_of_tombstones_takes_a_transaction() {
    async fn forget(_: Delivery<()>, Key(key): Key, mut tx: Tx<Any>) -> Result<Accepted, Failure> {
        let customer = String::from_utf8(key.unwrap_or_default()).map_err(Failure::reject)?;
        store(&order(&customer, 7), &mut tx).await?;
        Ok(Accepted { customer, number: 7 })
    }

    let shop = Shop::open().await;
    shop.producer.send_tombstone("orders", "alice").await.unwrap();
    let runner = shop.runner("shop").await.on_tombstone_with(forget);
    let handle = runner.handle();
    let running = tokio::spawn(runner.run_with(async |_: Ordered| {}));
    until(60, "the tombstone", || handle.counts().done() == 1).await;
    for (topic, partition) in handle.assigned() {
        handle.seek(&topic, partition, SeekTo::Beginning).await.unwrap();
    }
    until(60, "the tombstone again", || handle.counts().done() == 2).await;
    end(&handle, running).await;
    assert_eq!((shop.count("orders").await, shop.count("event_inbox").await), (1, 1));
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 1);
}

/// Two workers have the same event at the same time: one handles it, and the other waits for the end of that.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_two_hands_is_handled_once() {
    let shop = Shop::open().await;
    for number in 0..30 {
        let record = shop.producer.message(&order("alice", number)).to_record().await.unwrap();
        for partition in [0, 1] {
            shop.producer.send_record(&record.clone().with_partition(partition)).await.unwrap();
        }
    }
    let (calls, runner) = (Calls::default(), shop.runner("shop").await);
    let handle = runner.handle();
    let slowly = async |order: Ordered, tx: Tx<Any>, calls: State<Calls>| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        accept(order, tx, calls).await
    };
    let running = tokio::spawn(runner.concurrency(4).state(Arc::clone(&calls)).run_with(slowly));
    until(60, "all messages", || handle.counts().done() == 60).await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.of(Outcome::Retried), counts.of(Outcome::Dead)), (0, 0), "{counts}");
    assert_eq!((calls.load(Ordering::Relaxed), shop.count("orders").await), (30, 30));
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 30);
}

/// The rows of a handler that fails are not there the second time.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_leaves_nothing() {
    async fn second(
        order: Ordered,
        mut tx: Tx<Any>,
        Attempt(attempt): Attempt,
    ) -> Result<(Accepted, Accepted), Failure> {
        store(&order, &mut tx).await?;
        let accepted = |number| Accepted { customer: order.customer.clone(), number };
        match (order.number, attempt) {
            (1, 1) => Err(Failure::retry("not yet")),
            (2, 1) => panic!("on purpose"),
            // The other event is valid, and is not sent either.
            (3, _) => Ok((accepted(3), accepted(1_000_001))),
            (number, _) => Ok((accepted(number), accepted(number))),
        }
    }

    let shop = Shop::open().await;
    for number in 1..=4 {
        shop.producer.send(&order("alice", number)).await.unwrap();
    }
    let runner = shop.runner("shop").await;
    let handle = runner.handle();
    let running = tokio::spawn(runner.retry(soon()).run_with(second));
    until(60, "all messages", || handle.counts().done() == 3).await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.of(Outcome::Retried), counts.of(Outcome::Dead)), (2, 1), "{counts}");
    assert_eq!((shop.count("orders").await, shop.count("event_inbox").await), (3, 3));
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 6);
}

/// It is not the fault of the messages, with or without handlers that say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_makes_no_dead_letters() {
    let shop = Shop::open().await;
    let runner = shop.runner("shop").await;
    let (handle, calls) = (runner.handle(), Calls::default());
    // Times of a test: with the default of five seconds, SQLite takes as long to say that it is locked.
    let retry = Retry::in_place().backoff(Duration::from_millis(10), Duration::from_millis(50)).attempts(1);
    let running = tokio::spawn(runner.retry(retry).state(Arc::clone(&calls)).run_with(accept));
    shop.producer.send(&order("alice", 1)).await.unwrap();
    until(60, "a message", || handle.counts().done() == 1).await;
    let away = shop.database.away().await;
    for number in 2..=4 {
        shop.producer.send(&order("alice", number)).await.unwrap();
    }
    until(60, "messages that wait", || handle.counts().of(Outcome::Unavailable) >= 2).await;
    assert!(!handle.is_ready());
    drop(away);
    until(60, "all messages", || handle.counts().done() == 4).await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.of(Outcome::Retried), counts.of(Outcome::Dead)), (0, 0), "{counts}");
    assert_eq!(shop.count("orders").await, 4);
}

/// Ids of foreign clients may be of any length. One with a control character is no id: the message has that of its place.
#[tokio::test(flavor = "multi_thread")]
async fn strange_ids_are_handled_once() {
    let shop = Shop::open().await;
    let ids = ["x".repeat(100_000), "å".to_owned(), "a\0b".to_owned()];
    for id in ids.iter().chain(&ids) {
        let headers = [
            ("ce_specversion", &b"1.0"[..]),
            ("ce_id", id.as_bytes()),
            ("ce_source", b"/other"),
            ("ce_type", b"ordered.v1"),
        ];
        let body = br#"{"customer": "alice", "number": 1}"#;
        shop.kafka.publish_bytes("orders", Some(b"alice"), Some(body), &headers).await;
    }
    let runner = shop.runner("shop").await;
    let handle = runner.handle();
    let running = tokio::spawn(
        runner.run_with(async |order: Ordered, _: Tx<Any>| Accepted { customer: order.customer, number: 1 }),
    );
    until(60, "all messages", || handle.counts().done() == 6).await;
    end(&handle, running).await;
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 4);
}

/// A transaction that another task keeps is not committed, and the message not lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_must_come_back() {
    async fn keep(_: Ordered, tx: Tx<Any>, Attempt(attempt): Attempt, State(kept): State<Arc<Semaphore>>) {
        if attempt == 1 {
            tokio::spawn(async move {
                kept.acquire().await.unwrap().forget();
                drop(tx);
            });
        }
    }

    let shop = Shop::open().await;
    shop.producer.send(&order("alice", 1)).await.unwrap();
    let (runner, gate) = (shop.runner("shop").await, Arc::new(Semaphore::new(0)));
    let handle = runner.handle();
    let running = tokio::spawn(runner.retry(soon()).state(Arc::clone(&gate)).run_with(keep));
    until(60, "a message that failed", || handle.counts().of(Outcome::Retried) == 1).await;
    gate.add_permits(1);
    until(60, "a message", || handle.counts().done() == 1).await;
    end(&handle, running).await;
    assert_eq!(shop.count("event_inbox").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_cannot_have_is_told_at_the_start() {
    let shop = Shop::open().await;
    let consumer = async || EventConsumer::<Ordered>::subscribe(&shop.kafka.config().group("docs")).await.unwrap();
    let told = async |run: Result<Counts, RunError>| {
        let error = run.unwrap_err();
        assert!(error.is_config());
        error.to_string()
    };
    let one = async |_: Ordered, _: Tx<Any>| {};
    let run = consumer().await.runner().run_with(one).await;
    assert_eq!(told(run).await, "the handler takes a transaction: set its outbox with `outbox`");
    let two = async |_: Ordered, _: Tx<Any>, _: Tx<Any>| {};
    let run = consumer().await.runner().outbox(&shop.outbox).run_with(two).await;
    assert_eq!(told(run).await, "the handler takes more than one transaction");
    let other = async |_: Ordered, _: Tx<sqlx::Sqlite>| {};
    let run = consumer().await.runner().outbox(&shop.outbox).run_with(other).await;
    let message = "the handler takes the transaction of another kind of database than that of its outbox";
    assert_eq!(told(run).await, message);
    let run = consumer().await.runner().outbox(&shop.outbox).publish_with(&shop.producer).run_with(one).await;
    assert_eq!(told(run).await, "the outbox has a producer: `publish_with` does not apply");
    let run = consumer().await.runner().outbox(&shop.outbox).run(async |_: Delivery<Ordered>| {}).await;
    assert_eq!(told(run).await, "`outbox` is a setting of `run_with`");
    let error = consumer().await.runner().outbox(&shop.outbox).batches().unwrap_err();
    assert_eq!(error.to_string(), "`outbox` is a setting of handlers and does not apply to batches");
}

/// The handler has its message in hand when the app ends: what it returns is sent still.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_ends_its_relay_after_its_consumers() {
    async fn slowly(
        order: Ordered,
        _: Tx<Any>,
        State((taken, gate)): State<(Arc<Semaphore>, Arc<Semaphore>)>,
    ) -> Accepted {
        taken.add_permits(1);
        gate.acquire().await.unwrap().forget();
        Accepted { customer: order.customer, number: order.number }
    }

    let shop = Shop::open().await;
    let (taken, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let runner = shop.runner("shop").await.state((Arc::clone(&taken), Arc::clone(&gate)));
    let app = App::new("shop").producer(&shop.producer).relay(shop.outbox.relay()).consumer(runner, slowly);
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    until(60, "readiness", || handle.is_ready()).await;
    let names: Vec<String> = handle.parts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["/shop", "outbox", "shop:orders"]);
    shop.producer.send(&order("alice", 1)).await.unwrap();
    within(60, "a message in hand", taken.acquire()).await.unwrap().forget();
    handle.close();
    tokio::time::sleep(Duration::from_millis(200)).await;
    gate.add_permits(1);
    within(60, "end of the app", running).await.unwrap().unwrap();
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 0);
    assert_eq!(shop.in_topic::<Accepted>("accepted").await[&b"alice"[..]].len(), 1);
}
