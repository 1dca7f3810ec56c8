//! The program on a free port, and a client of its HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::common::{PATIENCE, Program};

pub(crate) fn start(args: &[&str]) -> Program {
    Program::start(Command::new(env!("CARGO_BIN_EXE_gateway")).args(["--listen", "127.0.0.1:0"]).args(args))
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header. The name is in small letters, as hyper writes it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(crate) fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn connect(address: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a server");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    // A server that refuses a large body need not read it.
    let _ = stream.write_all(text.as_bytes());
    stream
}

/// A request with JSON, unless the headers say otherwise.
pub(crate) fn request(address: &str, head: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut text = format!("{head} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        text.push_str("Content-Type: application/json\r\n");
    }
    text.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    let mut answer = Vec::new();
    let read = connect(address, &format!("{text}\r\n{body}")).read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{read:?}: {answer}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A stream of server-sent events.
pub(crate) struct Stream(BufReader<TcpStream>);

#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Stream {
    pub(crate) fn open(address: &str, path: &str, last: Option<&str>) -> Self {
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let text = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n{last}\r\n");
        let mut stream = Self(BufReader::new(connect(address, &text)));
        let head: Vec<String> = std::iter::from_fn(|| stream.line()).take_while(|line| !line.is_empty()).collect();
        assert!(
            head[0].contains("200") && head.iter().any(|line| line == "content-type: text/event-stream"),
            "{head:?}"
        );
        stream
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("a line in time");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn next(&mut self) -> Received {
        let (mut received, started) = (Received::default(), Instant::now());
        loop {
            // There are comments now and then.
            assert!(started.elapsed() < PATIENCE, "no other event");
            let line = self.line().expect("another event");
            match line.split_once(": ") {
                Some(("event", kind)) => kind.clone_into(&mut received.kind),
                Some(("id", id)) => id.clone_into(&mut received.id),
                Some(("data", data)) => received.data = json_of(data),
                _ if line.is_empty() && !received.data.is_null() => return received,
                _ => {}
            }
        }
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<Received> {
        (0..count).map(|_| self.next()).collect()
    }

    pub(crate) fn until(&mut self, is_last: impl Fn(&Received) -> bool) -> Vec<Received> {
        let mut all = vec![self.next()];
        while !all.last().is_some_and(&is_last) {
            all.push(self.next());
        }
        all
    }

    /// Waits for the end.
    pub(crate) fn end(&mut self) {
        while self.line().is_some() {}
    }
}
