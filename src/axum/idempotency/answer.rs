//! Answers that are given again.

use std::fmt;
use std::future::ready;

use ::axum::body::{Body, HttpBody, to_bytes};
use ::axum::http::header::SET_COOKIE;
use ::axum::http::{HeaderName, HeaderValue, StatusCode};
use ::axum::response::Response;
use futures_util::stream::once;
use serde::{Deserialize, Serialize};

/// The largest body that is kept.
const LARGEST: usize = 64 << 10;

/// An answer that an [`AnswerStore`](crate::axum::AnswerStore) keeps: a status, headers and a body.
///
/// Cookies are not kept. A body of more than 64 KiB, or one whose size is not known before, is not kept either, nor are the
/// headers that describe it.
///
/// ```
/// use event_schema::axum::Answer;
///
/// // What a database keeps.
/// let stored = r#"{"status": 202, "headers": [["location", [47, 55]]], "body": [123, 125]}"#;
/// let answer: Answer = serde_json::from_str(stored)?;
/// assert_eq!(serde_json::to_value(&answer)?, serde_json::from_str::<serde_json::Value>(stored)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Answer {
    /// The response, and its copy.
    pub(super) async fn of(response: Response) -> (Response, Self) {
        let (parts, body) = response.into_parts();
        let is_small = body.size_hint().upper().is_some_and(|size| size <= LARGEST as u64);
        let (body, kept) = if is_small {
            match to_bytes(body, LARGEST).await {
                Ok(bytes) => (Body::from(bytes.clone()), Some(bytes)),
                // It breaks off as it would have.
                Err(error) => (Body::from_stream(once(ready(Err::<Vec<u8>, _>(error)))), None),
            }
        } else {
            (body, None)
        };
        let is_kept =
            |name: &HeaderName| *name != SET_COOKIE && (kept.is_some() || !name.as_str().starts_with("content-"));
        let headers = parts.headers.iter().filter(|(name, _)| is_kept(name));
        let answer = Self {
            status: parts.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
            body: kept.map(Into::into).unwrap_or_default(),
        };
        (Response::from_parts(parts, body), answer)
    }

    /// The bytes of its headers and its body.
    pub(super) fn size(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + self.body.len()
    }

    /// The response again.
    pub(super) fn replay(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        response
    }
}

/// Without headers and body, which may be personal data.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}
