//! Made-up requests, to the same routes that HTTP would reach.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

pub(crate) async fn run(router: Router) -> anyhow::Result<()> {
    tokio::time::timeout(Duration::from_secs(30), show(router)).await.context("the events did not arrive in time")?
}

async fn show(router: Router) -> anyhow::Result<()> {
    println!("> events are published, and one with three faults is refused");
    post(&router, "/events", r#"{"user": "ada", "action": "look"}"#, 201).await?;
    post(&router, "/events", r#"{"user": "", "action": 7, "quantity": 1001}"#, 422).await?;
    post(&router, "/events", r#"{"user": "bob", "action": "buy", "quantity": 3}"#, 201).await?;
    println!("> the consumer has received them");
    stream(&router, "/events", 2).await?;
    println!("> users are registered, and each gets an order");
    post(&router, "/users", r#"{"userId": "u-1", "name": "Ada", "email": "ada@example.org"}"#, 201).await?;
    post(&router, "/users", r#"{"userId": "u-2", "name": "Bob", "email": "nowhere"}"#, 422).await?;
    post(&router, "/users", r#"{"userId": "u-2", "name": "Bob", "email": "bob@example.org"}"#, 201).await?;
    stream(&router, "/orders", 2).await?;
    println!("> the same, newest first");
    println!("GET /orders\n  {}", answer(&router, Request::get("/orders"), "", 200).await?);
    Ok(())
}

async fn post(router: &Router, path: &str, body: &'static str, status: u16) -> anyhow::Result<()> {
    let request = Request::post(path).header("content-type", "application/json");
    let answer = answer(router, request, body, status).await?;
    println!("POST {path} {body}\n  {status} {answer}");
    Ok(())
}

async fn answer(
    router: &Router,
    request: axum::http::request::Builder,
    body: &'static str,
    status: u16,
) -> anyhow::Result<String> {
    let answer = router.clone().oneshot(request.body(Body::from(body))?).await?;
    ensure!(answer.status() == status, "{} and not {status}", answer.status());
    Ok(String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await?.to_vec())?)
}

/// Prints this many events of a stream.
async fn stream(router: &Router, path: &str, count: usize) -> anyhow::Result<()> {
    println!("GET {path} as a stream");
    let request = Request::get(path).header("accept", "text/event-stream").body(Body::empty())?;
    let mut body = router.clone().oneshot(request).await?.into_body().into_data_stream();
    let (mut text, mut shown) = (String::new(), 0);
    while shown < count {
        text.push_str(std::str::from_utf8(&body.next().await.context("the stream ended")??)?);
        while let Some((event, rest)) = text.split_once("\n\n") {
            println!("  {}", event.replace('\n', "\n  "));
            (text, shown) = (rest.to_owned(), shown + 1);
        }
    }
    Ok(())
}
