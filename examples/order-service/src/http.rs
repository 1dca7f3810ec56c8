//! `POST /order` and `GET /order/{id}`.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use event_schema::axum::{Event, Keyed};
use event_schema::kafka::{EventProducer, SendError};
use event_schema::outbox::{Outbox, OutboxError};
use event_schema::prelude::*;
use event_schema::serde_json::json;
use event_schema::sqlx::{self, Any, AnyPool};

use crate::SOURCE;
use crate::events::{NewOrder, OrderAnswer, OrderRequested, StoredOrder};
use crate::orders;

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) pool: AnyPool,
    pub(crate) outbox: Outbox<Any>,
    pub(crate) producer: EventProducer,
}

pub(crate) fn router(shop: Shop) -> Router {
    Router::new().route("/order", post(order)).route("/order/{id}", get(show)).with_state(shop)
}

/// Stores an order, and its event in the outbox. Whether Kafka is there does not matter.
async fn order(State(shop): State<Shop>, request: Keyed<NewOrder>) -> Result<Response, Refusal> {
    // With an `Idempotency-Key`, it is the same for each request with this key, and so is the order's id.
    let envelope = request.envelope(SOURCE);
    let order_id: Uuid = envelope.id().parse().map_err(|_| Refusal::Internal)?;
    let NewOrder { product_id, quantity } = request.event();
    let event = OrderRequested { order_id, product_id: product_id.clone(), quantity: *quantity };
    let record = shop.producer.message(&event).envelope(envelope).to_record().await?;

    let mut tx = shop.outbox.begin().await?;
    if orders::insert(&mut tx, &event).await? {
        shop.outbox.add_record(&mut tx, &record).await?;
        // After a commit without an answer, nobody knows whether the order is stored.
        tx.commit().await.map_err(|error| Refusal::of(error.into(), request.has_key()))?;
        shop.outbox.wake();
    } else {
        let first = orders::find(&mut tx, order_id).await?.ok_or(Refusal::Internal)?;
        if (first.product_id, first.quantity) != (event.product_id, event.quantity) {
            return Err(Refusal::OtherRequest);
        }
    }
    let location = [(LOCATION, format!("/order/{order_id}"))];
    Ok((StatusCode::ACCEPTED, location, Event(OrderAnswer { order_id })).into_response())
}

async fn show(State(shop): State<Shop>, Path(order_id): Path<Uuid>) -> Result<Event<StoredOrder>, Refusal> {
    orders::get(&shop.pool, order_id).await?.map(Event).ok_or(Refusal::NotFound)
}

/// An answer other than the one that was asked for.
enum Refusal {
    NotFound,
    OtherRequest,
    /// The database is away. With `true`, the same request may be sent again.
    Unavailable(bool),
    Event(SendError),
    Internal,
}

impl Refusal {
    fn of(error: OutboxError, may_come_again: bool) -> Self {
        let error = anyhow::Error::new(error);
        tracing::error!("an order is not answered: {error:#}");
        let is_unavailable = error.downcast_ref().is_some_and(OutboxError::is_unavailable);
        if is_unavailable { Self::Unavailable(may_come_again) } else { Self::Internal }
    }
}

impl From<OutboxError> for Refusal {
    fn from(error: OutboxError) -> Self {
        Self::of(error, true)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        OutboxError::from(error).into()
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self::Event(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Event(error) => return error.into_response(),
            Self::NotFound => (StatusCode::NOT_FOUND, "there is no such order"),
            Self::OtherRequest => (StatusCode::CONFLICT, "this `Idempotency-Key` was used for another order"),
            Self::Unavailable(true) => {
                (StatusCode::SERVICE_UNAVAILABLE, "the database is away: send the request again")
            }
            Self::Unavailable(false) => {
                (StatusCode::SERVICE_UNAVAILABLE, "the database is away: it is unknown whether the order is stored")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "the log of the service has the cause"),
        };
        let problem = json!({"title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
        let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response();
        if matches!(self, Self::Unavailable(true)) {
            response.headers_mut().insert(RETRY_AFTER, 5.into());
        }
        response
    }
}
