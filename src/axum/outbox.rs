//! The answer to a request whose event could not be put into an outbox.

use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};

use super::problem::{details, respond};
use super::retry::{OutcomeUnknown, SOON, invite};
use crate::error::with_causes;
use crate::outbox::OutboxError;

/// An answer as [`axum`](crate::axum#outbox) lists them. The log has the error.
impl IntoResponse for OutboxError {
    fn into_response(self) -> Response {
        let error = match self.into_send_error() {
            Ok(error) => return error.into_response(),
            Err(error) => error,
        };
        let (is_unknown, is_unavailable) = (error.is_unknown(), error.is_unavailable());
        let (status, detail) = if is_unknown {
            let detail = "the database did not confirm that the event is stored: to send it again is safe only with the \
                          `Idempotency-Key` that it had";
            (StatusCode::SERVICE_UNAVAILABLE, detail)
        } else if is_unavailable {
            (StatusCode::SERVICE_UNAVAILABLE, "the event was not stored: the database of the service is unavailable")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "the event was not stored")
        };
        let mut problem = details(status, detail);
        problem["outcome"] = if is_unknown { "unknown" } else { "not_sent" }.into();
        let mut response = respond(&problem);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!("{}", with_causes(&error));
        } else {
            tracing::warn!("{}", with_causes(&error));
        }
        if is_unknown {
            response.extensions_mut().insert(OutcomeUnknown);
            return response;
        }
        if is_unavailable { invite(response, SOON) } else { response }
    }
}
