//! Events in the requests and answers of axum, idempotency keys, probes, and the server.

mod answers;
mod idempotency;
mod openapi;
mod probes;
#[path = "../common/request.rs"]
mod request;
mod requests;
mod sending;
mod serve;

use event_schema::axum::axum08::Router;
use event_schema::axum::axum08::body::{Body, Bytes, to_bytes};
use event_schema::axum::axum08::http::{HeaderMap, Request, StatusCode};
use event_schema::axum::axum08::response::Response;
use event_schema::serde_json::Value;
use tower::ServiceExt;

/// An answer that has arrived.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, headers: parts.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The problem details, which agree with the status.
    #[track_caller]
    fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["type"], "about:blank");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }
}

/// Sends a request to an app.
async fn call(app: &Router, request: Request<Body>) -> Answer {
    Answer::of(app.clone().oneshot(request).await.unwrap()).await
}

/// A request with a body of JSON.
fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}
