//! Requests over HTTP whose rows, events and answers are committed together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_schema::axum::axum08::body::{Body, to_bytes};
use event_schema::axum::axum08::extract::{FromRequest, State};
use event_schema::axum::axum08::http::{Request, StatusCode};
use event_schema::axum::axum08::response::{IntoResponse, Response};
use event_schema::axum::axum08::{Extension, Router, routing};
use event_schema::axum::{AnswerStore, Caller, Claim, Idempotency, Keyed};
use event_schema::outbox::{Outbox, OutboxError, StoredAnswers};
use event_schema::sqlx::{self, Any};
use event_schema::{Envelope, serde_json};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::common::within;
use crate::shop::{Ordered, Running, Shop, limit, order};

static NUMBERS: AtomicU32 = AtomicU32::new(1);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A process of the service.
#[derive(Clone)]
struct Service {
    outbox: Outbox<Any>,
    idempotency: Idempotency<StoredAnswers<Any>>,
    calls: Arc<AtomicU32>,
    begun: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    ends: Arc<Mutex<HashMap<u32, End>>>,
}

/// How the next request with a number ends, after its rows are written.
#[derive(Clone, Copy)]
enum End {
    Panic,
    Swallow,
    Status(u16),
}

impl Service {
    fn new(outbox: &Outbox<Any>, keep: Duration) -> Self {
        Self {
            outbox: outbox.clone(),
            idempotency: Idempotency::new("/shop", StoredAnswers::new(outbox, keep)).unwrap(),
            calls: Arc::default(),
            begun: Arc::new(Semaphore::new(0)),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            ends: Arc::default(),
        }
    }

    fn next(&self, number: u32, end: End) {
        self.ends.lock().unwrap().insert(number, end);
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    async fn place(
        self,
        tx: &mut sqlx::AnyConnection,
        order: Ordered,
        envelope: Envelope,
    ) -> Result<StatusCode, OutboxError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let insert = "INSERT INTO orders (number, customer) VALUES ($1, $2)";
        // Another number each time: only the key tells that it is the same.
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        sqlx::query(insert).bind(i64::from(number)).bind(&order.customer).execute(&mut *tx).await?;
        self.outbox.add_with(tx, &order, envelope).await?;
        self.begun.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        let end = self.ends.lock().unwrap().remove(&order.number);
        match end {
            None => Ok(StatusCode::ACCEPTED),
            Some(End::Panic) => panic!("on purpose"),
            Some(End::Swallow) => {
                drop(sqlx::query("SELECT * FROM nowhere").execute(&mut *tx).await.unwrap_err());
                Ok(StatusCode::ACCEPTED)
            }
            Some(End::Status(status)) => Ok(StatusCode::from_u16(status).unwrap()),
        }
    }

    fn app(&self) -> Router {
        async fn handle(State(service): State<Service>, order: Keyed<Ordered>) -> Response {
            let idempotency = service.idempotency.clone();
            let answer = idempotency.answer_in_transaction(order, |order, envelope, mut tx| async move {
                service.place(&mut tx, order, envelope).await
            });
            answer.await
        }

        Router::new()
            .route("/orders", routing::post(handle))
            .layer(Extension(Caller::new("ada")))
            .with_state(self.clone())
    }

    async fn post(&self, key: Option<&str>, order: &Ordered) -> Answer {
        let mut request = Request::post("/orders").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(serde_json::to_string(order).unwrap())).unwrap();
        Answer::of(self.app().oneshot(request).await.unwrap()).await
    }
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    is_replayed: bool,
    retry_after: Option<String>,
    outcome: Option<String>,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        Self {
            status: parts.status.as_u16(),
            is_replayed: parts.headers.contains_key("idempotent-replayed"),
            retry_after: parts.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned()),
            outcome: problem["outcome"].as_str().map(str::to_owned),
        }
    }
}

