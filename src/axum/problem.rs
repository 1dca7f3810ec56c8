//! Problem details (RFC 9457) as answers.

use ::axum::http::StatusCode;
use ::axum::http::header::CONTENT_TYPE;
use ::axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::report;

pub(super) const PROBLEM: &str = "application/problem+json";

/// An answer with problem details (RFC 9457), for the faults that a service finds itself. The `detail` tells the client what is
/// wrong with this request, and must hold no secret; the title is that of the status.
///
/// Other headers are added as axum adds them:
///
/// ```
/// use event_schema::axum::axum08::body::to_bytes;
/// use event_schema::axum::axum08::http::{StatusCode, header::RETRY_AFTER};
/// use event_schema::axum::axum08::response::{IntoResponse, Response};
/// use event_schema::axum::problem;
/// use event_schema::serde_json::{self, Value, json};
///
/// fn missing() -> Response {
///     problem(StatusCode::NOT_FOUND, "there is no such order")
/// }
///
/// fn away() -> Response {
///     ([(RETRY_AFTER, "5")], problem(StatusCode::SERVICE_UNAVAILABLE, "the database is away")).into_response()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let answer = missing();
/// assert_eq!(answer.headers()["content-type"], "application/problem+json");
/// let body: Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1000).await?)?;
/// let expected =
///     json!({"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no such order"});
/// assert_eq!(body, expected);
/// assert_eq!((away().status(), &away().headers()["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"5".parse()?));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn problem(status: StatusCode, detail: &str) -> Response {
    respond(&details(status, detail))
}

/// Problem details without anything of a type's own.
pub(super) fn details(status: StatusCode, detail: &str) -> Value {
    let title = match status {
        // Since RFC 9110.
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        _ => status.canonical_reason().unwrap_or_default(),
    };
    report::problem(status.as_u16(), title, detail)
}

/// The status of problem details.
pub(super) fn status_of(problem: &Value) -> StatusCode {
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer with these problem details.
pub(super) fn respond(problem: &Value) -> Response {
    (status_of(problem), [(CONTENT_TYPE, PROBLEM)], problem.to_string()).into_response()
}
