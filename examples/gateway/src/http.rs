//! The routes of the three services.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use event_schema::axum::{Idempotency, Keyed, RecentAnswers, problem};
use event_schema::kafka::{EventProducer, SendError};
use event_schema::prelude::*;
use serde::Deserialize;
use serde_json::json;

use crate::Role;
use crate::events::{Activity, UserRegistered};
use crate::feed::{CAPACITY, Feed};

/// The producer for the events of requests, and the answers to earlier requests.
#[derive(Clone)]
pub(crate) struct Publisher {
    producer: EventProducer,
    idempotency: Idempotency<RecentAnswers>,
}

impl Publisher {
    pub(crate) fn new(producer: EventProducer) -> anyhow::Result<Self> {
        let answers = RecentAnswers::new(10_000, Duration::from_secs(24 * 60 * 60));
        Ok(Self { producer, idempotency: Idempotency::new("/gateway", answers)? })
    }
}

pub(crate) fn gateway(publisher: &Publisher, activities: &Feed, roles: &[Role]) -> Router {
    let shown = roles.iter().map(|role| format!("{role:?}")).collect::<Vec<_>>().join(" ").to_lowercase();
    let page = include_str!("index.html").replace("{roles}", &shown);
    // All of the page is in the one file.
    let policy =
        "default-src 'none'; connect-src 'self'; img-src data:; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
    Router::new()
        .route("/", get(async move || ([(CONTENT_SECURITY_POLICY, policy)], Html(page))))
        .route("/events", publishing::<Activity>(publisher).merge(get(read).with_state(activities.clone())))
}

pub(crate) fn users(publisher: &Publisher) -> Router {
    Router::new().route("/users", publishing::<UserRegistered>(publisher))
}

pub(crate) fn orders(orders: &Feed) -> Router {
    Router::new().route("/orders", get(read)).with_state(orders.clone())
}

fn publishing<E: EventSchema + Send + Sync + 'static>(publisher: &Publisher) -> axum::routing::MethodRouter {
    post(publish::<E>).with_state(publisher.clone()).layer(DefaultBodyLimit::max(64 << 10))
}

/// Publishes an event, and answers with its place. An event with faults gets all of them as an answer.
async fn publish<E: EventSchema + Send + Sync + 'static>(
    State(Publisher { producer, idempotency }): State<Publisher>,
    event: Keyed<E>,
) -> Response {
    let send = async move |event: E, envelope: event_schema::Envelope| {
        let id = envelope.id().to_owned();
        let sent = producer.message(&event).envelope(envelope).send().await?;
        let place = format!("{}/{}@{}", sent.topic(), sent.partition(), sent.offset());
        Ok::<_, SendError>((StatusCode::CREATED, Json(json!({"eventId": id, "place": place}))))
    };
    idempotency.answer(event, send).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    #[serde(default = "some")]
    limit: usize,
}

fn some() -> usize {
    50
}

/// The newest events that were received, or a stream of them for a client that accepts `text/event-stream`.
async fn read(
    State(feed): State<Feed>,
    selection: Result<Query<Selection>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(Selection { limit })) = selection else {
        return problem(StatusCode::BAD_REQUEST, "the query has a `limit`, which is a number, and nothing else");
    };
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if !header(ACCEPT).is_some_and(|accept| accept.contains("text/event-stream")) {
        let fresh = [(CACHE_CONTROL, "no-store"), (VARY, "accept")];
        return (fresh, Json(feed.newest(limit))).into_response();
    }
    let stream = feed.stream(header(HeaderName::from_static("last-event-id")), limit);
    // Proxies keep nothing back.
    let live = [("x-accel-buffering", "no"), ("vary", "accept")];
    (live, Sse::new(stream).keep_alive(KeepAlive::default())).into_response()
}

/// Says what can be done with this process.
pub(crate) fn usage(address: SocketAddr, roles: &[Role]) {
    let post = |path: &str, body: &str| {
        println!("curl -i http://{address}{path} -H 'content-type: application/json' -d '{body}'");
    };
    for role in roles {
        match role {
            Role::Gateway => {
                println!("open http://{address}/");
                post("/events", r#"{"user": "ada", "action": "look", "quantity": 2}"#);
                post("/events", r#"{"user": "", "action": 7, "quantity": 0}"#);
                println!("curl 'http://{address}/events?limit=10'");
                println!("curl -N http://{address}/events -H 'accept: text/event-stream'");
            }
            Role::Users => post("/users", r#"{"userId": "u-1", "name": "Ada", "email": "ada@example.org"}"#),
            Role::Orders => println!("curl http://{address}/orders"),
        }
    }
    println!("the newest {CAPACITY} events are kept in memory; Ctrl-C ends the process");
}