async fn ids(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("SELECT event_id FROM event_outbox ORDER BY seq").fetch_all(&shop.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_is_stored_once() {
    let shop = Shop::open().await;
    let service = Service::new(&shop.outbox, A_DAY);
    let first = service.post(Some("k-1"), &order("alice", 1)).await;
    assert_eq!((first.status, first.is_replayed), (202, false));
    // After the process was killed, and another one answers.
    let after = Service::new(&shop.other().await, A_DAY);
    for service in [&service, &after, &after] {
        let again = service.post(Some("k-1"), &order("alice", 1)).await;
        assert_eq!((again.status, again.is_replayed), (202, true));
        let other = service.post(Some("k-1"), &order("alice", 2)).await;
        assert_eq!((other.status, other.is_replayed), (409, false));
    }
    assert_eq!((service.calls(), after.calls()), (1, 0));
    assert_eq!((shop.count("orders").await, shop.count("event_outbox").await), (1, 1));
    // The id that every process derives for this source, type, caller, key and request.
    let derived = ids(&shop).await;
    assert_eq!(after.post(Some("k-2"), &order("alice", 1)).await.status, 202);
    assert_ne!(ids(&shop).await[1], derived[0]);

    let relay = Running::start(shop.outbox.relay());
    let sent = shop.sent::<Ordered>("orders").await;
    assert_eq!(sent[&b"alice"[..]][0], (order("alice", 1), derived[0].clone()));
    assert_eq!(sent[&b"alice"[..]].len(), 2);
    relay.close().await;
}

/// The process is killed while a request is handled: nothing of it is there, and the repetition has the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_not_finished_is_handled_as_the_first() {
    let shop = Shop::open().await;
    let service = Service::new(&shop.outbox, A_DAY);
    service.post(Some("k-1"), &order("alice", 1)).await;
    let id = ids(&shop).await.remove(0);
    for table in ["event_outbox", "event_answer", "orders"] {
        sqlx::query(&format!("DELETE FROM {table}")).execute(&shop.pool).await.unwrap();
    }
    for (end, status) in [(End::Status(503), 503), (End::Status(429), 429), (End::Status(500), 500)] {
        service.next(1, end);
        assert_eq!(service.post(Some("k-1"), &order("alice", 1)).await.status, status);
    }
    service.next(1, End::Panic);
    let panicked = tokio::spawn({
        let service = service.clone();
        async move { service.post(Some("k-1"), &order("alice", 1)).await }
    });
    assert!(panicked.await.unwrap_err().is_panic());
    for table in ["event_outbox", "event_answer", "orders"] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    let done = service.post(Some("k-1"), &order("alice", 1)).await;
    assert_eq!((done.status, done.is_replayed, service.calls()), (202, false, 6));
    assert_eq!(ids(&shop).await, [id]);
}

/// PostgreSQL rolls the transaction back, and the client must not hear otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_a_handler_does_not_return_is_no_success() {
    let shop = Shop::open().await;
    if !shop.database.is_postgres() {
        eprintln!("skipped: in SQLite, a statement that fails leaves the others of its transaction alone");
        return;
    }
    let service = Service::new(&shop.outbox, A_DAY);
    for key in [Some("k-1"), None] {
        service.next(1, End::Swallow);
        let answer = service.post(key, &order("alice", 1)).await;
        assert_eq!((answer.status, answer.outcome.as_deref()), (500, Some("not_sent")), "{key:?}");
        assert_eq!((shop.count("orders").await, shop.count("event_outbox").await), (0, 0));
    }
    assert_eq!(service.post(Some("k-1"), &order("alice", 1)).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_says_no_stores_its_answer_only() {
    let shop = Shop::open().await;
    let service = Service::new(&shop.outbox, A_DAY);
    for key in [Some("k-1"), None] {
        service.next(1, End::Status(404));
        assert_eq!(service.post(key, &order("alice", 1)).await.status, 404);
    }
    let again = service.post(Some("k-1"), &order("alice", 1)).await;
    assert_eq!((again.status, again.is_replayed, service.calls()), (404, true, 2));
    assert_eq!((shop.count("orders").await, shop.count("event_outbox").await), (0, 0));
    // Without a key, each request is another.
    for _ in 0..2 {
        assert_eq!(service.post(None, &order("alice", 1)).await.status, 202);
    }
    assert_eq!((shop.count("orders").await, shop.count("event_answer").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repetitions_are_handled_once() {
    let shop = Shop::open().await;
    let mut service = Service::new(&shop.outbox, A_DAY);
    service.gate = Arc::new(Semaphore::new(0));
    let post = |service: &Service| {
        let service = service.clone();
        tokio::spawn(async move { service.post(Some("k-1"), &order("alice", 1)).await })
    };
    let first = post(&service);
    within(60, "a request in hand", service.begun.acquire()).await.unwrap().forget();
    let others: Vec<_> = (0..20).map(|_| post(&service)).collect();
    if shop.database.is_postgres() {
        // They do not wait for it with a connection each.
        for other in others {
            let answer = within(60, "an answer", other).await.unwrap();
            assert_eq!((answer.status, answer.retry_after.as_deref()), (409, Some("1")));
        }
        service.gate.add_permits(1);
    } else {
        service.gate.add_permits(1);
        for other in others {
            let answer = within(60, "an answer", other).await.unwrap();
            assert_eq!((answer.status, answer.is_replayed), (202, true));
        }
    }
    assert_eq!(first.await.unwrap().status, 202);
    assert!(service.post(Some("k-1"), &order("alice", 1)).await.is_replayed);
    assert_eq!((service.calls(), shop.count("orders").await), (1, 1));
}

/// SQLite then ends the transaction by itself, and sqlx does not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_after_a_full_disk() {
    let shop = Shop::open().await;
    let Some((pool, outbox)) = shop.with_one_connection().await else { return };
    let idempotency = Idempotency::new("/shop", StoredAnswers::new(&outbox, A_DAY)).unwrap();
    let post = async |pages: u32| {
        let request = Request::post("/orders").header("content-type", "application/json");
        let request = request.header("idempotency-key", "k").body(r#"{"customer": "alice", "number": 1}"#.into());
        let keyed = Keyed::<Ordered>::from_request(request.unwrap(), &()).await.unwrap();
        let answer = idempotency.answer_in_transaction(keyed, move |_, _, mut tx| async move {
            limit(&mut tx, pages).await;
            (StatusCode::CREATED, "x".repeat(1 << 16))
        });
        answer.await.status().as_u16()
    };
    assert_eq!(post(1).await, 503);
    pool.begin_with("BEGIN IMMEDIATE").await.unwrap().rollback().await.unwrap();
    assert_eq!(post(1_000_000).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_answered_as_what_they_are() {
    let shop = Shop::open().await;
    let service = Service::new(&shop.outbox, A_DAY);
    let response = OutboxError::from(sqlx::Error::PoolTimedOut).into_response();
    let answer = Answer::of(response).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (503, Some("5")));
    let answer = Answer::of(OutboxError::from(sqlx::Error::RowNotFound).into_response()).await;
    assert_eq!((answer.status, answer.retry_after, answer.outcome.as_deref()), (500, None, Some("not_sent")));
    let mut tx = shop.outbox.begin().await.unwrap();
    let error = shop.outbox.add(&mut tx, &order("alice", 1_000_001)).await.unwrap_err();
    let answer = Answer::of(error.into_response()).await;
    assert_eq!((answer.status, answer.retry_after, answer.outcome.as_deref()), (422, None, Some("not_sent")));
    shop.outbox.commit(tx).await.unwrap();

    let away = shop.database.away().await;
    for key in [Some("k-1"), None] {
        let answer = within(60, "an answer", service.post(key, &order("alice", 1))).await;
        assert_eq!(
            (answer.status, answer.retry_after.as_deref(), answer.outcome.as_deref()),
            (503, Some("5"), Some("not_sent"))
        );
    }
    drop(away);
    assert_eq!(service.calls(), 0);
    let stored = async {
        while service.post(Some("k-1"), &order("alice", 1)).await.status != 202 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(60, "a database that is back", stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_expire() {
    let shop = Shop::open().await;
    let service = Service::new(&shop.outbox, Duration::ZERO);
    for (calls, number) in [(1, 1), (2, 2), (3, 1)] {
        assert_eq!(service.post(Some("k-1"), &order("alice", number)).await.status, 202);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(service.calls(), calls);
    }
    // Consumers ignore a repetition, and not another order.
    let ids = ids(&shop).await;
    assert_eq!((ids[0] == ids[1], ids[0] == ids[2]), (false, true));
    // A relay cleans, too.
    let relay = Running::start(shop.outbox.relay());
    let cleaned = async {
        while shop.count("event_answer").await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(60, "clean answers", cleaned).await;
    relay.close().await;
}

/// Without a transaction around the handler, as `Idempotency::answer` uses it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_without_an_answer_ends() {
    let shop = Shop::open().await;
    let store = StoredAnswers::new(&shop.outbox, A_DAY);
    let other = StoredAnswers::new(&shop.other().await, A_DAY).claim_time(Duration::ZERO);
    let claims = async |store: &StoredAnswers<Any>, id: &str, print: u8| store.claim(id, &[print; 32]).await.unwrap();
    assert!(matches!(claims(&store, "a", 1).await, Claim::New));
    assert!(matches!(claims(&other, "a", 1).await, Claim::InProgress));
    assert!(matches!(claims(&other, "a", 2).await, Claim::OtherRequest));
    store.release("a").await.unwrap();
    assert!(matches!(claims(&other, "a", 2).await, Claim::OtherRequest));
    assert!(matches!(claims(&other, "a", 1).await, Claim::New));
    // Its process was killed, and its time is over.
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(matches!(claims(&store, "a", 1).await, Claim::New));

    let idempotency = Idempotency::new("/shop", StoredAnswers::new(&shop.outbox, A_DAY)).unwrap();
    for _ in 0..2 {
        let request =
            Request::post("/orders").header("content-type", "application/json").header("idempotency-key", "k");
        let request = request.body(Body::from(serde_json::to_string(&order("alice", 1)).unwrap())).unwrap();
        let keyed = Keyed::<Ordered>::from_request(request, &()).await.unwrap();
        let answer = idempotency.answer(keyed, |_, _| async { StatusCode::CREATED }).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    assert_eq!(shop.count("event_answer WHERE answer IS NOT NULL").await, 1);
}
