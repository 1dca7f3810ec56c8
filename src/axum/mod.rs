//! Events in the requests and answers of [axum] 0.8, answers for what goes wrong, idempotency keys, probes, and a server.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! event-schema = { version = "0.1", features = ["axum08"] } # with `kafka` also answers of a producer, probes, and a server
//! ```
//!
//! [`Event`] is an extractor and an answer:
//!
//! ```
//! use event_schema::axum::Event;
//! use event_schema::axum::axum08::body::{Body, to_bytes};
//! use event_schema::axum::axum08::http::{Request, StatusCode};
//! use event_schema::axum::axum08::{Router, routing::post}; // in a service: `use axum::...`
//! # use tower::ServiceExt;
//!
//! #[event_schema::event]
//! struct OrderRequested {
//!     order_id: String,
//!     #[validate(range(min = 1))]
//!     quantity: u32,
//! }
//!
//! #[event_schema::event]
//! struct OrderAccepted { order_id: String }
//!
//! async fn accept(Event(order): Event<OrderRequested>) -> (StatusCode, Event<OrderAccepted>) {
//!     (StatusCode::ACCEPTED, Event(OrderAccepted { order_id: order.order_id }))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::<()>::new().route("/orders", post(accept));
//! # let send = |body: &'static str| {
//! #     let request = Request::post("/orders").header("content-type", "application/json").body(Body::from(body));
//! #     app.clone().oneshot(request.unwrap())
//! # };
//! // POST /orders {"order_id": "A-1", "quantity": 2}
//! let answer = send(r#"{"order_id": "A-1", "quantity": 2}"#).await?;
//! assert_eq!(answer.status(), StatusCode::ACCEPTED);
//! assert_eq!(to_bytes(answer.into_body(), 1000).await?, r#"{"order_id":"A-1"}"#);
//!
//! // POST /orders {"quantity": 0}
//! let answer = send(r#"{"quantity": 0}"#).await?;
//! assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
//! assert_eq!(answer.headers()["content-type"], "application/problem+json");
//! let problem: serde_json::Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1000).await?)?;
//! assert_eq!(problem["errors"][0]["pointer"], "#/quantity");
//! assert_eq!(problem["errors"][1]["detail"], "Missing data for required field.");
//! # Ok(())
//! # }
//! ```
//!
//! # Answers to requests that cannot be read
//!
//! They are problem details (RFC 9457, `application/problem+json`), and quote no values of the body.
//!
//! | the body | status | the problem has |
//! |---|---|---|
//! | breaks the contract of the event | 422 | `errors`: every violation, with its `pointer`, `detail`, `code` and `params` |
//! | is not JSON: its syntax is broken, it is empty, or it is not UTF-8 | 400 | `detail`, and `position` with `line`, `column` and `offset` |
//! | is nested deeper than the options allow | 400 | `detail` |
//! | is larger than axum's [`DefaultBodyLimit`](axum08::extract::DefaultBodyLimit) (2 MB) or [`LoadOptions::max_size`](crate::LoadOptions::max_size) allow | 413 | `detail` |
//! | has another `Content-Type` than JSON, or none; or a `Content-Encoding` | 415 | `detail`; the header `Accept` or `Accept-Encoding` says what is read |
//! | breaks off | 400 | `detail` |
//!
//! A client whose header `Accept` names [`MESSAGES`] gets the violations as Marshmallow's tree of messages instead, with the
//! same status. A handler that takes `Result<Event<E>, EventRejection>` answers itself.
//!
//! JSON is `application/json` or a vendor's own type with the suffix `+json`, such as `application/vnd.shop.order+json`.
//! Other types of that suffix, such as CloudEvents' or that of patches, mean something else. A `charset` must be UTF-8.
//! Layers that decompress bodies remove the header `Content-Encoding`.
//!
//! # Options
//!
//! An [`Extension`](axum08::Extension) of [`LoadOptions<'static>`](crate::LoadOptions) sets the options of all routes below
//! it:
//!
//! ```
//! use event_schema::LoadOptions;
//! use event_schema::axum::axum08::{Extension, Router};
//!
//! let app = Router::<()>::new().layer(Extension(LoadOptions::new().max_size(10_000).positions(true)));
//! ```
//!
//! A [context](crate::LoadOptions::context) of rules in it is a `static`. For another one, the handler takes
//! [`Bytes`](axum08::body::Bytes), loads the event itself, and returns [`EventRejection`] with `?`.
//!
//! # OpenAPI
//!
//! [`contract::openapi31`](crate::contract::openapi31) has the contract of an event as `components.schemas` of an OpenAPI
//! 3.1 document. They are added to the document that [utoipa](https://docs.rs/utoipa) writes, which refers to them by name:
//! `#[utoipa::path(post, path = "/orders", request_body = ref("#/components/schemas/OrderRequested"))]`.
//!
//! ```
//! use event_schema::contract;
//! use event_schema::schemars::generate::Contract;
//! # use event_schema::serde_json::json;
//!
//! #[event_schema::event]
//! struct OrderRequested { order_id: String }
//!
//! # let mut document = json!({"openapi": "3.1.0"});
//! # /*
//! let mut document = serde_json::to_value(Api::openapi())?;
//! # */
//! for (name, schema) in contract::openapi31::<OrderRequested>(&Contract::Deserialize) {
//!     document["components"]["schemas"][name] = schema;
//! }
//! assert_eq!(document["components"]["schemas"]["OrderRequested"]["required"][0], "order_id");
//! ```
//!
//! # Time
//!
//! Nothing of the above limits how long a body may take to arrive. A server that strangers reach needs a limit of its own,
//! such as `RequestBodyTimeoutLayer` of the crate `tower-http`.
#![cfg_attr(
    feature = "kafka",
    doc = "
