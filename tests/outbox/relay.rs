//! From the outbox to the brokers.

use std::time::{Duration, Instant};

use event_schema::kafka::{ApiKey, BrokerError, EventProducer};
use event_schema::outbox::Outbox;
use event_schema::sqlx::any::AnyPoolOptions;
use event_schema::sqlx::{self, Sqlite};

use crate::common::{until, within};
use crate::database::postgres;
use crate::shop::{Ordered, Running, Shop, first, order};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_sent_and_nothing_else() {
    let shop = Shop::open().await;
    let relay = Running::start(shop.outbox.relay());
    for number in 0..20 {
        let mut tx = shop.outbox.begin().await.unwrap();
        shop.outbox.add(&mut tx, &order("alice", number)).await.unwrap();
        if number % 2 == 0 { tx.commit().await.unwrap() } else { tx.rollback().await.unwrap() }
    }
    let error = shop.outbox.add(&mut shop.outbox.begin().await.unwrap(), &order("alice", 1_000_001)).await.unwrap_err();
    assert!(error.is_invalid() && !error.is_unavailable());
    let sent = shop.sent::<Ordered>("orders").await;
    let numbers: Vec<u32> = sent[&b"alice"[..]].iter().map(|(order, _)| order.number).collect();
    assert_eq!(numbers, (0..20).step_by(2).collect::<Vec<_>>());
    assert_eq!(shop.count("event_outbox").await, 0);
    relay.close().await;
}

/// PostgreSQL numbers rows when they are written, and shows them when they are committed.
#[tokio::test(flavor = "multi_thread")]
async fn commits_out_of_order_lose_nothing() {
    if postgres().is_none() {
        eprintln!("skipped: SQLite has one writer at a time");
        return;
    }
    let shop = Shop::open().await;
    let relay = Running::start(shop.outbox.relay());
    let mut late = shop.outbox.begin().await.unwrap();
    shop.outbox.add(&mut late, &order("alice", 1)).await.unwrap();
    shop.place(&order("bob", 2)).await;
    assert_eq!(shop.sent::<Ordered>("orders").await.len(), 1);
    late.commit().await.unwrap();
    shop.kafka.received::<Ordered>("orders", 2).await;
    assert_eq!(shop.sent::<Ordered>("orders").await.len(), 2);
    relay.close().await;
}

