//! Requests that may come twice: their event is sent once, and the first answer is given again.

mod answer;
mod key;
mod memory;
mod request;
mod store;
#[cfg(feature = "sqlx08")]
mod transaction;

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::task::JoinError;
use tracing::Instrument;

pub use self::answer::Answer;
pub use self::key::Caller;
pub use self::memory::RecentAnswers;
pub use self::request::Keyed;
pub use self::store::{AnswerStore, Claim};
use super::problem::{details, problem, respond};
use super::retry::{OutcomeUnknown, SOON, invite};
use crate::error::with_causes;
use crate::format::cloudevents::{self, CloudEventError};
use crate::{Envelope, EventSchema};

/// Handles requests with the same `Idempotency-Key` once, and gives the first answer to all of them.
///
/// A client that got no answer, or a 503, sends the request again with the same key, and cannot have its event sent twice.
/// Cheap to clone; the [`AnswerStore`] is shared.
#[cfg_attr(
    feature = "kafka",
    doc = r##"
```
use event_schema::axum::axum08::extract::State;
use event_schema::axum::axum08::http::{Request, StatusCode};
use event_schema::axum::axum08::response::Response;
use event_schema::axum::axum08::{Router, body::Body, routing::post};
use event_schema::axum::{Idempotency, Keyed, RecentAnswers};
use event_schema::kafka::{EmbeddedKafka, EventProducer, SendError};
use event_schema::prelude::*;
use std::time::Duration;
# use tower::ServiceExt;

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.requested", topic = "orders", key = order_id)]
struct OrderRequested { order_id: String }

#[derive(Clone)]
struct Shop { producer: EventProducer, idempotency: Idempotency<RecentAnswers> }

async fn request(State(shop): State<Shop>, order: Keyed<OrderRequested>) -> Response {
    shop.idempotency.answer(order, |order, envelope| async move {
        shop.producer.message(&order).envelope(envelope).send().await?;
        Ok::<_, SendError>(StatusCode::ACCEPTED)
    }).await
}

# #[tokio::main(flavor = "current_thread")]
# async fn main() -> Result<(), Box<dyn std::error::Error>> {
let kafka = EmbeddedKafka::start()?;
# kafka.create_topic("orders", 1)?;
let producer = EventProducer::connect(&kafka.config()).await?;
let answers = RecentAnswers::new(10_000, Duration::from_secs(24 * 60 * 60));
let idempotency = Idempotency::new("/shop", answers)?;
let app = Router::new().route("/orders", post(request)).with_state(Shop { producer, idempotency });

# let send = |body: &'static str| {
#     let request = Request::post("/orders").header("content-type", "application/json");
#     app.clone().oneshot(request.header("idempotency-key", "\"8e03978e\"").body(Body::from(body)).unwrap())
# };
// POST /orders, Idempotency-Key: "8e03978e", {"order_id": "A-1"}
assert_eq!(send(r#"{"order_id": "A-1"}"#).await?.status(), 202);
let again = send(r#"{"order_id": "A-1"}"#).await?;
assert_eq!(again.status(), 202);
assert_eq!(again.headers()["idempotent-replayed"], "true");
assert_eq!(send(r#"{"order_id": "A-2"}"#).await?.status(), 409);
assert_eq!(kafka.received::<OrderRequested>("orders", 1).await.len(), 1);
# Ok(())
# }
```
"##
)]
///
/// # The event's id
///
/// The handler sends the event in the envelope that it is given. Its id is derived from the source, the event's type, the
/// [`Caller`], the key and the request, so that every repetition has the same: should the event be sent twice all the same,
/// because the store has forgotten the key or a first outcome is unknown, its consumers recognise it. Another request with a
/// key that the store has forgotten has another id. A key without its caller would let
/// two clients take each other's answers for their own. All requests without a [`Caller`] are one namespace: a service whose
/// clients do not trust each other sets it for each request.
///
/// # Answers
///
/// | a request with a key that | is answered with |
/// |---|---|
/// | is new | the answer of the handler, which is kept |
/// | came before, with the same request | the first answer, and the header `Idempotent-Replayed: true` |
/// | is being handled, with the same request | 409 with `Retry-After` |
/// | came before, or is being handled, with another request | 409 |
/// | came before, and the first answer had a status of 500 or more, or 408, 425 or 429 | the answer of the handler, which is called again |
/// | cannot be looked up, because the store fails | 503 with `Retry-After`; the handler is not called |
///
/// Two requests are the same if method, path, query and body have the same bytes: a client sends what it sent before.
/// A request without a key is handled each time. A request whose body cannot be read is answered before, and its key
/// is still free.
///
/// The answer to an event whose outcome is unknown invites the client to send it again, by `Retry-After`: with a key, that
/// is safe.
///
/// # The handler
///
/// [`answer`](Self::answer) calls it, and the store keeps its answer for repeated requests. A service whose events go through
/// an outbox uses `answer_in_transaction` instead (feature `sqlx08`), which commits rows, events and answer together: if the
/// process is killed, none of it has happened, and the repeated request is handled as the first.
///
/// It runs to its end also when the client closes the connection, in a task of its own, so that a client that comes back
/// finds the answer. A layer that limits the time of requests does not end it: give it a limit of its own. If it panics,
/// the key is free for the same request.
pub struct Idempotency<S> {
    source: Arc<str>,
    store: Arc<S>,
}

