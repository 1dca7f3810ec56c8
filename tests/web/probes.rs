//! The probes of an app.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::{Answer, call};
use event_schema::axum::Probes;
use event_schema::axum::axum08::body::Body;
use event_schema::axum::axum08::http::{Request, StatusCode};
use event_schema::axum::axum08::{Router, routing};
use event_schema::kafka::{App, EmbeddedKafka, EventConsumer, EventProducer, Failure, Retry};
use event_schema::prelude::*;
use event_schema::serde_json::{Value, json};

#[derive(Debug, Serialize, EventSchema)]
#[event(topic = "orders")]
struct Order {
    number: u32,
}

async fn get(app: &Router, path: &str) -> Answer {
    call(app, Request::get(path).body(Body::empty()).unwrap()).await
}

fn read(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// Waits for an answer of this status.
async fn until(app: &Router, status: StatusCode) -> Value {
    let waiting = async {
        loop {
            let answer = get(app, "/readyz").await;
            if answer.status == status {
                return read(&answer);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("no {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_the_part_that_is_not_ready() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("orders", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap().with_source("/shop").unwrap();
    let consumer = EventConsumer::<Order>::subscribe(&kafka.config().group("billing")).await.unwrap();
    let database = Arc::new(AtomicBool::new(false));
    let handler = {
        let database = Arc::clone(&database);
        move |_: Order| {
            let is_there = database.load(Ordering::SeqCst);
            async move { if is_there { Ok(()) } else { Err(Failure::unavailable("the database is away")) } }
        }
    };
    let backoff = Duration::from_millis(5);
    let runner = consumer.runner().retry(Retry::in_place().backoff(backoff, backoff));
    let app = App::new("shop").producer(&producer).consumer(runner, handler);
    let handle = app.handle();
    let probes: Router = Probes::new(handle.clone()).router();

    let answer = get(&probes, "/readyz").await;
    assert_eq!((answer.status, &read(&answer)["running"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)));

    let running = tokio::spawn(app.run());
    let ready = until(&probes, StatusCode::OK).await;
    let part = |name: &str, ready: bool| json!({"name": name, "ready": ready});
    let parts = json!([part("/shop", true), part("billing:orders", true)]);
    assert_eq!(ready, json!({"ready": true, "running": true, "parts": parts}));

    kafka.publish(&Order { number: 7 }).await;
    let waits = until(&probes, StatusCode::SERVICE_UNAVAILABLE).await;
    let parts = json!([part("/shop", true), part("billing:orders", false)]);
    assert_eq!(waits, json!({"ready": false, "running": true, "parts": parts}));
    assert_eq!(get(&probes, "/livez").await.status, StatusCode::OK);

    database.store(true, Ordering::SeqCst);
    until(&probes, StatusCode::OK).await;
    handle.close();
    assert_eq!(until(&probes, StatusCode::SERVICE_UNAVAILABLE).await["running"], json!(false));
    tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap().unwrap();
    assert_eq!(get(&probes, "/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let live = get(&probes, "/livez").await;
    assert_eq!((live.status, live.text(), live.header("cache-control")), (StatusCode::OK, "ok", Some("no-store")));
}

#[tokio::test]
async fn metrics_are_written_anew_each_time() {
    let app = App::new("shop");
    let probes = Probes::new(app.handle());
    let none: Router = probes.clone().router();
    assert_eq!(get(&none, "/metrics").await.status, StatusCode::NOT_FOUND);

    let count = AtomicU32::new(0);
    let probes = probes.metrics(move || format!("scrapes_total {}\n", count.fetch_add(1, Ordering::SeqCst)));
    // Beside the routes of a service with a state of its own.
    let service = Router::new().route("/orders", routing::get(async || "orders")).merge(probes.clone().router());
    let service: Router = service.with_state(7_u32);
    for number in 0..2 {
        let metrics = get(&service, "/metrics").await;
        assert_eq!(metrics.text(), format!("scrapes_total {number}\n"));
        assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    }
    assert_eq!(get(&service, "/orders").await.text(), "orders");

    let elsewhere: Router = probes.paths("/healthz", "/health/ready", "/prometheus").router();
    for (path, status) in [("/healthz", 200), ("/health/ready", 503), ("/prometheus", 200), ("/livez", 404)] {
        assert_eq!(get(&elsewhere, path).await.status, status, "{path}");
    }
}
