//! Outages, unknown schemas, refusals, and many who ask at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_schema::format::framing::SchemaId;
use event_schema::registry::{SchemaRegistry, SchemaText};
use serde_json::json;
use tokio::sync::watch;

use super::server::{Reply, Server, json as answer, text, wrong};
use super::{client, hasty};

const LONG: SchemaId = SchemaId::Number(7);

fn long() -> Reply {
    answer(200, &json!({ "schema": "\"long\"" }))
}

/// A server that gives each of these answers once, and then the last one.
async fn in_turn(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| replies[next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1)].clone()).await
}

/// An address at which nobody listens.
async fn nobody() -> std::net::SocketAddr {
    let server = Server::start(|_| long()).await;
    server.address()
}

#[tokio::test]
async fn transient_answers_are_asked_again_and_not_kept() {
    for failure in [
        wrong(50001, "Error in the backend datastore"),
        wrong(50003, "Error while forwarding the request to the primary"),
        wrong(429, "Too many requests"),
        text(503, "<html>upstream</html>"),
        text(408, ""),
    ] {
        let server = in_turn(vec![failure.clone(), failure.clone(), long()]).await;
        assert!(client(&server.url()).schema_as_registered(LONG).await.is_ok());
        assert_eq!(server.count(), 3);

        // Once more than it is asked, and then the registry is well.
        let server = in_turn(vec![failure.clone(), failure.clone(), failure, long()]).await;
        let registry = SchemaRegistry::new(&hasty(&server.url()).set("max.retries", "2")).unwrap();
        let error = registry.schema_as_registered(LONG).await.unwrap_err();
        assert!(error.is_transient() && !error.is_unknown() && !error.is_invalid(), "{error}");
        assert_eq!(server.count(), 3);
        assert!(registry.schema_as_registered(LONG).await.is_ok());
        assert_eq!(server.count(), 4);
    }
}

#[tokio::test]
async fn answers_that_stand_are_not_asked_for_again_nor_kept() {
    let register = SchemaText::avro("\"long\"");
    for (reply, is) in [
        (wrong(40403, "Schema 7 not found"), [true, false, false, false]),
        (wrong(40401, "Subject 'pings-value' not found."), [true, false, false, false]),
        (wrong(409, "Schema being registered is incompatible with an earlier schema"), [false, true, false, false]),
        (wrong(42201, "Input schema is an invalid Avro schema"), [false, false, true, false]),
        (wrong(40101, "Unauthorized"), [false, false, false, true]),
        (wrong(40301, "Forbidden"), [false, false, false, true]),
        // Of whatever is at this address.
        (text(404, "<html>Not Found</html>"), [false; 4]),
        (wrong(404, "HTTP 404 Not Found"), [false; 4]),
        (text(200, "<html>Log in</html>"), [false; 4]),
        (answer(200, &json!({ "id": "seven" })), [false; 4]),
    ] {
        let server = in_turn(vec![reply.clone(), reply.clone(), reply, answer(200, &json!({ "id": 7 }))]).await;
        let registry = client(&server.url());
        for asked in 1..=3 {
            let error = registry.register("pings-value", &register).await.unwrap_err();
            let found = [error.is_unknown(), error.is_incompatible(), error.is_invalid(), error.is_denied()];
            assert_eq!(found, is, "{error}");
            assert!(!error.is_transient() && !error.is_config(), "{error}");
            assert_eq!(server.count(), asked);
        }
        assert!(registry.register("pings-value", &register).await.is_ok());
    }
}

