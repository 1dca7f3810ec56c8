//! Answers to requests whose events are sent to a broker, or cannot be.

use std::time::Duration;

use crate::{Answer, call, post};
use event_schema::axum::axum08::extract::State;
use event_schema::axum::axum08::http::StatusCode;
use event_schema::axum::axum08::response::{IntoResponse, Response};
use event_schema::axum::axum08::{Extension, Router, routing};
use event_schema::axum::{Caller, Event, Idempotency, Keyed, RecentAnswers};
use event_schema::kafka::{EmbeddedKafka, EventProducer, SendError};
use event_schema::prelude::*;

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.requested", topic = "secret-orders", key = order_id)]
struct Order {
    order_id: String,
    #[validate(length(max = 5000))]
    note: Option<String>,
}

const ORDER: &str = r#"{"order_id": "A-1"}"#;

#[derive(Clone)]
struct Shop {
    producer: EventProducer,
    idempotency: Idempotency<RecentAnswers>,
}

async fn order(State(shop): State<Shop>, order: Keyed<Order>) -> Response {
    let send = |order, envelope| async move {
        shop.producer.message(&order).envelope(envelope).send().await?;
        Ok::<_, SendError>(StatusCode::ACCEPTED)
    };
    shop.idempotency.answer(order, send).await
}

/// A shop whose producer gives up soon.
async fn shop(kafka: &EmbeddedKafka) -> (Router, EventProducer) {
    let config = kafka.config().set("delivery.timeout.ms", "1000").set("message.max.bytes", "2000");
    let producer = EventProducer::connect(&config).await.unwrap().with_source("/shop").unwrap();
    let idempotency = Idempotency::new("/shop", RecentAnswers::new(100, Duration::from_secs(3600))).unwrap();
    let shop = Shop { producer: producer.clone(), idempotency };
    (Router::new().route("/orders", routing::post(order)).with_state(shop), producer)
}

async fn kafka() -> (EmbeddedKafka, Router, EventProducer) {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("secret-orders", 1).unwrap();
    let (app, producer) = shop(&kafka).await;
    (kafka, app, producer)
}

async fn send(app: &Router, key: Option<&str>) -> Answer {
    let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    call(app, post("/orders", &headers, ORDER)).await
}

async fn answer(error: SendError) -> Answer {
    Answer::of(error.into_response()).await
}

/// Has this status, says whether the event was sent, and nothing of what is behind the service.
#[track_caller]
fn assert_says(answer: &Answer, status: u16, outcome: &str, retry_after: Option<&str>) {
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, retry_after), "{answer:?}");
    assert_eq!(answer.problem()["outcome"], outcome, "{answer:?}");
    for hidden in ["secret", "127.0.0.1", "message.max.bytes", "hunter2"] {
        assert!(!answer.text().contains(hidden), "{answer:?}");
    }
}

#[tokio::test]
async fn an_order_is_published_once_under_the_id_of_its_key() {
    let (kafka, app, _) = kafka().await;
    for _ in 0..3 {
        assert_eq!(send(&app, Some("k-1")).await.status, StatusCode::ACCEPTED);
    }
    let ada = app.clone().layer(Extension(Caller::new("ada")));
    assert_eq!(send(&ada, Some("k-1")).await.status, StatusCode::ACCEPTED);
    // After a restart the memory is empty, and the id the same.
    let (restarted, _) = shop(&kafka).await;
    assert_eq!(send(&restarted, Some("k-1")).await.status, StatusCode::ACCEPTED);
    assert_eq!(send(&restarted, None).await.status, StatusCode::ACCEPTED);

    let received = kafka.received::<Order>("secret-orders", 4).await;
    let ids: Vec<String> = received.iter().map(|order| order.envelope().id().to_owned()).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids[0] == ids[2] && ids[0] != ids[1] && ids[0] != ids[3] && ids[1] != ids[3], "{ids:?}");
    assert!(received.iter().all(|order| order.envelope().source() == Some("/shop")));
}

