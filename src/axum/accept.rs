//! The form of errors that a client asks for.

use ::axum::http::HeaderMap;
use ::axum::http::header::ACCEPT;
use mime::Mime;

use super::problem::PROBLEM;

/// The media type of Marshmallow's tree of messages ([`Violations::to_messages`](crate::Violations::to_messages)).
///
/// A client whose header `Accept` names it gets the violations of a body in this form, unless it prefers
/// `application/problem+json` by a higher `q`. A range such as `*/*` does not name it.
///
/// ```
/// use event_schema::axum::axum08::body::{Body, to_bytes};
/// use event_schema::axum::axum08::http::Request;
/// use event_schema::axum::axum08::{Router, routing::post};
/// use event_schema::axum::{Event, MESSAGES};
/// # use tower::ServiceExt;
///
/// #[event_schema::event]
/// struct Line { sku: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = Router::<()>::new().route("/lines", post(async |_: Event<Line>| ()));
/// let request = Request::post("/lines").header("content-type", "application/json").header("accept", MESSAGES);
/// let answer = app.oneshot(request.body(Body::from(r#"{"sku": 7}"#))?).await?;
/// assert_eq!(answer.status(), 422);
/// assert_eq!(answer.headers()["content-type"], MESSAGES);
/// assert_eq!(to_bytes(answer.into_body(), 1000).await?, r#"{"sku":["Not a valid string."]}"#);
/// # Ok(())
/// # }
/// ```
pub const MESSAGES: &str = "application/vnd.event-schema.messages+json";

/// How violations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Problem,
    Messages,
}

impl Form {
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let (mut messages, mut problem) = (0.0, 0.0);
        let lists = headers.get_all(ACCEPT).iter().filter_map(|list| list.to_str().ok());
        let ranges = lists.flat_map(|list| list.split(',')).filter_map(|range| range.trim().parse::<Mime>().ok());
        for range in ranges {
            match range.essence_str() {
                MESSAGES => messages = weight(&range),
                PROBLEM => problem = weight(&range),
                _ => {}
            }
        }
        if messages > 0.0 && messages >= problem { Self::Messages } else { Self::Problem }
    }
}

/// How much the client likes it, from 0 to 1.
fn weight(range: &Mime) -> f32 {
    range.get_param("q").map_or(1.0, |q| q.as_str().parse().unwrap_or(0.0))
}
