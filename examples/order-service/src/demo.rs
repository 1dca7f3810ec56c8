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
    let first = post(router, "key-1", order, 202).await?;
    ensure!(post(router, "key-1", order, 202).await? == first, "the same key has another answer");
    println!("> the key of another order, and an order with two faults");
    post(router, "key-1", r#"{"product_id": "coffee"}"#, 409).await?;
    post(router, "key-2", r#"{"product_id": "", "quantity": 0}"#, 422).await?;
    println!("> Kafka is away, and an order is accepted all the same");
    kafka.broker_down();
    let second = post(router, "key-3", r#"{"product_id": "biscuits"}"#, 202).await?;
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

async fn post(router: &Router, key: &str, body: &'static str, status: u16) -> anyhow::Result<String> {
    println!("POST /order, Idempotency-Key: {key}, {body}");
    let request = Request::post("/order").header("idempotency-key", key).header("content-type", "application/json");
    let answer = answer(router, request.body(Body::from(body))?, status).await?;
    println!("  {status}: {answer}");
    Ok(answer)
}

async fn delivered(router: &Router, answered: &str) -> anyhow::Result<()> {
    let OrderAnswer { order_id } = OrderAnswer::load_str(answered)?;
    let waiting = async {
        loop {
            let request = Request::get(format!("/order/{order_id}")).body(Body::empty())?;
            let order = answer(router, request, 200).await?;
            if matches!(StoredOrder::load_str(&order)?.order_status, OrderStatus::Delivered) {
                println!("GET /order/{order_id}: {order}");
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("an order is not delivered")?
}

/// The body of an answer that has the expected status.
async fn answer(router: &Router, request: Request<Body>, status: u16) -> anyhow::Result<String> {
    let place = format!("{} {}", request.method(), request.uri());
    let answer = router.clone().oneshot(request).await?;
    let found = answer.status();
    let body = String::from_utf8(to_bytes(answer.into_body(), 10_000).await?.to_vec())?;
    ensure!(found == status, "{place}: {found} and not {status}: {body}");
    Ok(body)
}