# Sending

[`SendError`](crate::kafka::SendError) is an answer too, so that a handler sends with `?`:

| the event | status | `outcome` | `Retry-After` |
|---|---|---|---|
| [is not sent](crate::kafka::SendError::is_unavailable), because no broker or registry can be reached, or the producer is closed | 503 | `not_sent` | yes |
| [may be sent](crate::kafka::SendError::is_unknown) | 503 | `unknown` | only to a request with an [idempotency key](Idempotency) |
| is [too large](crate::kafka::SendError::is_too_large) | 413 | `not_sent` | no |
| [breaks its own rules](crate::kafka::SendError::violations) | 422, with all violations | `not_sent` | no |
| is not sent for another reason: a topic or a right is missing, or the producer is not set up for it | 500 | `not_sent` | no |

The error itself, with the topic and the reason, is in the log, and not in the answer.

A send waits for the brokers for up to `delivery.timeout.ms`, 5 minutes by default. The producer of an HTTP service sets it
to a time that its clients wait for, such as 10 seconds. `reconnect.backoff.max.ms`, 10 seconds by default, is how long the
client may take to find brokers that are back: a service that must not answer 503 meanwhile sets it to 1000.

# Serving

[`serve`] takes the place of `axum::serve` in an [`App`](crate::kafka::App): it limits how long clients may take for a request,
and ends in time.
"
)]
#![cfg_attr(
    feature = "sqlx08",
    doc = "
# Outbox

[`OutboxError`](crate::outbox::OutboxError) is an answer, too, for a handler that puts its event into an
[outbox](crate::outbox):

| the event | status | `outcome` | `Retry-After` |
|---|---|---|---|
| is not stored, because the [database is away](crate::outbox::OutboxError::is_unavailable) or too busy | 503 | `not_sent` | yes |
| [may be stored](crate::outbox::OutboxError::is_unknown): the database did not answer to [`Outbox::commit`](crate::outbox::Outbox::commit) | 503 | `unknown` | only to a request with an [idempotency key](Idempotency) |
| [breaks its own rules](crate::outbox::OutboxError::is_invalid), or cannot be encoded | as a `SendError` above | `not_sent` | as above |
| is not stored for another reason: a statement or a constraint has failed | 500 | `not_sent` | no |

A handler that answers a constraint otherwise, for instance with 409, looks at the error of its statement itself.
"
)]
//! # Idempotency keys
//!
//! A client that got no answer cannot know whether its event was accepted. With the header `Idempotency-Key` it may send
//! the request again: [`Idempotency`] sends the event once, and gives the first answer again.

mod accept;
mod body;
mod event;
mod idempotency;
#[cfg(feature = "sqlx08")]
mod outbox;
#[cfg(feature = "kafka")]
mod probes;
mod problem;
mod rejection;
mod retry;
#[cfg(feature = "kafka")]
mod send;
#[cfg(feature = "kafka")]
mod serve;

/// The web framework, re-exported. Its features are those that other crates of the program enable; this crate needs none
/// but `http1`, `original-uri` and `tokio`.
pub use ::axum as axum08;

pub use self::accept::MESSAGES;
pub use self::event::Event;
pub use self::idempotency::{Answer, AnswerStore, Caller, Claim, Idempotency, Keyed, RecentAnswers};
#[cfg(feature = "kafka")]
pub use self::probes::Probes;
pub use self::problem::problem;
pub use self::rejection::EventRejection;
#[cfg(feature = "kafka")]
pub use self::serve::{Serve, serve};
