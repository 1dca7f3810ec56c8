//! `POST /order` and `GET /order/{id}`.

use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use event_schema::axum::{Event, Idempotency, Keyed, problem};
use event_schema::outbox::{Outbox, OutboxError, StoredAnswers};
use event_schema::prelude::*;
use event_schema::sqlx::{Any, AnyPool};

use crate::SOURCE;
use crate::events::{NewOrder, OrderAnswer, OrderRequested};
use crate::orders;

#[derive(Clone)]
struct Shop {
    pool: AnyPool,
    outbox: Outbox<Any>,
    idempotency: Idempotency<StoredAnswers<Any>>,
}

pub(crate) fn router(pool: AnyPool, outbox: Outbox<Any>) -> anyhow::Result<Router> {
    // Clients that repeat a request do so within a day.
    let answers = StoredAnswers::new(&outbox, Duration::from_secs(24 * 60 * 60));
    let shop = Shop { pool, outbox, idempotency: Idempotency::new(SOURCE, answers)? };
    Ok(Router::new().route("/order", post(order)).route("/order/{id}", get(show)).with_state(shop))
}

/// Stores an order, its event in the outbox, and the answer, in one transaction. Whether Kafka is there does not matter.
async fn order(State(shop): State<Shop>, request: Keyed<NewOrder>) -> Response {
    let Shop { outbox, idempotency, .. } = shop;
    let answer =
        idempotency.answer_in_transaction(request, |NewOrder { product_id, quantity }, envelope, mut tx| async move {
            let order_id = Uuid::now_v7();
            let order = OrderRequested { order_id, product_id, quantity };
            orders::insert(&mut tx, &order).await?;
            outbox.add_with(&mut tx, &order, envelope).await?;
            let location = [(LOCATION, format!("/order/{order_id}"))];
            Ok::<_, OutboxError>((StatusCode::ACCEPTED, location, Event(OrderAnswer { order_id })))
        });
    answer.await
}

async fn show(State(shop): State<Shop>, order_id: Result<Path<Uuid>, PathRejection>) -> Response {
    let Ok(Path(order_id)) = order_id else {
        return problem(StatusCode::BAD_REQUEST, "the id of an order is a UUID");
    };
    let error = match orders::get(&shop.pool, order_id).await {
        Ok(Some(order)) => return Event(order).into_response(),
        Ok(None) => return problem(StatusCode::NOT_FOUND, "there is no such order"),
        Err(error) => OutboxError::from(error),
    };
    let is_away = error.is_unavailable();
    tracing::error!("order {order_id} cannot be read: {:#}", anyhow::Error::new(error));
    if is_away {
        let soon = [(RETRY_AFTER, "5")];
        return (soon, problem(StatusCode::SERVICE_UNAVAILABLE, "the database is unavailable")).into_response();
    }
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the order cannot be read")
}
