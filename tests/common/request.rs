//! A request that a service has in hand: its handler waits for the body.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A `POST` of JSON, all but its body.
pub(crate) struct InHand {
    stream: TcpStream,
    body: String,
}

impl InHand {
    /// Sends the head, and waits until the service asks for the body.
    pub(crate) fn post(address: &str, path: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("a server");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("a connection");
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).expect("an answer");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body: body.to_owned() }
    }

    /// Sends the body.
    pub(crate) fn send(mut self) -> Sent {
        self.stream.write_all(self.body.as_bytes()).expect("a connection");
        Sent(self.stream)
    }
}

/// A whole request.
pub(crate) struct Sent(TcpStream);

impl Sent {
    /// The answer, with its head.
    pub(crate) fn answer(mut self) -> String {
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).expect("an answer");
        answer
    }
}
