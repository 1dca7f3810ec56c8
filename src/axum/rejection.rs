//! Requests that are refused.

use std::error::Error;
use std::fmt;

use ::axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use ::axum::http::{HeaderValue, StatusCode};
use ::axum::response::{IntoResponse, Response};
use serde_json::json;

use super::accept::{Form, MESSAGES};
use super::problem::{problem, respond, status_of};
use crate::LoadError;

/// The reason why no [`Event`](crate::axum::Event) could be read from a request.
///
/// As an answer, it has the status and the body that [the module](crate::axum) lists. A handler that answers in a form of
/// its own takes `Result<Event<E>, EventRejection>`:
///
/// ```
/// use event_schema::axum::axum08::body::{Body, to_bytes};
/// use event_schema::axum::axum08::http::{Request, StatusCode};
/// use event_schema::axum::axum08::{Router, routing::post};
/// use event_schema::axum::{Event, EventRejection};
/// # use tower::ServiceExt;
///
/// #[event_schema::event]
/// struct Line { sku: String }
///
/// async fn add(line: Result<Event<Line>, EventRejection>) -> (StatusCode, String) {
///     match line {
///         Ok(Event(line)) => (StatusCode::CREATED, line.sku),
///         Err(rejection) => (rejection.status(), rejection.to_string()),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = Router::<()>::new().route("/lines", post(add));
/// let request = Request::post("/lines").header("content-type", "application/json");
/// let answer = app.oneshot(request.body(Body::from(r#"{"sku": 7}"#))?).await?;
/// assert_eq!(answer.status(), 422);
/// assert_eq!(to_bytes(answer.into_body(), 1000).await?, "1 violation\nsku: Not a valid string.");
/// # Ok(())
/// # }
/// ```
///
/// A handler that loads an event itself returns it with `?`:
///
/// ```
/// use event_schema::axum::axum08::body::Bytes;
/// use event_schema::axum::{Event, EventRejection};
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// struct Line { sku: String }
///
/// async fn add(tenant: &str, body: Bytes) -> Result<Event<Line>, EventRejection> {
///     let options = LoadOptions::new().max_size(if tenant == "large" { 10_000 } else { 10 });
///     Ok(Event(options.load(&body)?))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let body = Bytes::from(r#"{"sku": "x"}"#);
/// assert!(add("large", body.clone()).await.is_ok());
/// assert_eq!(add("small", body).await.err().unwrap().status(), 413);
/// # }
/// ```
pub struct EventRejection {
    // A load error is large.
    fault: Box<Fault>,
    form: Form,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the body is not JSON: its `Content-Type` must be `application/json`, and its charset UTF-8")]
    MediaType,
    #[error("the body has a `Content-Encoding`, and the service reads none")]
    Encoding,
    #[error("the body is larger than the service allows")]
    TooLarge,
    #[error("the body broke off")]
    Broken,
    #[error(
        "the header `Idempotency-Key` must hold one key of 1 to 255 characters: `Idempotency-Key: \"8e03978e-40d5\"`"
    )]
    Key,
    #[error("{0}")]
    Load(LoadError),
}

impl EventRejection {
    pub(super) fn new(fault: Fault, form: Form) -> Self {
        Self { fault: Box::new(fault), form }
    }

    /// The status of the answer. See the example of [`EventRejection`].
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &*self.fault {
            Fault::MediaType | Fault::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Fault::Broken | Fault::Key => StatusCode::BAD_REQUEST,
            Fault::Load(error) => status_of(&error.to_problem()),
        }
    }

    /// The error of the load, if the body was read.
    ///
    /// ```
    /// use event_schema::axum::EventRejection;
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Line { sku: String }
    ///
    /// let rejection = EventRejection::from(Line::load(b"{}").unwrap_err());
    /// assert_eq!(rejection.load_error().unwrap().violations().unwrap()[0].code(), "required");
    /// ```
    #[must_use]
    pub fn load_error(&self) -> Option<&LoadError> {
        match &*self.fault {
            Fault::Load(error) => Some(error),
            _ => None,
        }
    }
}

impl From<LoadError> for EventRejection {
    fn from(error: LoadError) -> Self {
        Self::new(Fault::Load(error), Form::Problem)
    }
}

impl IntoResponse for EventRejection {
    fn into_response(self) -> Response {
        let Fault::Load(error) = &*self.fault else {
            let mut response = problem(self.status(), &self.to_string());
            let read = match &*self.fault {
                Fault::MediaType => Some((ACCEPT, mime::APPLICATION_JSON.essence_str())),
                Fault::Encoding => Some((ACCEPT_ENCODING, "identity")),
                _ => None,
            };
            response.headers_mut().extend(read.map(|(name, value)| (name, HeaderValue::from_static(value))));
            return response;
        };
        if error.is_config() {
            tracing::error!("a request could not be checked: {error}");
        }
        let mut problem = error.to_problem();
        match (self.form, error.violations()) {
            (Form::Messages, Some(violations)) => {
                (status_of(&problem), [(CONTENT_TYPE, MESSAGES)], violations.to_json()).into_response()
            }
            _ => {
                if let Some(position) = error.position() {
                    problem["position"] = json!(position);
                }
                respond(&problem)
            }
        }
    }
}

/// As the load error's: without values of the body.
impl fmt::Display for EventRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl fmt::Debug for EventRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventRejection").field(&self.fault).finish()
    }
}

impl Error for EventRejection {}
