//! The event of a request or an answer.

use ::axum::extract::{FromRequest, Request};
use ::axum::http::StatusCode;
use ::axum::http::header::CONTENT_TYPE;
use ::axum::response::{IntoResponse, Response};

use super::body::JsonBody;
use super::problem::problem;
use super::rejection::EventRejection;
use crate::EventSchema;

/// An event as the body of a request or of an answer.
///
/// As an extractor, it loads the body; [the module](crate::axum) lists the answers to bodies that cannot be loaded. As an
/// answer, it is what [`dump`](EventSchema::dump) writes, with the media type `application/json`. An invalid event is not
/// written: the answer has the status 500 and says nothing of the event, and the log has the violations.
///
/// ```
/// use event_schema::axum::Event;
/// use event_schema::axum::axum08::http::StatusCode;
/// use event_schema::axum::axum08::response::IntoResponse;
///
/// #[event_schema::event]
/// struct Stock {
///     #[validate(range(max = 100))]
///     left: u32,
/// }
///
/// let answer = Event(Stock { left: 7 }).into_response();
/// assert_eq!(answer.status(), StatusCode::OK);
/// assert_eq!(answer.headers()["content-type"], "application/json");
/// assert_eq!(Event(Stock { left: 101 }).into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pattern in handlers' arguments")]
pub struct Event<E>(pub E);

impl<E: EventSchema, S: Send + Sync> FromRequest<S> for Event<E> {
    type Rejection = EventRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, EventRejection> {
        JsonBody::read(request, state).await?.load().map(Self)
    }
}

impl<E: EventSchema> IntoResponse for Event<E> {
    fn into_response(self) -> Response {
        match self.0.dump() {
            Ok(json) => ([(CONTENT_TYPE, mime::APPLICATION_JSON.essence_str())], json).into_response(),
            Err(error) => {
                tracing::error!("event `{}` is not answered: {error}", self.0.described_by().name());
                problem(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written")
            }
        }
    }
}