#[tokio::test]
async fn a_broker_that_is_away_has_not_got_the_event() {
    let (kafka, app, producer) = kafka().await;
    kafka.broker_down();
    for key in [None, Some("k-1")] {
        assert_says(&send(&app, key).await, 503, "not_sent", Some("5"));
    }
    kafka.broker_up();
    // The client does as it is told.
    let accepted = async { while send(&app, Some("k-1")).await.status != StatusCode::ACCEPTED {} };
    tokio::time::timeout(Duration::from_secs(30), accepted).await.expect("the broker is back");
    // What was not sent did not come.
    assert_eq!(send(&app, Some("k-2")).await.status, StatusCode::ACCEPTED);
    let received = kafka.received::<Order>("secret-orders", 2).await;
    assert_ne!(received[0].envelope().id(), received[1].envelope().id());

    producer.close(Duration::from_secs(5)).await.unwrap();
    assert_says(&send(&app, None).await, 503, "not_sent", Some("5"));
}

#[tokio::test]
async fn an_unknown_outcome_invites_a_retry_only_with_a_key() {
    let (kafka, app, _) = kafka().await;
    // The producer knows the topic by now.
    assert_eq!(send(&app, None).await.status, StatusCode::ACCEPTED);
    kafka.answer_after(Duration::from_secs(60));
    assert_says(&send(&app, None).await, 503, "unknown", None);
    kafka.answer_after(Duration::ZERO);

    let (kafka, app, _) = self::kafka().await;
    assert_eq!(send(&app, None).await.status, StatusCode::ACCEPTED);
    kafka.answer_after(Duration::from_secs(60));
    let unknown = send(&app, Some("k-1")).await;
    assert_says(&unknown, 503, "unknown", Some("5"));
    assert!(unknown.problem()["detail"].as_str().unwrap().contains("Idempotency-Key"));
    kafka.answer_after(Duration::ZERO);
    // The client does as it is told.
    let accepted = async { while send(&app, Some("k-1")).await.status != StatusCode::ACCEPTED {} };
    tokio::time::timeout(Duration::from_secs(30), accepted).await.expect("the broker is back");
    let mut received = kafka.received::<Order>("secret-orders", 2).await;
    received.remove(0);
    assert!(!received.is_empty());
    assert!(received.iter().all(|order| order.envelope().id() == received[0].envelope().id()));
}

#[tokio::test]
async fn an_event_that_is_at_fault_is_told_so() {
    let (_kafka, app, producer) = kafka().await;
    let large = format!(r#"{{"order_id": "A-1", "note": "{}"}}"#, "hunter2".repeat(600));
    assert_says(&call(&app, post("/orders", &[], large)).await, 413, "not_sent", None);

    let invalid = Order { order_id: "A-1".to_owned(), note: Some("hunter2".repeat(1000)) };
    let refused = answer(producer.send(&invalid).await.unwrap_err()).await;
    assert_says(&refused, 422, "not_sent", None);
    assert_eq!(refused.problem()["errors"][0]["pointer"], "#/note");
}

#[tokio::test]
async fn a_service_that_is_set_up_wrong_says_little() {
    #[derive(Serialize, EventSchema)]
    struct SecretHomeless {
        id: u32,
    }

    let (_kafka, _, producer) = kafka().await;
    let homeless = producer.send(&SecretHomeless { id: 7 }).await.unwrap_err();
    let order = Order { order_id: "A-1".to_owned(), note: None };
    let envelope = event_schema::Envelope::new().with_id("");
    let envelope = producer.message(&order).envelope(envelope).send().await.unwrap_err();
    for error in [homeless, envelope] {
        assert_says(&answer(error).await, 500, "not_sent", None);
    }
}

#[tokio::test]
async fn a_handler_sends_with_a_question_mark() {
    async fn order(State(producer): State<EventProducer>, Event(order): Event<Order>) -> Result<StatusCode, SendError> {
        producer.send(&order).await?;
        Ok(StatusCode::ACCEPTED)
    }

    let (kafka, _, producer) = kafka().await;
    let app = Router::new().route("/orders", routing::post(order)).with_state(producer);
    assert_eq!(send(&app, None).await.status, StatusCode::ACCEPTED);
    kafka.broker_down();
    assert_says(&send(&app, None).await, 503, "not_sent", Some("5"));
}
