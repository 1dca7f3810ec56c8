//! Problem details (RFC 9457) as answers.

use ::axum::http::StatusCode;
use ::axum::http::header::CONTENT_TYPE;
use ::axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::report;

pub(super) const PROBLEM: &str = "application/problem+json";

/// Problem details without anything of a type's own.
pub(super) fn problem(status: StatusCode, detail: &str) -> Value {
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