impl<S: AnswerStore> Idempotency<S> {
    /// Derives ids for this source: a URI reference that names the service, that of its producer.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if `source` is not a URI reference.
    pub fn new(source: &str, store: S) -> Result<Self, CloudEventError> {
        cloudevents::check_source(source)?;
        Ok(Self { source: source.into(), store: Arc::new(store) })
    }

    /// Answers a request: by the handler, or as before. See the example of [`Idempotency`].
    pub async fn answer<E, H, F, R>(&self, request: Keyed<E>, handler: H) -> Response
    where
        E: EventSchema + Send + 'static,
        H: FnOnce(E, Envelope) -> F + Send + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let envelope = request.envelope(&self.source);
        let Keyed { event, key } = request;
        let Some(key) = key else { return handler(event, envelope).await.into_response() };
        // One for all types of an enum of events: a key stands for one request.
        let id = key.id(&self.source, E::descriptor());
        let store = Arc::clone(&self.store);
        run_to_end(async move {
            match answer_without_handler(store.claim(&id, &key.fingerprint).await) {
                Some(response) => response,
                None => Claimed { store, id }.end(async move { handler(event, envelope).await }).await,
            }
        })
        .await
    }
}

/// Handles a request, also if its client goes away.
async fn run_to_end(handling: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(handling.in_current_span()).await.map_err(JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_the_runtime_ends)) => unavailable("unknown", "the service ended before the request was handled"),
    }
}

/// The answer, if the claim fails.
fn answer_without_handler(claim: Result<Claim, impl Error + 'static>) -> Option<Response> {
    match claim {
        Ok(Claim::New) => None,
        Ok(Claim::Answered(answer)) => Some(answer.replay()),
        Ok(Claim::InProgress) => {
            let detail = "a request with this `Idempotency-Key` is being handled";
            Some(invite(problem(StatusCode::CONFLICT, detail), 1))
        }
        Ok(Claim::OtherRequest) => {
            let detail = "this `Idempotency-Key` was used for another request";
            Some(problem(StatusCode::CONFLICT, detail))
        }
        Err(error) => {
            tracing::error!("idempotency keys cannot be looked up: {}", with_causes(&error));
            Some(unavailable("not_sent", "the request was not handled"))
        }
    }
}

/// Says whether the event may be sent.
fn unavailable(outcome: &str, detail: &str) -> Response {
    let mut problem = details(StatusCode::SERVICE_UNAVAILABLE, detail);
    problem["outcome"] = outcome.into();
    invite(respond(&problem), SOON)
}

/// A key whose request is handled now.
struct Claimed<S> {
    store: Arc<S>,
    id: String,
}

impl<S: AnswerStore> Claimed<S> {
    async fn end<R: IntoResponse>(self, handled: impl Future<Output = R>) -> Response {
        let answered = AssertUnwindSafe(async { handled.await.into_response() }).catch_unwind().await;
        match answered {
            Ok(response) if may_change(response.status()) => {
                self.release().await;
                let is_unknown = response.extensions().get::<OutcomeUnknown>().is_some();
                if is_unknown { invite(response, SOON) } else { response }
            }
            Ok(response) => {
                let (response, answer) = Answer::of(response).await;
                if let Err(error) = self.store.answered(&self.id, answer).await {
                    tracing::error!("an answer cannot be kept for its idempotency key: {}", with_causes(&error));
                }
                response
            }
            Err(panic) => {
                self.release().await;
                resume_unwind(panic)
            }
        }
    }

    async fn release(&self) {
        if let Err(error) = self.store.release(&self.id).await {
            tracing::error!("an idempotency key cannot be released: {}", with_causes(&error));
        }
    }
}

/// Whether the same request may have another answer later.
fn may_change(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)
}

impl<S> Clone for Idempotency<S> {
    fn clone(&self) -> Self {
        Self { source: Arc::clone(&self.source), store: Arc::clone(&self.store) }
    }
}

impl<S> fmt::Debug for Idempotency<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").field("source", &self.source).finish_non_exhaustive()
    }
}
