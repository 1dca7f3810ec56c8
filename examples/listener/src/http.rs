//! `POST /test`, and the probes.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use event_schema::axum::{Event, Probes};
use event_schema::kafka::{AppHandle, EventProducer, SendError};

use crate::Test;

pub(crate) fn router(producer: EventProducer, app: AppHandle) -> Router {
    Router::new().route("/test", post(publish)).with_state(producer).merge(Probes::new(app).router())
}

/// Publishes a message, and answers with its place. A message with faults gets all of them as an answer.
async fn publish(
    State(producer): State<EventProducer>,
    Event(test): Event<Test>,
) -> Result<(StatusCode, String), SendError> {
    let sent = producer.send(&test).await?;
    Ok((StatusCode::CREATED, format!("{}/{}@{}\n", sent.topic(), sent.partition(), sent.offset())))
}
