//! The answer to a request whose event could not be sent.

use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};

use super::problem::{details, respond};
use super::retry::{OutcomeUnknown, SOON, invite};
use crate::error::with_causes;
use crate::kafka::SendError;

/// An answer as [`axum`](crate::axum#sending) lists them. The log has the error.
impl IntoResponse for SendError {
    fn into_response(self) -> Response {
        let is_unknown = self.is_unknown();
        let mut problem = match self.violations() {
            Some(violations) => violations.to_problem(),
            None if is_unknown => details(
                StatusCode::SERVICE_UNAVAILABLE,
                "the event was not acknowledged in time, and may be sent or not: to send it again is safe only with the \
                 `Idempotency-Key` that it had",
            ),
            None if self.is_unavailable() => details(
                StatusCode::SERVICE_UNAVAILABLE,
                "the event was not sent: a service behind this one is unavailable",
            ),
            None if self.is_too_large() => {
                details(StatusCode::PAYLOAD_TOO_LARGE, "the event was not sent: it is larger than the service can send")
            }
            None => details(StatusCode::INTERNAL_SERVER_ERROR, "the event was not sent"),
        };
        problem["outcome"] = if is_unknown { "unknown" } else { "not_sent" }.into();
        let mut response = respond(&problem);
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!("{}", with_causes(&self));
        } else {
            tracing::warn!("{}", with_causes(&self));
        }
        if is_unknown {
            response.extensions_mut().insert(OutcomeUnknown);
        }
        if self.is_unavailable() { invite(response, SOON) } else { response }
    }
}