#[tokio::test]
async fn a_registry_that_is_down_is_reached_when_it_is_back() {
    let address = nobody().await;
    let url = format!("http://{address}");
    let registry = SchemaRegistry::new(&hasty(&url).set("max.retries", "1000000")).unwrap();
    let waiting = tokio::spawn({
        let registry = registry.clone();
        async move { registry.schema_as_registered(LONG).await }
    });
    let once = SchemaRegistry::new(&hasty(&url).set("max.retries", "0")).unwrap();
    for _ in 0..3 {
        let error = once.schema_as_registered(LONG).await.unwrap_err();
        assert!(error.is_transient());
        assert!(error.to_string().starts_with(&format!("GET {url}/schemas/ids/7: ")), "{error}");
    }
    assert!(!waiting.is_finished());
    let server = Server::asynchronous(address, |_| async { long() }).await;
    assert!(waiting.await.unwrap().is_ok());
    assert!(once.schema_as_registered(LONG).await.is_ok());
    drop(server);
    // Known for good.
    assert!(once.schema_as_registered(LONG).await.is_ok());
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_given_up_in_time() {
    let server = Server::asynchronous("127.0.0.1:0".parse().unwrap(), |_| std::future::pending()).await;
    let config = hasty(&server.url()).set("http.read.timeout.ms", "50").set("max.retries", "1");
    let error = SchemaRegistry::new(&config).unwrap().schema_as_registered(LONG).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn the_next_node_is_asked_and_stays_the_first() {
    let down = nobody().await;
    let ill = in_turn(vec![wrong(50002, "Operation timed out")]).await;
    let well = Server::start(|request| match &*request.target {
        "/schemas/ids/8" => wrong(40403, "Schema 8 not found"),
        _ => long(),
    })
    .await;
    let urls = format!("http://{down}, {}, {}", ill.url(), well.url());
    let registry = SchemaRegistry::new(&hasty(&urls).set("max.retries", "0")).unwrap();
    for id in 1..=3 {
        assert!(registry.schema_as_registered(SchemaId::Number(id)).await.is_ok());
    }
    // What one says that is well is not asked of the others.
    assert!(registry.schema_as_registered(SchemaId::Number(8)).await.unwrap_err().is_unknown());
    assert_eq!((ill.count(), well.count()), (1, 4));

    let address = well.address();
    drop(well);
    let error = registry.schema_as_registered(SchemaId::Number(9)).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(ill.count(), 2);
    let _well = Server::asynchronous(address, |_| async { long() }).await;
    assert!(registry.schema_as_registered(SchemaId::Number(9)).await.is_ok());
}

#[tokio::test]
async fn many_who_ask_make_one_request() {
    let (open, gate) = watch::channel(false);
    let server = Server::asynchronous("127.0.0.1:0".parse().unwrap(), move |request| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            if request.method == "POST" { answer(200, &json!({ "id": 9 })) } else { long() }
        }
    })
    .await;
    let registry = client(&server.url());
    let schema = Arc::new(SchemaText::avro("\"long\""));
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (registry, schema) = (registry.clone(), Arc::clone(&schema));
            tokio::spawn(async move {
                if number % 2 == 0 {
                    registry.schema_as_registered(LONG).await.unwrap();
                } else {
                    registry.register("pings-value", &schema).await.unwrap();
                }
            })
        })
        .collect();
    while server.count() < 2 {
        tokio::task::yield_now().await;
    }
    // Some leave before there is an answer, with those that asked first; the others do not notice.
    for task in &tasks[..10] {
        task.abort();
    }
    open.send(true).unwrap();
    for task in tasks.into_iter().skip(10) {
        task.await.unwrap();
    }
    registry.schema_as_registered(LONG).await.unwrap();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn an_answer_that_comes_after_its_caller_left_is_kept() {
    let (open, gate) = watch::channel(false);
    let server = Server::asynchronous("127.0.0.1:0".parse().unwrap(), move |_| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            long()
        }
    })
    .await;
    let registry = client(&server.url());
    let asked = async {
        while server.count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        found = registry.schema_as_registered(LONG) => panic!("{found:?}"),
        () = asked => {}
    }
    open.send(true).unwrap();
    registry.schema_as_registered(LONG).await.unwrap();
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_node_that_is_no_registry_is_passed_over() {
    for reply in [
        text(404, "<html>Not Found</html>"),
        text(200, "<html>Log in</html>"),
        text(401, ""),
        text(403, "<html>Forbidden</html>"),
    ] {
        let page = in_turn(vec![reply.clone()]).await;
        let well = Server::start(|request| match &*request.target {
            "/schemas/ids/8" => wrong(40403, "Schema 8 not found"),
            _ => long(),
        })
        .await;
        let registry = client(&format!("{}, {}", page.url(), well.url()));
        assert!(registry.schema_as_registered(LONG).await.is_ok());
        // The registry is the first from now on.
        assert!(registry.schema_as_registered(SchemaId::Number(8)).await.unwrap_err().is_unknown());
        assert_eq!((page.count(), well.count()), (1, 2));

        // None of them is one, and none becomes the first.
        let other = in_turn(vec![text(404, "")]).await;
        let registry = client(&format!("{}, {}", page.url(), other.url()));
        for asked in 1..=2 {
            let error = registry.schema_as_registered(LONG).await.unwrap_err();
            assert!(error.to_string().starts_with(&format!("GET {}/", page.url())), "{error}");
            assert!(!error.is_transient() && !error.is_unknown(), "{error}");
            assert_eq!((page.count(), other.count()), (1 + asked, asked));
        }
        // A registry that is down may come back.
        let registry = SchemaRegistry::new(&hasty(&format!("{}, http://{}", page.url(), nobody().await)));
        assert!(registry.unwrap().schema_as_registered(LONG).await.unwrap_err().is_transient());
    }
}

#[tokio::test]
async fn a_pause_that_the_registry_asks_for_is_made() {
    let busy = wrong(429, "Too many requests").header("Retry-After", "1");
    let server = in_turn(vec![busy.clone(), long()]).await;
    let config = hasty(&server.url()).set("retries.max.wait.ms", "20000");
    let before = Instant::now();
    SchemaRegistry::new(&config).unwrap().schema_as_registered(LONG).await.unwrap();
    assert!(before.elapsed() >= Duration::from_secs(1));

    // But not for longer than the configuration allows.
    let server = in_turn(vec![busy.header("Retry-After", "3600"), long()]).await;
    client(&server.url()).schema_as_registered(LONG).await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let server = in_turn(vec![text(200, &"x".repeat(17 << 20))]).await;
    let error = client(&server.url()).schema_as_registered(LONG).await.unwrap_err();
    assert!(error.to_string().ends_with("longer than 16 MiB"), "{error}");
}
