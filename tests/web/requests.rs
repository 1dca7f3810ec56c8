//! Events as the bodies of requests.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Answer, call, post};
use event_schema::axum::axum08::body::Body;
use event_schema::axum::axum08::extract::DefaultBodyLimit;
use event_schema::axum::axum08::http::{Request, StatusCode};
use event_schema::axum::axum08::{Extension, Router, routing};
use event_schema::axum::{Event, EventRejection, MESSAGES};
use event_schema::prelude::*;
use event_schema::serde_json::{Value, json};
use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;
use tower::ServiceExt;

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[serde(rename_all = "camelCase")]
struct OrderRequested {
    order_id: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    tree: Option<Box<OrderRequested>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
struct Line {
    #[validate(length(min = 1))]
    sku: String,
}

const VALID: &str = r#"{"orderId": "A-1", "quantity": 2}"#;

/// Gives orders back.
fn app() -> Router {
    Router::new().route("/orders", routing::post(async |order: Event<OrderRequested>| order))
}

async fn send(headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    call(&app(), post("/orders", headers, body)).await
}

/// A request without a `Content-Type` of its own.
async fn send_as(headers: &[(&str, &[u8])], body: &'static str) -> Answer {
    let mut request = Request::post("/orders");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    call(&app(), request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_valid_event_is_loaded() {
    let answer = send(&[], VALID).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, OrderRequested::load_str(VALID).unwrap().dump().unwrap());
}

#[tokio::test]
async fn all_violations_are_told_with_their_pointers() {
    let answer = send(&[], r#"{"orderId": 7, "quantity": 0, "lines": [{"sku": ""}, {}]}"#).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = answer.problem();
    let found: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|one| (&one["pointer"], &one["code"])).collect();
    assert_eq!(
        json!(found),
        json!([
            ["#/orderId", "invalid"],
            ["#/quantity", "range"],
            ["#/lines/0/sku", "length"],
            ["#/lines/1/sku", "required"],
        ])
    );
    assert_eq!(problem["errors"][3]["detail"], "Missing data for required field.");
}

#[tokio::test]
async fn a_client_may_ask_for_the_tree_of_messages() {
    let tree = json!({"orderId": ["Missing data for required field."], "quantity": ["Not a valid integer."]});
    for accept in [
        MESSAGES.to_owned(),
        format!("text/html, {MESSAGES};q=0.5, */*;q=0.1"),
        format!("application/problem+json;q=0.5, {MESSAGES}"),
        format!("application/problem+json, {MESSAGES}"),
        MESSAGES.to_ascii_uppercase(),
    ] {
        let answer = send(&[("accept", &accept)], r#"{"quantity": "2"}"#).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{accept}");
        assert_eq!(answer.header("content-type"), Some(MESSAGES), "{accept}");
        assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), tree, "{accept}");
        // What has no violations has no tree.
        assert!(send(&[("accept", &accept)], "{").await.problem()["position"].is_object());
    }
    for accept in [
        "*/*".to_owned(),
        "application/json".to_owned(),
        "application/*".to_owned(),
        "nonsense, ;;".to_owned(),
        format!("application/problem+json, {MESSAGES};q=0.9"),
        format!("{MESSAGES};q=0"),
        format!("{MESSAGES};q=high"),
    ] {
        assert!(send(&[("accept", &accept)], "{}").await.problem()["errors"].is_array(), "{accept}");
    }
    let two = [("accept", "text/html"), ("accept", MESSAGES)];
    assert_eq!(send(&two, "{}").await.header("content-type"), Some(MESSAGES));
}

#[tokio::test]
async fn broken_syntax_is_told_by_its_place_and_not_quoted() {
    for (body, line, column) in [
        ("{\"orderId\": \"hunter2\",\n \"quantity\": hunter2}", 2, 14),
        ("{\"orderId\": \"hunter2\" \"hunter2\"}", 1, 23),
        ("{\"orderId\": \"hunter2", 1, 20),
        ("hunter2", 1, 1),
    ] {
        let answer = send(&[], body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let problem = answer.problem();
        let error = OrderRequested::load_str(body).unwrap_err();
        assert_eq!(problem["detail"], error.to_string());
        assert_eq!(problem["position"], json!(error.position().unwrap()));
        assert_eq!(
            (&problem["position"]["line"], &problem["position"]["column"]),
            (&json!(line), &json!(column)),
            "{body}"
        );
        assert!(!answer.text().contains("hunter2"), "{problem}");
    }
}

#[tokio::test]
async fn what_is_no_json_document_is_refused() {
    assert_eq!(send(&[], "").await.problem()["detail"], "the input is empty, expected a JSON object");
    assert_eq!(send(&[], " \n").await.status, StatusCode::BAD_REQUEST);
    let answer = send(&[], &b"{\"orderId\": \"A-\xFF\"}"[..]).await;
    assert_eq!((answer.status, &answer.problem()["position"]["offset"]), (StatusCode::BAD_REQUEST, &json!(15)));
    for not_an_event in ["null", "[]", "7", "\"A-1\"", "[{\"orderId\": \"A-1\"}]"] {
        assert_eq!(send(&[], not_an_event).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{not_an_event}");
    }
    let twice = send(&[], r#"{"orderId": "A-1", "orderId": "A-2", "quantity": 1}"#).await;
    assert_eq!(twice.problem()["errors"][0]["code"], "duplicate");
}

#[tokio::test]
async fn hostile_depth_is_refused() {
    let nested = |depth: usize| format!("{}{}", r#"{"tree":"#.repeat(depth), "}".repeat(depth));
    for depth in [129, 200, 100_000] {
        let answer = send(&[], nested(depth)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.problem()["detail"].as_str().unwrap().contains("128 levels"), "{}", answer.text());
    }
    // What is not read as an event is skipped, however deep it is.
    for body in ["[".repeat(1_000_000), r#"{"a":"#.repeat(300_000)] {
        assert_eq!(send(&[], body).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn only_json_is_read() {
    for good in [
        &b"application/json"[..],
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b"application/json;charset=\"UTF-8\"",
        b"application/json; profile=\"https://example.org/order\"",
        b"application/vnd.shop.order+json",
        b"application/vnd.shop.order.v2+json; charset=utf-8",
    ] {
        let answer = send_as(&[("content-type", good)], VALID).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", good.escape_ascii());
    }
    for bad in [
        &b"text/plain"[..],
        b"text/json",
        b"application/json; charset=latin1",
        b"application/json; charset=utf-16",
        b"application/jsonl",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        // Documents of their own, and not the event.
        b"application/cloudevents+json",
        b"application/merge-patch+json",
        b"application/problem+json",
        b"application/vnd.shop.order+xml",
        b"json",
        b"*/*",
        b"",
        b"application/json, application/json",
        b"application/json\xFF",
    ] {
        let answer = send_as(&[("content-type", bad)], VALID).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", bad.escape_ascii());
        assert_eq!(answer.header("accept"), Some("application/json"));
        answer.problem();
    }
    assert_eq!(send_as(&[], VALID).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    assert_eq!(send_as(&[json, json], VALID).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send_as(&[json, ("content-encoding", b"identity")], VALID).await.status, StatusCode::OK);
    let zipped = send_as(&[json, ("content-encoding", b"gzip")], VALID).await;
    assert_eq!(zipped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!((zipped.header("accept-encoding"), zipped.header("accept")), (Some("identity"), None));
}

/// A body that never ends, and the chunks of 1 kB that were taken of it.
fn endless() -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let chunks = stream::repeat_with(move || {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(vec![b' '; 1000])
    });
    (Body::from_stream(chunks), taken)
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_kept() {
    let small = Router::new().merge(app()).layer(Extension(LoadOptions::new().max_size(10_000)));
    let unlimited = small.clone().layer(DefaultBodyLimit::disable());
    for (app, limit) in [(app(), 2 << 20), (small, 10_000), (unlimited, 10_000)] {
        let (body, taken) = endless();
        let answer = call(&app, post("/orders", &[], body)).await;
        assert_eq!(
            (answer.status, &answer.problem()["title"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("Content Too Large"))
        );
        assert!(taken.load(Ordering::SeqCst) <= limit / 1000 + 2, "{taken:?} kB for a limit of {limit}");

        let body = |size: usize| Body::from(format!("{VALID}{}", " ".repeat(size - VALID.len())));
        assert_eq!(call(&app, post("/orders", &[], body(limit))).await.status, StatusCode::OK);
        assert_eq!(call(&app, post("/orders", &[], body(limit + 1))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    // The limit of axum is not raised by the other.
    let both = app().layer(Extension(LoadOptions::new().max_size(1 << 30))).layer(DefaultBodyLimit::max(100));
    assert_eq!(call(&both, post("/orders", &[], " ".repeat(101))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_comes_is_no_event() {
    let begun = stream::iter([Ok(VALID), Err("reset by peer")]);
    let answer = send(&[], Body::from_stream(begun)).await;
    assert_eq!((answer.status, &answer.problem()["detail"]), (StatusCode::BAD_REQUEST, &json!("the body broke off")));

    // How long it may take is for the application to say: it drops what takes too long.
    let never = stream::iter([Ok::<_, Infallible>(VALID)]).chain(stream::pending());
    assert!(app().oneshot(post("/orders", &[], Body::from_stream(never))).now_or_never().is_none());
}

#[tokio::test]
async fn options_are_those_of_the_extension() {
    let options = LoadOptions::new().max_violations(1).positions(true).unknown(Unknown::Raise);
    let app = app().layer(Extension(options));
    let problem = call(&app, post("/orders", &[], "{\n\"a\": 1, \"b\": 2}")).await.problem();
    assert_eq!((&problem["errors"][0]["pointer"], &problem["omitted"]), (&json!("#/a"), &json!(3)));
    assert_eq!(problem["errors"][0]["position"]["line"], 2);
}

struct Limits {
    max: u32,
}

#[derive(Debug, Serialize, EventSchema)]
#[validate(context = Limits)]
struct Bid {
    #[validate(custom(function = affordable, use_context))]
    cents: u32,
}

fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
}

#[tokio::test]
async fn rules_get_their_context_or_the_service_is_to_blame() {
    static LIMITS: Limits = Limits { max: 100 };
    let bids = Router::new().route("/bids", routing::post(async |_: Event<Bid>| StatusCode::ACCEPTED));
    let with = bids.clone().layer(Extension(LoadOptions::new().context(&LIMITS)));
    assert_eq!(call(&with, post("/bids", &[], r#"{"cents": 100}"#)).await.status, StatusCode::ACCEPTED);
    assert_eq!(call(&with, post("/bids", &[], r#"{"cents": 101}"#)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = call(&bids, post("/bids", &[], r#"{"cents": 100}"#)).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text().contains("Limits"), "{}", answer.text());
}

#[tokio::test]
async fn a_handler_may_see_the_rejection() {
    let status = async |order: Result<Event<OrderRequested>, EventRejection>| match order {
        Ok(_) => "an order".to_owned(),
        Err(rejection) => format!("{} {rejection}", rejection.status().as_u16()),
    };
    let app = Router::new().route("/orders", routing::post(status));
    assert_eq!(call(&app, post("/orders", &[], VALID)).await.text(), "an order");
    let text = call(&app, post("/orders", &[], r#"{"orderId": "A-1", "quantity": 0}"#)).await;
    let told = "422 1 violation\nquantity: Must be greater than or equal to 1 and less than or equal to 1000.";
    assert_eq!(text.text(), told);
    let text = call(&app, Request::post("/orders").body(Body::empty()).unwrap()).await;
    assert!(text.text().starts_with("415 "), "{}", text.text());
}

proptest! {
    /// Whatever comes: the answer is what `load` says of the same bytes.
    #[test]
    fn an_answer_agrees_with_load(
        at in 0..VALID.len(),
        with in prop_oneof![any::<Vec<u8>>(), "[{}\\[\\]\",:0-9a-z\\\\ -]{0,8}".prop_map(String::into_bytes)],
        cut in 0..VALID.len(),
    ) {
        let mut body = VALID.as_bytes()[..at].to_vec();
        body.extend(with);
        body.extend(&VALID.as_bytes()[cut..]);
        let answer = send(&[], body.clone());
        let answer = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer);
        match OrderRequested::load(&body) {
            Ok(order) => prop_assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &order.dump().unwrap()[..])),
            Err(error) => {
                let mut problem = answer.problem();
                problem.as_object_mut().unwrap().remove("position");
                prop_assert_eq!(problem, error.to_problem());
            }
        }
    }
}
