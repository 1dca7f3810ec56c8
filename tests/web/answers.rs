//! Events as answers.

use crate::{Answer, call};
use event_schema::axum::Event;
use event_schema::axum::axum08::body::Body;
use event_schema::axum::axum08::http::{Request, StatusCode};
use event_schema::axum::axum08::response::IntoResponse;
use event_schema::axum::axum08::{Router, routing};
use event_schema::prelude::*;

#[derive(Debug, Serialize, EventSchema)]
struct Account {
    #[validate(length(max = 10))]
    iban: String,
    balance: f64,
}

async fn answer(iban: &str, balance: f64) -> Answer {
    Answer::of(Event(Account { iban: iban.to_owned(), balance }).into_response()).await
}

#[tokio::test]
async fn an_event_is_written_as_dump_writes_it() {
    let written = answer("DE02", 1.5).await;
    assert_eq!((written.status, written.header("content-type")), (StatusCode::OK, Some("application/json")));
    assert_eq!(written.body, Account { iban: "DE02".to_owned(), balance: 1.5 }.dump().unwrap());

    let created = async || {
        (StatusCode::CREATED, [("location", "/accounts/7")], Event(Account { iban: String::new(), balance: 0.0 }))
    };
    let app = Router::new().route("/", routing::get(created));
    let written = call(&app, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!((written.status, written.header("location")), (StatusCode::CREATED, Some("/accounts/7")));
}

#[tokio::test]
async fn an_invalid_event_does_not_get_out() {
    for (iban, balance) in [("DE02100100100006820101", 1.5), ("DE02", f64::NAN)] {
        let refused = answer(iban, balance).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
        let problem = refused.problem();
        assert_eq!(problem["detail"], "the answer could not be written");
        assert!(!refused.text().contains("DE02") && !refused.text().contains("iban"), "{problem}");
    }
}