/// Nobody tells of a commit within the process, and the relay does not wait for the next poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_the_relay() {
    let shop = Shop::open().await;
    let poll = Duration::from_secs(600);
    let relay = Running::start(shop.outbox.relay().poll_interval(poll));
    shop.place(&order("alice", 1)).await;
    shop.kafka.received::<Ordered>("orders", 1).await;
    // That of another process.
    if shop.database.is_postgres() {
        let other = shop.other().await;
        let mut tx = other.begin().await.unwrap();
        other.add(&mut tx, &order("alice", 2)).await.unwrap();
        tx.commit().await.unwrap();
        shop.kafka.received::<Ordered>("orders", 2).await;
    }
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_finds_rows_by_polling() {
    let shop = Shop::open().await;
    let relay = Running::start(shop.other().await.relay().poll_interval(Duration::from_millis(20)));
    let silent = shop.outbox.clone().without_notifications();
    let mut tx = silent.begin().await.unwrap();
    silent.add(&mut tx, &order("alice", 1)).await.unwrap();
    tx.commit().await.unwrap();
    shop.kafka.received::<Ordered>("orders", 1).await;
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_a_broker_that_is_away() {
    let shop = Shop::open().await;
    let relay = shop.outbox.relay();
    let handle = relay.handle();
    assert!(!handle.is_ready());
    let relay = Running::start(relay);
    until(30, "readiness", || handle.is_ready() && handle.leads()).await;
    shop.kafka.broker_down();
    shop.place(&order("alice", 1)).await;
    let waiting = async {
        loop {
            let lag = shop.outbox.lag().await.unwrap();
            assert_eq!((lag.unsent, lag.parked), (1, 0));
            if lag.oldest.unwrap() >= Duration::from_millis(200) {
                return;
            }
        }
    };
    within(30, "event that waits for longer and longer", waiting).await;
    // It has a place to put events.
    assert!(handle.is_ready());
    shop.kafka.broker_up();
    assert_eq!(shop.sent::<Ordered>("orders").await.len(), 1);
    assert_eq!(shop.outbox.lag().await.unwrap().oldest, None);
    relay.close().await;
    assert!(!handle.is_ready());
}

/// The answer is lost, and what was stored is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_sent_again_with_the_same_id() {
    let shop = Shop::open_with(|config| config.set("delivery.timeout.ms", "1000")).await;
    let relay = Running::start(shop.outbox.relay());
    shop.place(&order("alice", 1)).await;
    shop.kafka.received::<Ordered>("orders", 1).await;
    shop.kafka.answer_after(Duration::from_secs(5));
    shop.place(&order("alice", 2)).await;
    until(30, "a send without an answer", || !shop.producer.is_ready()).await;
    shop.kafka.answer_after(Duration::ZERO);
    let sent = shop.sent::<Ordered>("orders").await;
    let sent = &sent[&b"alice"[..]];
    assert_eq!(sent.len(), 3);
    assert_eq!(first(sent), [order("alice", 1), order("alice", 2)]);

    // Nothing of its key goes before it.
    shop.kafka.answer_after(Duration::from_secs(5));
    for number in 3..6 {
        shop.place(&order("alice", number)).await;
    }
    until(30, "a send without an answer", || !shop.producer.is_ready()).await;
    shop.kafka.answer_after(Duration::ZERO);
    let sent = shop.sent::<Ordered>("orders").await;
    let sent: Vec<u32> = sent[&b"alice"[..]].iter().map(|(order, _)| order.number).collect();
    assert!(sent.is_sorted() && sent.len() > 5, "{sent:?}");
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_a_database_that_is_away() {
    let shop = Shop::open().await;
    let relay = shop.outbox.relay().lease(Duration::from_secs(1));
    let handle = relay.handle();
    let relay = Running::start(relay);
    shop.place(&order("alice", 1)).await;
    shop.kafka.received::<Ordered>("orders", 1).await;
    let away = shop.database.away().await;
    until(60, "a relay that is not ready", || !handle.is_ready()).await;
    drop(away);
    until(60, "a relay that is ready", || handle.is_ready()).await;
    shop.place(&order("alice", 2)).await;
    let sent = shop.sent::<Ordered>("orders").await;
    assert_eq!(first(&sent[&b"alice"[..]]), [order("alice", 1), order("alice", 2)]);
    relay.close().await;
}

/// A database that was stopped, or whose host is gone, does not even fail: here the only connection is in use.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_database_is_silent_is_not_ready() {
    let shop = Shop::open().await;
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(600));
    let pool = pool.connect(&shop.database.url()).await.unwrap();
    let relay = Outbox::new(&pool, &shop.producer).relay();
    let handle = relay.handle();
    let relay = Running::start(relay);
    until(60, "a relay that leads", || handle.is_ready() && handle.leads()).await;
    let silent = pool.acquire().await.unwrap();
    until(60, "a relay that is not ready", || !handle.is_ready()).await;
    drop(silent);
    until(60, "a relay that is ready", || handle.is_ready()).await;
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_never_taken_is_parked() {
    let shop = Shop::open_with(|config| config.set("message.max.bytes", "1000")).await;
    let long = "x".repeat(2_000);
    let mut tx = shop.outbox.begin().await.unwrap();
    for order in [order(&long, 1), order("alice", 2), order(&long, 3), order("alice", 4)] {
        shop.outbox.add(&mut tx, &order).await.unwrap();
    }
    tx.commit().await.unwrap();
    let relay = Running::start(shop.outbox.relay());
    shop.lag("two parked events", |unsent, parked| (unsent, parked) == (0, 2)).await;
    let sent = shop.in_topic::<Ordered>("orders").await;
    assert_eq!(first(&sent[&b"alice"[..]]), [order("alice", 2), order("alice", 4)]);
    assert_eq!(sent.len(), 1);

    let parked = shop.outbox.parked(10).await.unwrap();
    assert_eq!((parked.len(), parked[0].topic()), (2, "orders"));
    assert!(parked[0].event_id().is_some() && parked[0].age() < Duration::from_secs(60));
    assert!(parked[0].reason().contains("too large"), "{}", parked[0].reason());
    assert!(!parked[0].reason().contains(&long));
    relay.close().await;

    // Another producer may send more.
    assert!(shop.outbox.retry_parked(&parked[0]).await.unwrap());
    assert!(!shop.outbox.retry_parked(&parked[0]).await.unwrap());
    assert!(shop.outbox.discard_parked(&parked[1]).await.unwrap());
    let producer = EventProducer::connect(&shop.kafka.config()).await.unwrap();
    let relay = Running::start(Outbox::new(&shop.pool, &producer).relay());
    shop.lag("no event", |unsent, parked| (unsent, parked) == (0, 0)).await;
    let sent = shop.in_topic::<Ordered>("orders").await;
    assert_eq!(first(&sent[long.as_bytes()]), [order(&long, 1)]);
    relay.close().await;
}

