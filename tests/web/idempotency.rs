//! Requests with an idempotency key: handled once, answered as often as they come.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::{Answer, call, post};
use event_schema::Envelope;
use event_schema::axum::axum08::body::Body;
use event_schema::axum::axum08::extract::State;
use event_schema::axum::axum08::http::StatusCode;
use event_schema::axum::axum08::response::{IntoResponse, Response};
use event_schema::axum::axum08::{Extension, Router, routing};
use event_schema::axum::{self, AnswerStore, Caller, Claim, Idempotency, Keyed, RecentAnswers};
use event_schema::prelude::*;
use futures_util::future::join_all;
use futures_util::stream;
use tokio::sync::Semaphore;
use tower::ServiceExt;

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.requested")]
struct Order {
    #[validate(length(min = 1))]
    order_id: String,
}

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "user.registered")]
struct User {
    order_id: String,
}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ORDER: &str = r#"{"order_id": "A-1"}"#;

/// Writes down what it is given, and answers as it is told.
struct Service<S> {
    idempotency: Idempotency<S>,
    /// The id of each event that was handled.
    ids: Mutex<Vec<String>>,
    /// The answers of the next calls; later ones are 202.
    answers: Mutex<Vec<Make>>,
    /// One call goes on for each permit.
    gate: Semaphore,
    begun: Semaphore,
}

type Make = Box<dyn FnOnce() -> Response + Send>;

impl<S: AnswerStore> Service<S> {
    fn new(store: S) -> Arc<Self> {
        Arc::new(Self {
            idempotency: Idempotency::new("/shop", store).unwrap(),
            ids: Mutex::default(),
            answers: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            begun: Semaphore::new(0),
        })
    }

    fn next_answer(&self, make: impl FnOnce() -> Response + Send + 'static) {
        self.answers.lock().unwrap().push(Box::new(make));
    }

    fn ids(&self) -> Vec<String> {
        self.ids.lock().unwrap().clone()
    }

    async fn handle(self: Arc<Self>, envelope: Envelope) -> Response {
        assert_eq!(envelope.source(), Some("/shop"));
        self.ids.lock().unwrap().push(envelope.id().to_owned());
        self.begun.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        let next = self.answers.lock().unwrap().pop();
        let number = self.ids.lock().unwrap().len();
        let accepted =
            || (StatusCode::ACCEPTED, [("location", "/orders/7")], format!("number {number}")).into_response();
        next.map_or_else(accepted, |make| make())
    }

    fn app(self: &Arc<Self>) -> Router {
        async fn handle<E: EventSchema + Send + 'static, S: AnswerStore>(
            State(service): State<Arc<Service<S>>>,
            event: Keyed<E>,
        ) -> Response {
            let idempotency = service.idempotency.clone();
            idempotency.answer(event, |_, envelope| service.handle(envelope)).await
        }

        let orders = routing::post(handle::<Order, S>).put(handle::<Order, S>);
        Router::new()
            .route("/orders", orders.clone())
            .route("/users", routing::post(handle::<User, S>))
            .nest("/berlin", Router::new().route("/orders", orders))
            .with_state(Arc::clone(self))
    }
}

fn service() -> Arc<Service<RecentAnswers>> {
    Service::new(RecentAnswers::new(100, A_DAY))
}

async fn send<S: AnswerStore>(service: &Arc<Service<S>>, key: &str, body: &'static str) -> Answer {
    call(&service.app(), post("/orders", &[("idempotency-key", key)], body)).await
}

#[track_caller]
fn assert_replayed(answer: &Answer, first: &Answer) {
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    let mut answer = answer.clone();
    answer.headers.remove("idempotent-replayed");
    assert_eq!(answer, *first);
}

#[tokio::test]
async fn the_same_request_is_handled_once_and_gets_the_first_answer() {
    let service = service();
    let first = send(&service, "\"k-1\"", ORDER).await;
    assert_eq!(
        (first.status, first.text(), first.header("location")),
        (StatusCode::ACCEPTED, "number 1", Some("/orders/7"))
    );
    assert_eq!(first.header("idempotent-replayed"), None);
    for key in ["\"k-1\"", "k-1", " k-1 "] {
        assert_replayed(&send(&service, key, ORDER).await, &first);
    }
    assert_eq!(service.ids().len(), 1);

    assert_eq!(send(&service, "k-2", ORDER).await.text(), "number 2");
    assert_eq!(call(&service.app(), post("/orders", &[], ORDER)).await.text(), "number 3");
    assert_eq!(call(&service.app(), post("/orders", &[], ORDER)).await.text(), "number 4");
    let ids = service.ids();
    assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 1), "{ids:?}");
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let service = service();
    let app = service.app();
    assert_eq!(send(&service, "k-1", ORDER).await.status, StatusCode::ACCEPTED);
    let key = [("idempotency-key", "k-1")];
    let mut put = post("/orders", &key, ORDER);
    *put.method_mut() = event_schema::axum::axum08::http::Method::PUT;
    for other in [
        post("/orders", &key, r#"{"order_id": "A-2"}"#),
        post("/orders?express=true", &key, ORDER),
        post("/berlin/orders", &key, ORDER),
        put,
    ] {
        let answer = call(&app, other).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.header("retry-after"), None);
        assert_eq!(answer.problem()["detail"], "this `Idempotency-Key` was used for another request");
    }
    assert_eq!(service.ids().len(), 1);
    // Another type of event is another space of keys.
    assert_eq!(call(&app, post("/users", &key, ORDER)).await.text(), "number 2");
    assert_ne!(service.ids()[0], service.ids()[1]);
}

