//! The program, as its users run it: its output, and its HTTP.

#[path = "../../../../tests/common/program.rs"]
mod common;
mod program;
mod real;
#[path = "../../../../tests/common/request.rs"]
mod request;

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use event_schema::kafka::EmbeddedKafka;
use serde_json::{Value, json};

use crate::common::Program;
use crate::program::{Stream, json_of, request, start};
use crate::request::InHand;

const ACTIVITY: &str = r#"{"user": "ada", "action": "look", "quantity": 2}"#;

/// A broker of the test, as the program sees a real one.
fn broker() -> EmbeddedKafka {
    let kafka = EmbeddedKafka::start().expect("a broker");
    for topic in ["event_topic", "user_topic", "order_topic", "user_topic-orders-dlt"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    kafka
}

#[test]
fn the_demonstration_shows_the_flow() {
    let output = Command::new(env!("CARGO_BIN_EXE_gateway")).arg("--demo").output().expect("the program starts");
    let out = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{out}");
    for expected in [
        r##""pointer":"#/quantity""##,
        r##""pointer":"#/email""##,
        r#""event":{"user":"bob","action":"buy","quantity":3}"#,
        r#""userId":"u-2","product":"welcome pack""#,
    ] {
        assert!(out.contains(expected), "{expected} is not in\n{out}");
    }
}

#[test]
fn a_body_is_published_or_all_its_faults_are_answered() {
    let gateway = start(&[]);
    let address = gateway.address();
    let answer = request(&address, "POST /events", &[], ACTIVITY);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(json_of(&answer.body)["place"].as_str().is_some_and(|place| place.starts_with("event_topic/")));

    let answer = request(&address, "POST /events", &[], r#"{"user": "", "quantity": "many"}"#);
    assert_eq!((answer.status, answer.header("content-type")), (422, Some("application/problem+json")));
    let problem = json_of(&answer.body);
    let pointers: Vec<&Value> =
        problem["errors"].as_array().expect("a list").iter().map(|one| &one["pointer"]).collect();
    assert_eq!(pointers, ["#/user", "#/quantity", "#/action"], "{problem}");

    assert_eq!(request(&address, "POST /events", &[], r#"{"user": "#).status, 400);
    assert_eq!(request(&address, "POST /events", &[("content-type", "text/plain")], "hello").status, 415);
    let large = format!(r#"{{"user": "ada", "action": "{}"}}"#, "x".repeat(70_000));
    assert_eq!(request(&address, "POST /events", &[], &large).status, 413);

    // The same request with the same key is answered as before, another one is refused.
    let key = [("idempotency-key", "\"k-1\"")];
    let first = request(&address, "POST /users", &key, r#"{"userId": "u", "name": "Ada", "email": "ada@example.org"}"#);
    let again = request(&address, "POST /users", &key, r#"{"userId": "u", "name": "Ada", "email": "ada@example.org"}"#);
    assert_eq!((first.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(first.body, again.body);
    let other = request(&address, "POST /users", &key, r#"{"userId": "v", "name": "Ada", "email": "ada@example.org"}"#);
    assert_eq!(other.status, 409);

    let orders = Stream::open(&address, "/orders", None).take(1);
    assert_eq!(orders[0].data["event"]["userId"], "u");
    assert_eq!(json_of(&request(&address, "GET /orders", &[], "").body).as_array().map(Vec::len), Some(1));
    assert_eq!(request(&address, "GET /readyz", &[], "").status, 200);
    let page = request(&address, "GET /", &[], "");
    assert!(page.status == 200 && page.body.contains(r#"<body data-roles="gateway users orders">"#));
}

#[test]
fn a_stream_resumes_where_it_was() {
    let gateway = start(&["--role", "gateway"]);
    let address = gateway.address();
    let publish = |quantity: u32| {
        let body = json!({"user": "ada", "action": "count", "quantity": quantity}).to_string();
        assert_eq!(request(&address, "POST /events", &[], &body).status, 201);
    };
    let quantities = |events: &[program::Received]| -> Vec<u64> {
        events.iter().filter_map(|event| event.data["event"]["quantity"].as_u64()).collect()
    };
    (1..=5).for_each(publish);
    let mut first = Stream::open(&address, "/events", None);
    let seen = first.take(5);
    assert_eq!(quantities(&seen), [1, 2, 3, 4, 5]);
    // It goes on with what comes.
    publish(6);
    assert_eq!(quantities(&first.take(1)), [6]);
    drop(first);
    publish(7);
    assert_eq!(quantities(&Stream::open(&address, "/events", Some(&seen[2].id)).take(4)), [4, 5, 6, 7]);
    assert_eq!(quantities(&Stream::open(&address, "/events?limit=2", None).take(2)), [6, 7]);

    let list = json_of(&request(&address, "GET /events?limit=3", &[], "").body);
    let listed: Vec<u64> = (0..3).filter_map(|at| list[at]["event"]["quantity"].as_u64()).collect();
    assert_eq!(listed, [7, 6, 5]);
    assert_eq!(list[2]["id"].as_str(), Some(&*seen[4].id), "the list has the ids of the stream");
    let refused = request(&address, "GET /events?limit=few", &[], "");
    assert_eq!((refused.status, &json_of(&refused.body)["status"]), (400, &json!(400)));
    assert_eq!(request(&address, "GET /events?limits=1", &[], "").status, 400);
    // This process does not have the other routes.
    assert_eq!(request(&address, "POST /users", &[], "{}").status, 404);
    assert_eq!(request(&address, "GET /orders", &[], "").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_when_older_events_are_gone() {
    let kafka = broker();
    let gateway = start(&["--role", "gateway", "--brokers", &kafka.bootstrap_servers()]);
    let address = gateway.address();
    let publish = async |quantity: usize| {
        let body = format!(r#"{{"user": "ada", "action": "count", "quantity": {}}}"#, quantity % 1000 + 1);
        kafka.publish_bytes("event_topic", None, Some(body.as_bytes()), &[]).await;
    };
    publish(0).await;
    let first = Stream::open(&address, "/events", None).take(1).remove(0);
    for number in 1..=1010 {
        publish(number).await;
    }
    let mut live = Stream::open(&address, "/events?limit=0", None);
    let place = loop {
        let list = json_of(&request(&address, "GET /events?limit=5000", &[], "").body);
        let (newest, kept) = (&list[0]["place"], list.as_array().map(Vec::len));
        if newest == "event_topic/0@1010" {
            // Memory is bounded.
            assert_eq!(kept, Some(1000));
            break list[999]["place"].clone();
        }
    };
    assert_eq!(place, "event_topic/0@11");

    let resumed = Stream::open(&address, "/events", Some(&first.id)).take(1001);
    assert_eq!((&*resumed[0].kind, &resumed[0].data), ("gone", &json!({"missed": 10})));
    let places: Vec<&Value> = resumed[1..].iter().map(|event| &event.data["place"]).collect();
    let expected: Vec<String> = (11..=1010).map(|offset| format!("event_topic/0@{offset}")).collect();
    assert!(places.iter().zip(&expected).all(|(place, expected)| *place == expected), "{places:?}");

    // The id of another process, and one that was never given.
    for id in ["0198f00d-1", "nonsense"] {
        let resumed = Stream::open(&address, "/events", Some(id)).take(2);
        assert_eq!((&*resumed[0].kind, &resumed[0].data), ("gone", &json!({"missed": null})));
        assert_eq!(resumed[1].data["place"], "event_topic/0@11");
    }
    // A stream that began meanwhile has no gap either.
    publish(0).await;
    let last = live.until(|event| event.data["place"] == "event_topic/0@1011");
    let numbers = last.iter().map(|event| event.id.rsplit('-').next().and_then(|number| number.parse::<u64>().ok()));
    let numbers: Vec<u64> = numbers.map(|number| number.expect("a number")).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

/// A type that no message matches.
#[event_schema::event]
struct Other {
    nothing: u8,
}

/// Three processes on one broker; and messages of other programs, some of which are none of theirs.
#[tokio::test(flavor = "multi_thread")]
async fn services_of_their_own_pass_over_poison() {
    let kafka = broker();
    let brokers = kafka.bootstrap_servers();
    let service = |role: &str| start(&["--role", role, "--brokers", &brokers]);
    let (users, orders, gateway) = (service("users"), service("orders"), service("gateway"));
    let (to_users, to_orders, to_gateway) = (users.address(), orders.address(), gateway.address());
    for (topic, poison) in [
        ("event_topic", &b"\xff\x00"[..]),
        ("event_topic", br#"{"user": 7}"#),
        ("user_topic", b"no JSON"),
        ("user_topic", br#"{"userId": "u-0", "name": "", "email": "secret-address"}"#),
    ] {
        kafka.publish_bytes(topic, None, Some(poison), &[]).await;
    }
    // In both topics, an event that comes twice, and another one of the same id.
    let body = |user: &str| format!(r#"{{"userId": "{user}", "name": "Ada", "email": "ada@example.org"}}"#);
    for (source, user) in [("/a", "u-a"), ("/a", "u-a"), ("/b", "u-b")] {
        let headers = [("ce_specversion", &b"1.0"[..]), ("ce_id", b"1"), ("ce_source", source.as_bytes())];
        let with_type = |name| [&headers[..], &[("ce_type", name)]].concat();
        let headers = with_type(&b"user.registered.v1"[..]);
        kafka.publish_bytes("user_topic", None, Some(body(user).as_bytes()), &headers).await;
        let activity = format!(r#"{{"user": "{user}", "action": "pass"}}"#);
        kafka.publish_bytes("event_topic", None, Some(activity.as_bytes()), &with_type(b"activity.v1")).await;
    }
    kafka.publish_bytes("event_topic", None, Some(br#"{"user": "u-c", "action": "pass"}"#), &[]).await;
    assert_eq!(request(&to_users, "POST /users", &[], &body("u-c")).status, 201);

    let made = Stream::open(&to_orders, "/orders", None).take(3);
    let of: Vec<&Value> = made.iter().map(|order| &order.data["event"]["userId"]).collect();
    assert_eq!(of, ["u-a", "u-b", "u-c"]);
    let received = Stream::open(&to_gateway, "/events", None).take(3);
    let of: Vec<&Value> = received.iter().map(|event| &event.data["event"]["user"]).collect();
    assert_eq!(of, ["u-a", "u-b", "u-c"]);
    assert_ne!(made[0].data["event"]["orderId"], made[1].data["event"]["orderId"]);

    // Nothing is lost, and the log says what is wrong without values.
    let letters = kafka.received::<Other>("user_topic-orders-dlt", 2).await;
    let mut bytes: Vec<&[u8]> = letters.iter().map(|letter| letter.rejection().expect("no event").bytes()).collect();
    bytes.sort_unstable();
    assert_eq!(bytes, [&b"no JSON"[..], br#"{"userId": "u-0", "name": "", "email": "secret-address"}"#]);
    let log = orders.end();
    assert!(log.status.success() && log.text.contains("name: Length must be between 1 and 100."), "{}", log.text);
    assert!(!log.text.contains("secret-address"), "{}", log.text);
    let log = gateway.end();
    assert!(log.status.success() && log.text.contains("user: Not a valid string."), "{}", log.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_nothing_is_lost() {
    let kafka = broker();
    let gateway = start(&["--brokers", &kafka.bootstrap_servers()]);
    let address = gateway.address();
    assert_eq!(request(&address, "POST /events", &[], ACTIVITY).status, 201);
    let mut stream = Stream::open(&address, "/events", None);
    stream.take(1);

    kafka.broker_down();
    let started = Instant::now();
    let key = [("idempotency-key", "\"k-2\"")];
    let answer = request(&address, "POST /events", &key, r#"{"user": "bob", "action": "wait"}"#);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some() && started.elapsed() < Duration::from_secs(20), "{answer:?}");
    let outcome = json_of(&answer.body)["outcome"].clone();
    assert!(outcome == "not_sent" || outcome == "unknown", "{outcome}");
    assert_eq!(json_of(&request(&address, "GET /events", &[], "").body).as_array().map(Vec::len), Some(1));

    // The client tries again, as it was invited to, until the service has noticed.
    kafka.broker_up();
    let back = Instant::now();
    while request(&address, "POST /events", &key, r#"{"user": "bob", "action": "wait"}"#).status != 201 {
        assert!(back.elapsed() < common::PATIENCE, "the broker is back");
    }
    let received = stream.take(1);
    assert_eq!(received[0].data["event"]["user"], "bob", "{received:?}");
}

/// It says why it answers nobody, and goes on when others have left.
#[test]
fn connections_beyond_the_limit_of_files_are_named() {
    let limited = r#"ulimit -n 128 && exec "$0" --listen 127.0.0.1:0"#;
    let gateway = Program::start_with_log(Command::new("sh").args(["-c", limited, env!("CARGO_BIN_EXE_gateway")]));
    let address = gateway.address();
    let silent: Vec<TcpStream> =
        (0..128).map(|_| TcpStream::connect(&address).expect("room in the queue of the listener")).collect();
    gateway.after("accept error: ");
    drop(silent);
    assert_eq!(request(&address, "POST /events", &[], ACTIVITY).status, 201);
    let end = gateway.end();
    assert!(end.status.success(), "{}", end.text);
}

#[test]
fn a_signal_ends_it_though_streams_are_open() {
    let gateway = start(&[]);
    let address = gateway.address();
    assert_eq!(request(&address, "POST /events", &[], ACTIVITY).status, 201);
    let mut streams: Vec<Stream> = (0..20).map(|_| Stream::open(&address, "/events", None)).collect();
    for stream in &mut streams {
        stream.take(1);
    }
    // The last one is never finished.
    let (finished, unfinished) =
        (InHand::post(&address, "/events", ACTIVITY), InHand::post(&address, "/events", ACTIVITY));
    let started = Instant::now();
    gateway.terminate();
    for stream in &mut streams {
        stream.end();
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // It is still answered, and one that is never ended does not keep the process.
    let answer = finished.send().answer();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    let end = gateway.wait();
    assert!(
        end.status.success() && started.elapsed() < Duration::from_secs(20),
        "{:?}: {}",
        started.elapsed(),
        end.text
    );
    drop(unfinished);
}

#[test]
fn faults_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a name").to_owned()
    };
    let error = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gateway")).args(args).output().expect("the program starts");
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(!text.contains("panicked"), "{text}");
        (output.status.code(), text)
    };
    for (args, code, expected) in [
        (&["--bogus"][..], 2, "--bogus"),
        (&["--role", "billing"], 2, "billing"),
        (&["--role", ""], 2, "--role"),
        (&["--listen", "8080"], 2, "8080"),
        (&["--demo", "--config", "x"], 2, "--config"),
        (&["--config", "nowhere.properties"], 1, "nowhere.properties"),
        (&["--config", &file("a", "bootstrap.server=x")], 1, "did you mean `bootstrap.servers`?"),
        (&["--config", &file("b", "bootstrap.servers=127.0.0.1:1")], 1, "127.0.0.1:1"),
        (&["--config", &file("c", "linger.ms=5")], 1, "bootstrap.servers"),
        (&["--brokers", "127.0.0.1:1"], 1, "127.0.0.1:1"),
    ] {
        let (found, text) = error(args);
        assert!(found == Some(code) && text.contains(expected), "{args:?}: {found:?} {text}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, text) = error(&["--listen", &address]);
    assert!(code == Some(1) && text.contains(&address), "{text}");
}