/// `SQLite` keeps values of any type in any column: texts as keys and values, dates as times.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_columns_of_other_types_is_parked() {
    let shop = Shop::open().await;
    if shop.database.is_postgres() {
        eprintln!("skipped: PostgreSQL refuses such rows");
        return;
    }
    let insert =
        "INSERT INTO event_outbox (topic, lane, record_key, record_value, record_headers, record_time, created_at)";
    for values in [
        "('orders', 1, 'alice', '{}', '[]', NULL, 0)",
        "('orders', 1, NULL, NULL, x'5b5d', NULL, 0)",
        "('orders', 'lane', NULL, NULL, '[]', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
        "(x'00', 1.5, NULL, NULL, '[]', NULL, 1.5)",
    ] {
        sqlx::query(&format!("{insert} VALUES {values}")).execute(&shop.pool).await.unwrap();
    }
    shop.place(&order("alice", 1)).await;
    let relay = Running::start(shop.outbox.relay());
    shop.lag("four parked rows", |unsent, parked| (unsent, parked) == (0, 4)).await;
    assert_eq!(shop.in_topic::<Ordered>("orders").await.len(), 1);
    let parked = shop.outbox.parked(10).await.unwrap();
    assert_eq!(parked.len(), 4);
    assert!(parked.iter().all(|parked| parked.reason().contains("not as this library writes it")));
    assert_eq!((parked[0].topic(), parked[3].topic()), ("orders", ""));
    relay.close().await;
}

/// It is told to end when there is nothing to do, or nothing that it could do.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_relay_ends_at_once() {
    let shop = Shop::open().await;
    let relay = shop.outbox.relay().drain(Duration::from_secs(300));
    let handle = relay.handle();
    let relay = Running::start(relay);
    until(30, "a leader", || handle.leads()).await;
    relay.close().await;

    shop.kafka.fail(ApiKey::Produce, &[BrokerError::TopicAuthorizationFailed]);
    shop.place(&order("alice", 1)).await;
    let relay = shop.outbox.relay().drain(Duration::from_secs(300));
    let standby = shop.other().await.relay().drain(Duration::from_secs(300));
    let (one, two) = (relay.handle(), standby.handle());
    let relay = Running::start(relay);
    until(30, "a leader", || one.leads()).await;
    let standby = Running::start(standby);
    until(30, "a relay that waits", || two.is_ready()).await;
    standby.close().await;
    relay.close().await;
}

/// All of a topic waits for a person, in its order, and the others do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_refuses_is_tried_again() {
    let shop = Shop::open().await;
    shop.kafka.fail(ApiKey::Produce, &[BrokerError::TopicAuthorizationFailed]);
    for number in 0..3 {
        shop.place(&order("alice", number)).await;
    }
    let started = Instant::now();
    let relay = Running::start(shop.outbox.relay());
    let sent = shop.sent::<Ordered>("orders").await;
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(first(&sent[&b"alice"[..]]), (0..3).map(|number| order("alice", number)).collect::<Vec<_>>());
    assert_eq!(shop.outbox.lag().await.unwrap().parked, 0);
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_are_removed() {
    let shop = Shop::open().await;
    let day: i64 = 24 * 60 * 60 * 1000;
    let relay = Running::start(shop.outbox.relay().keep_sent(Duration::from_secs(24 * 60 * 60)));
    shop.place(&order("alice", 1)).await;
    shop.kafka.received::<Ordered>("orders", 1).await;
    shop.lag("a sent event", |unsent, _| unsent == 0).await;
    assert_eq!(shop.count("event_outbox WHERE sent_at IS NOT NULL").await, 1);
    relay.close().await;

    for (id, age) in [("old", 31 * day), ("new", day)] {
        let now: i64 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
        let entry = "INSERT INTO event_inbox (consumer_group, source, event_id, handled_at) VALUES ('g', 's', $1, $2)";
        sqlx::query(entry).bind(id).bind(now - age).execute(&shop.pool).await.unwrap();
    }
    let relay = Running::start(shop.outbox.relay().keep_sent(Duration::from_millis(1)));
    let cleaned = async {
        while shop.count("event_outbox").await > 0 || shop.count("event_inbox").await > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(30, "clean tables", cleaned).await;
    assert_eq!(shop.count("event_inbox WHERE event_id = 'new'").await, 1);
    relay.close().await;
}

/// A service with migrations of its own may lack the table of answers after an upgrade.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_cannot_delete_old_rows_sends_events() {
    let shop = Shop::open().await;
    sqlx::query("DROP TABLE event_answer").execute(&shop.pool).await.unwrap();
    let relay = shop.outbox.relay();
    let handle = relay.handle();
    let relay = Running::start(relay);
    for number in 0..2 {
        shop.place(&order("alice", number)).await;
        assert_eq!(shop.sent::<Ordered>("orders").await[&b"alice"[..]].len(), number as usize + 1);
        assert!(handle.is_ready());
    }
    relay.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_processes_create_the_tables() {
    let shop = Shop::open().await;
    for table in ["event_outbox", "event_inbox", "event_relay"] {
        sqlx::query(&format!("DROP TABLE {table}")).execute(&shop.pool).await.unwrap();
    }
    let processes = [shop.other().await, shop.other().await, shop.other().await];
    for migrated in futures_util::future::join_all(processes.iter().map(Outbox::migrate)).await {
        migrated.unwrap();
    }
    shop.place(&order("alice", 1)).await;
}

/// A process that starts while others work does not wait for their transactions, nor they for it.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_exist_are_not_locked() {
    if postgres().is_none() {
        eprintln!("skipped: SQLite has one writer at a time");
        return;
    }
    let shop = Shop::open().await;
    let mut tx = shop.outbox.begin().await.unwrap();
    shop.outbox.add(&mut tx, &order("alice", 1)).await.unwrap();
    within(20, "tables that exist", shop.other().await.migrate()).await.unwrap();
    shop.outbox.commit(tx).await.unwrap();

    sqlx::query("DROP INDEX event_outbox_unsent").execute(&shop.pool).await.unwrap();
    shop.outbox.migrate().await.unwrap();
    sqlx::query("DROP INDEX event_outbox_unsent").execute(&shop.pool).await.unwrap();
}

