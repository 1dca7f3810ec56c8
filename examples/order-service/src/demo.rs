//! Made-up traffic, which ends when all of it is delivered.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use event_schema::kafka::{AppHandle, EmbeddedKafka};
use event_schema::prelude::*;
use tower::ServiceExt as _;

use crate::events::{OrderAnswer, OrderStatus, StoredOrder};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(kafka: &EmbeddedKafka, router: &Router, app: &AppHandle) -> anyhow::Result<()> {
    println!("> an order of two pieces, twice with one key: it is one order");
    let order = r#"{"product_id": "tea", "quantity": 2}"#;
    let first = post(router, "key-1", order).await?;
    ensure!(post(router, "key-1", order).await? == first, "the same key has another answer");
    println!("> the key of another order, and an order with two faults");
    post(router, "key-1", r#"{"product_id": "coffee"}"#).await?;
    post(router, "key-2", r#"{"product_id": "", "quantity": 0}"#).await?;
    println!("> Kafka is away, and an order is accepted all the same");
    kafka.broker_down();
    let second = post(router, "key-3", r#"{"product_id": "biscuits"}"#).await?;
    kafka.broker_up();
    println!("> a message that is no order, and becomes a dead letter");
    kafka.publish_bytes("order-request", None, Some(b"{\"order_id\": 7}"), &[]).await;
    for order in [first, second] {
        delivered(router, &order).await?;
    }
    kafka.handled("python-group-1", "order-request").await;
    app.close();
    Ok(())
}

async fn post(router: &Router, key: &str, body: &'static str) -> anyhow::Result<String> {
    println!("POST /order, Idempotency-Key: {key}, {body}");
    let request = Request::post("/order").header("idempotency-key", key).header("content-type", "application/json");
    answer(router, request.body(Body::from(body))?).await
}

async fn delivered(router: &Router, answer: &str) -> anyhow::Result<()> {
    let OrderAnswer { order_id } = OrderAnswer::load_str(answer)?;
    let waiting = async {
        loop {
            let request = Request::get(format!("/order/{order_id}")).body(Body::empty())?;
            let body = to_bytes(router.clone().oneshot(request).await?.into_body(), 10_000).await?;
            if matches!(StoredOrder::load(&body)?.order_status, OrderStatus::Delivered) {
                println!("GET /order/{order_id}: {}", String::from_utf8_lossy(&body));
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("an order is not delivered")?
}

async fn answer(router: &Router, request: Request<Body>) -> anyhow::Result<String> {
    let answer = router.clone().oneshot(request).await?;
    let status = answer.status();
    let body = String::from_utf8(to_bytes(answer.into_body(), 10_000).await?.to_vec())?;
    println!("  {status}: {body}");
    Ok(body)
}
