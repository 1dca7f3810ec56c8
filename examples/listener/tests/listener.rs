//! The program, as a user runs it.

#[path = "../../../tests/common/program.rs"]
mod program;
#[path = "../../../tests/common/request.rs"]
mod request;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Instant;

use event_schema::kafka::EmbeddedKafka;

use crate::program::{PATIENCE, Program};
use crate::request::InHand;

fn start(args: &[&str]) -> Program {
    Program::start(Command::new(env!("CARGO_BIN_EXE_listener")).args(args))
}

/// The status and the body of an answer.
fn request(address: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a server");
    let length = body.len();
    let text = format!(
        "{head} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[test]
fn the_demonstration_keeps_the_order_of_keys() {
    let program = start(&["--demo"]);
    let mut offsets: HashMap<(String, String), i64> = HashMap::new();
    let mut messages: HashMap<String, Vec<String>> = HashMap::new();
    let mut listeners = HashMap::<String, usize>::new();
    for line in &program.lines {
        let Some((listener, rest)) = line.split_once(": topic test, partition ") else { continue };
        let mut parts = rest.splitn(3, ", ");
        let partition = parts.next().expect("a partition");
        let offset: i64 = parts.next().and_then(|text| text.strip_prefix("offset ")?.parse().ok()).expect("an offset");
        let (key, message) = parts.next().and_then(|text| text.strip_prefix("key ")?.split_once(": ")).expect("a key");
        let last = offsets.insert((partition.to_owned(), key.to_owned()), offset);
        assert!(last.is_none_or(|last| last < offset), "{line}");
        messages.entry(key.to_owned()).or_default().push(message.to_owned());
        *listeners.entry(listener.to_owned()).or_default() += 1;
    }
    assert_eq!(messages.len(), 6);
    let rounds = (1..=3).flat_map(|round| (1..=2).map(move |message| format!("message {message} of round {round}")));
    let expected: Vec<String> = rounds.collect();
    assert!(messages.values().all(|found| *found == expected), "{messages:?}");
    // The first one has the first round at least, and each of the others a part of the others.
    assert!(listeners.len() == 3 && listeners["listener-1"] >= 12, "{listeners:?}");
}

#[test]
fn two_listeners_share_what_is_posted() {
    let kafka = EmbeddedKafka::start().expect("a broker");
    kafka.create_topic("test", 2).expect("a topic");
    let brokers = kafka.bootstrap_servers();
    let listener = |name: &str| {
        let program = start(&["--brokers", &brokers, "--listen", "127.0.0.1:0", "--name", name]);
        let address = program.address();
        (program, address)
    };
    let (one, address) = listener("one");
    one.after("partitions [0, 1]");
    let (two, _) = listener("two");
    two.after("partitions [1]");
    one.after("partitions [0]");

    assert_eq!(request(&address, "GET /readyz", "").0, 200);
    let (mut seen, started) = ([false; 2], Instant::now());
    for number in 0.. {
        let (status, place) = request(&address, "POST /test", &format!(r#"{{"key": "{number}", "message": "hello"}}"#));
        assert_eq!(status, 201, "{place}");
        let (listener, at) = if place.starts_with("test/0@") { (&one, 0) } else { (&two, 1) };
        assert!(listener.after(&format!("key {number}: ")) == "hello");
        seen[at] = true;
        if seen == [true; 2] {
            break;
        }
        assert!(started.elapsed() < PATIENCE);
    }
    let (status, problem) = request(&address, "POST /test", r#"{"key": "", "message": 7}"#);
    assert_eq!(status, 422);
    assert!(problem.contains("#/key") && problem.contains("#/message"), "{problem}");
}

#[test]
fn a_signal_finishes_the_requests_in_hand() {
    let listener = start(&["--listen", "127.0.0.1:0"]);
    let address = listener.address();
    let body = r#"{"key": "A", "message": "hello"}"#;
    // The last one is never finished.
    let (finished, unfinished) = (InHand::post(&address, "/test", body), InHand::post(&address, "/test", body));
    listener.terminate();
    // No other client is heard, as soon as the program knows.
    let told = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(told.elapsed() < PATIENCE);
    }
    let answer = finished.send().answer();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    let end = listener.wait();
    assert!(end.status.success(), "{}", end.text);
    drop(unfinished);
}

#[test]
fn faults_are_named() {
    let error = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_listener")).args(args).output().expect("the program starts");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(error(&["--config", "nowhere.properties"]).contains("nowhere.properties"));
    let unreachable = error(&["--brokers", "127.0.0.1:1", "--listen", "127.0.0.1:0"]);
    assert!(unreachable.contains("127.0.0.1:1"), "{unreachable}");
    assert!(error(&["--listen", "here"]).contains("here"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let unusable = error(&["--listen", &address]);
    assert!(unusable.contains(&address), "{unusable}");
}