/// A service that uses one database needs nothing of `Any`.
#[tokio::test(flavor = "multi_thread")]
async fn pools_of_one_database_have_outboxes_too() {
    let shop = Shop::open().await;
    if let Some(url) = shop.database.is_postgres().then(|| shop.database.url()) {
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let outbox = Outbox::new(&pool, &shop.producer);
        let mut tx = pool.begin().await.unwrap();
        outbox.add(&mut tx, &order("alice", 1)).await.unwrap();
        tx.commit().await.unwrap();
    } else {
        let pool = sqlx::SqlitePool::connect(&shop.database.url()).await.unwrap();
        let outbox: Outbox<Sqlite> = Outbox::new(&pool, &shop.producer);
        let mut tx = pool.begin().await.unwrap();
        outbox.add(&mut tx, &order("alice", 1)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let relay = Running::start(shop.outbox.relay());
    assert_eq!(shop.sent::<Ordered>("orders").await.len(), 1);
    relay.close().await;
}

/// The relay that leads measures what waits; nothing is left of that when it ends.
#[cfg(feature = "metrics024")]
#[tokio::test]
async fn what_waits_is_measured() {
    use event_schema::kafka::metrics024;

    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    // The relay runs on this thread.
    let _guard = metrics024::set_default_local_recorder(&recorder);
    let shop = Shop::open().await;
    shop.kafka.broker_down();
    for number in 0..2 {
        shop.place(&order("alice", number)).await;
    }
    let source = shop.producer.source().unwrap().to_owned();
    let value = |name: &str| {
        let start = format!("event_schema_outbox_{name}{{source=\"{source}\"}} ");
        prometheus
            .render()
            .lines()
            .find_map(|line| line.strip_prefix(&start).map(|value| value.parse::<f64>().unwrap()))
    };
    assert_eq!((value("leads"), value("unsent_events")), (None, None));
    let relay = Running::start(shop.outbox.relay().drain(Duration::ZERO));
    within(60, "metric", async {
        while value("unsent_events") != Some(2.0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(value("oldest_seconds") >= Some(0.0));
    assert_eq!((value("leads"), value("parked_events")), (Some(1.0), Some(0.0)));
    relay.close().await;
    for name in ["leads", "unsent_events", "oldest_seconds", "parked_events"] {
        assert_eq!(value(name), Some(0.0), "{name}");
    }
    let guide = include_str!("../../src/guide/observability.rs");
    for line in prometheus.render().lines().filter_map(|line| line.strip_prefix("# TYPE event_schema_outbox_")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(guide.contains(&format!("| `event_schema_outbox_{name}` | {kind} |")), "{name}");
    }
}
