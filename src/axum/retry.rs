//! The invitation to send a request again.

use ::axum::http::HeaderValue;
use ::axum::http::header::RETRY_AFTER;
use ::axum::response::Response;

/// Seconds after which a service that was away may be back.
pub(super) const SOON: u16 = 5;

/// Marks an answer after which nobody knows whether the event is sent: to send it again is safe with a key only.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutcomeUnknown;

/// Tells the client when to send the request again.
pub(super) fn invite(mut response: Response, seconds: u16) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