#[tokio::test]
async fn a_caller_has_keys_of_its_own() {
    let service = service();
    let mut callers: Vec<Router> =
        ["ada", "grace"].map(|caller| service.app().layer(Extension(Caller::new(caller)))).into();
    callers.push(service.app());
    let key = [("idempotency-key", "k-1")];
    for (number, caller) in callers.iter().enumerate() {
        let first = call(caller, post("/orders", &key, ORDER)).await;
        assert_eq!(first.text(), format!("number {}", number + 1));
        assert_replayed(&call(caller, post("/orders", &key, ORDER)).await, &first);
        // The body of another caller's request is of no concern.
        let other = call(caller, post("/orders", &[("idempotency-key", "k-2")], r#"{"order_id": "A-2"}"#)).await;
        assert_eq!(other.status, StatusCode::ACCEPTED);
        service.ids.lock().unwrap().pop();
    }
    let ids = service.ids();
    assert_ne!(ids[0], ids[1]);
    // As another program derives them: an id that an earlier release has sent must come out again.
    assert_eq!([&*ids[0], &*ids[2]], ["198e31be-fad9-81b5-90e7-87fe28395c55", "a325c676-9fae-869b-9fc2-a70c1b37dc53"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_at_the_same_time_one_is_handled() {
    let mut service = service();
    Arc::get_mut(&mut service).unwrap().gate = Semaphore::new(0);
    let requests = join_all((0..20).map(|_| {
        tokio::spawn({
            let service = Arc::clone(&service);
            async move { send(&service, "k-1", ORDER).await }
        })
    }));
    let opened = async {
        service.begun.acquire().await.unwrap().forget();
        // All but the first are answered while it is handled.
        let other = send(&service, "k-1", r#"{"order_id": "A-2"}"#).await;
        assert_eq!((other.status, other.header("retry-after")), (StatusCode::CONFLICT, None));
        let same = send(&service, "k-1", ORDER).await;
        assert_eq!((same.status, same.header("retry-after")), (StatusCode::CONFLICT, Some("1")));
        same.problem();
        service.gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(requests, opened);
    let answers: Vec<Answer> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(service.ids().len(), 1);
    let first = answers
        .iter()
        .find(|answer| answer.header("idempotent-replayed").is_none() && answer.status != StatusCode::CONFLICT);
    assert_eq!(first.unwrap().text(), "number 1");
    let accepted = answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED);
    assert!(accepted.clone().all(|answer| answer.text() == "number 1"));
    assert!(answers.iter().all(|answer| matches!(answer.status, StatusCode::ACCEPTED | StatusCode::CONFLICT)));
    assert_replayed(&send(&service, "k-1", ORDER).await, first.unwrap());
}

#[tokio::test]
async fn what_may_change_is_handled_again_under_the_same_id() {
    let service = service();
    for status in [500, 503, 408, 425, 429] {
        let status = StatusCode::from_u16(status).unwrap();
        service.next_answer(move || status.into_response());
        assert_eq!(send(&service, "k-1", ORDER).await.status, status);
        // Nobody knows what came of the first: another event must not get its id.
        assert_eq!(send(&service, "k-1", r#"{"order_id": "A-2"}"#).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(send(&service, "k-1", ORDER).await.text(), "number 6");
    assert_eq!(send(&service, "k-1", ORDER).await.text(), "number 6");
    let ids = service.ids();
    assert!(ids.len() == 6 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // An answer that says no for good is one.
    service.next_answer(|| StatusCode::GONE.into_response());
    for _ in 0..2 {
        assert_eq!(send(&service, "k-2", ORDER).await.status, StatusCode::GONE);
    }
    assert_eq!(service.ids().len(), 7);
}

#[tokio::test]
async fn a_panic_frees_the_key() {
    let service = service();
    service.next_answer(|| panic!("out of luck"));
    let request = tokio::spawn({
        let service = Arc::clone(&service);
        async move { send(&service, "k-1", ORDER).await }
    });
    assert!(request.await.unwrap_err().is_panic());
    assert_eq!(send(&service, "k-1", ORDER).await.text(), "number 2");
    assert_eq!(service.ids()[0], service.ids()[1]);
}

#[tokio::test]
async fn a_client_that_goes_away_finds_the_answer() {
    let mut service = service();
    Arc::get_mut(&mut service).unwrap().gate = Semaphore::new(0);
    {
        let request = service.app().oneshot(post("/orders", &[("idempotency-key", "k-1")], ORDER));
        tokio::pin!(request);
        tokio::select! {
            biased;
            _ = &mut request => panic!("the gate is closed"),
            begun = service.begun.acquire() => begun.unwrap().forget(),
        }
    }
    assert_eq!(send(&service, "k-1", ORDER).await.status, StatusCode::CONFLICT);
    service.gate.add_permits(1);
    let answer = async {
        loop {
            let answer = send(&service, "k-1", ORDER).await;
            if answer.status != StatusCode::CONFLICT {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await.expect("the handler goes on");
    assert_eq!((answer.text(), answer.header("idempotent-replayed")), ("number 1", Some("true")));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_uses_up_no_key() {
    let service = service();
    assert_eq!(send(&service, "k-1", r#"{"order_id": ""}"#).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(&service, "k-1", "{").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(send(&service, "k-1", ORDER).await.text(), "number 1");
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_refused() {
    let service = service();
    let long = "k".repeat(256);
    for bad in ["", "\"\"", "\"k-1", "\"k\"1\"", "\"k-1\"; a=1", r#""k\n""#, "\"k\\", "k\t1", &long] {
        let answer = call(&service.app(), post("/orders", &[("idempotency-key", bad)], ORDER)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        answer.problem();
    }
    let twice = [("idempotency-key", "k-1"), ("idempotency-key", "k-1")];
    assert_eq!(call(&service.app(), post("/orders", &twice, ORDER)).await.status, StatusCode::BAD_REQUEST);
    let mut bytes = post("/orders", &[], ORDER);
    bytes.headers_mut().insert("idempotency-key", b"\xFF".as_slice().try_into().unwrap());
    assert_eq!(call(&service.app(), bytes).await.status, StatusCode::BAD_REQUEST);
    assert!(service.ids().is_empty());

    for good in [&long[1..], "a, b", r#""a\"b\\c""#, "8e03978e-40d5-43dd-bc93-6894a57f9324"] {
        assert_eq!(
            call(&service.app(), post("/orders", &[("idempotency-key", good)], ORDER)).await.status,
            202,
            "{good}"
        );
    }
    // The same key, escaped or not.
    assert_eq!(
        call(&service.app(), post("/orders", &[("idempotency-key", r#"a"b\c"#)], ORDER)).await.text(),
        "number 3"
    );
}

#[tokio::test]
async fn memory_is_bounded_in_number_and_in_time() {
    // Its request is being handled: it is not forgotten, whatever comes after it.
    let answers = RecentAnswers::new(2, A_DAY);
    assert!(matches!(answers.claim("running", &[0; 32]).await, Ok(Claim::New)));
    for id in ["a", "b", "c"] {
        assert!(matches!(answers.claim(id, &[0; 32]).await, Ok(Claim::New)));
        answers.release(id).await.unwrap();
    }
    assert!(matches!(answers.claim("running", &[0; 32]).await, Ok(Claim::InProgress)));
    // The oldest is forgotten, the others are not.
    assert!(matches!(answers.claim("b", &[1; 32]).await, Ok(Claim::OtherRequest)));
    assert!(matches!(answers.claim("c", &[1; 32]).await, Ok(Claim::OtherRequest)));
    assert!(matches!(answers.claim("a", &[1; 32]).await, Ok(Claim::New)));

    let service = Service::new(RecentAnswers::new(2, A_DAY));
    for (key, text) in
        [("k-1", "number 1"), ("k-2", "number 2"), ("k-3", "number 3"), ("k-2", "number 2"), ("k-1", "number 4")]
    {
        assert_eq!(send(&service, key, ORDER).await.text(), text);
    }
    assert_eq!(service.ids()[0], service.ids()[3]);

    // Three of these are more than it keeps, and the last one alone is not.
    let narrow = Service::new(RecentAnswers::new(100, A_DAY).max_size(25_000));
    for key in ["k-1", "k-2", "k-3"] {
        narrow.next_answer(|| "x".repeat(10_000).into_response());
        assert_eq!(send(&narrow, key, ORDER).await.status, StatusCode::OK);
    }
    for key in ["k-3", "k-2"] {
        assert_eq!(send(&narrow, key, ORDER).await.header("idempotent-replayed"), Some("true"), "{key}");
    }
    let again = send(&narrow, "k-1", ORDER).await;
    assert_eq!((again.header("idempotent-replayed"), again.text()), (None, "number 4"));
    assert_eq!(narrow.ids()[0], narrow.ids()[3]);

    let forgetful = Service::new(RecentAnswers::new(100, Duration::ZERO));
    for text in ["number 1", "number 2"] {
        assert_eq!(send(&forgetful, "k-1", ORDER).await.text(), text);
    }
    assert_eq!(forgetful.ids()[0], forgetful.ids()[1]);
}

/// A table, as a database has it: everything in it is text.
#[derive(Clone, Default)]
struct Table(Arc<Mutex<HashMap<String, Row>>>);

struct Row {
    fingerprint: Vec<u8>,
    answer: Option<String>,
    running: bool,
}

#[derive(Debug)]
struct Away;

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database is away")
    }
}

impl std::error::Error for Away {}

impl AnswerStore for Table {
    type Error = Away;

    async fn claim(&self, id: &str, fingerprint: &[u8; 32]) -> Result<Claim, Away> {
        let mut rows = self.0.lock().map_err(|_| Away)?;
        let Some(row) = rows.get_mut(id) else {
            rows.insert(id.to_owned(), Row { fingerprint: fingerprint.to_vec(), answer: None, running: true });
            return Ok(Claim::New);
        };
        Ok(match &row.answer {
            _ if row.fingerprint != fingerprint => Claim::OtherRequest,
            Some(answer) => Claim::Answered(serde_json::from_str(answer).map_err(|_| Away)?),
            None if row.running => Claim::InProgress,
            None => {
                row.running = true;
                Claim::New
            }
        })
    }

    async fn answered(&self, id: &str, answer: axum::Answer) -> Result<(), Away> {
        let answer = serde_json::to_string(&answer).map_err(|_| Away)?;
        self.0.lock().map_err(|_| Away)?.get_mut(id).ok_or(Away)?.answer = Some(answer);
        Ok(())
    }

    async fn release(&self, id: &str) -> Result<(), Away> {
        self.0.lock().map_err(|_| Away)?.get_mut(id).ok_or(Away)?.running = false;
        Ok(())
    }
}

#[tokio::test]
async fn a_database_remembers_longer_than_a_process() {
    let table = Table::default();
    let before = Service::new(table.clone());
    let first = send(&before, "k-1", ORDER).await;
    before.next_answer(|| StatusCode::SERVICE_UNAVAILABLE.into_response());
    assert_eq!(send(&before, "k-2", ORDER).await.status, StatusCode::SERVICE_UNAVAILABLE);

    let after = Service::new(table);
    assert_replayed(&send(&after, "k-1", ORDER).await, &first);
    assert_eq!(send(&after, "k-1", r#"{"order_id": "A-2"}"#).await.status, StatusCode::CONFLICT);
    assert_eq!(send(&after, "k-2", ORDER).await.status, StatusCode::ACCEPTED);
    assert_eq!(after.ids(), before.ids()[1..]);
}

#[tokio::test]
async fn without_its_store_nothing_is_handled() {
    let table = Table::default();
    let service = Service::new(table.clone());
    let poisoned = std::thread::spawn(move || {
        let _rows = table.0.lock().unwrap();
        panic!("on purpose");
    });
    assert!(poisoned.join().is_err());
    let answer = send(&service, "k-1", ORDER).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert_eq!(answer.problem()["outcome"], "not_sent");
    assert!(service.ids().is_empty());
    // Without a key it is not asked.
    assert_eq!(call(&service.app(), post("/orders", &[], ORDER)).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn large_bodies_and_cookies_are_not_kept() {
    let service = service();
    let streamed = || Body::from_stream(stream::iter([Ok::<_, Away>("streamed")]));
    for (key, make) in [
        ("large", Box::new(|| Body::from("x".repeat(100_000))) as Box<dyn Fn() -> Body + Send>),
        ("streamed", Box::new(streamed)),
    ] {
        let body = make();
        service.next_answer(move || {
            (StatusCode::CREATED, [("set-cookie", "session=7"), ("content-type", "text/plain"), ("etag", "7")], body)
                .into_response()
        });
        let first = send(&service, key, ORDER).await;
        assert_eq!((first.body.is_empty(), first.header("set-cookie")), (false, Some("session=7")));
        let again = send(&service, key, ORDER).await;
        assert_eq!((again.status, again.text()), (StatusCode::CREATED, ""));
        assert_eq!(
            (again.header("set-cookie"), again.header("content-type"), again.header("etag")),
            (None, None, Some("7"))
        );
    }
    service.next_answer(|| ([("set-cookie", "session=7")], "x".repeat(64 << 10)).into_response());
    let first = send(&service, "small", ORDER).await;
    let again = send(&service, "small", ORDER).await;
    assert_eq!((again.body, again.headers.get("content-type")), (first.body, first.headers.get("content-type")));
    assert_eq!(again.headers.get("set-cookie"), None);
}
