//! The server of an app, and clients that do not finish their requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use event_schema::axum::axum08::body::Body;
use event_schema::axum::axum08::routing::{get, post};
use event_schema::axum::axum08::{Json, Router};
use event_schema::axum::{Event, serve};
use event_schema::kafka::{App, AppError, AppHandle};
use event_schema::prelude::*;
use event_schema::serde_json::json;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request::InHand;

#[derive(Debug, Serialize, EventSchema)]
struct Order {
    number: u32,
}

/// An app with a server, which runs.
struct Service {
    address: SocketAddr,
    handle: AppHandle,
    running: JoinHandle<Result<(), AppError>>,
}

impl Service {
    async fn start(deadline: Duration, read_timeout: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endless = async || {
            let first = stream::iter([Ok::<_, Infallible>("first")]);
            Body::from_stream(first.chain(stream::pending()))
        };
        let accept = async |Event(order): Event<Order>| Json(json!({"number": order.number}));
        let router = Router::new().route("/orders", post(accept)).route("/stream", get(endless));
        let app = App::new("shop")
            .deadline(deadline)
            .task("http", async move |closing| Ok(serve(listener, router, closing).read_timeout(read_timeout).await?));
        let handle = app.handle();
        Self { address, handle, running: tokio::spawn(app.run()) }
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(text.as_bytes()).await.unwrap();
        client
    }

    fn in_hand(&self) -> InHand {
        InHand::post(&self.address.to_string(), "/orders", r#"{"number": 7}"#)
    }
}

/// All that comes until the connection is closed.
async fn rest(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), client.read_to_end(&mut bytes)).await.expect("an end").unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_ends_though_clients_do_not_finish() {
    let service = Service::start(Duration::from_secs(4), Duration::from_secs(60)).await;
    let (finished, _unfinished) = (service.in_hand(), service.in_hand());
    let mut half = service.send("POST /orders HTTP/1.1\r\nHost: ").await;
    let mut stream = service.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut begun = [0; 15];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");

    let closed = Instant::now();
    service.handle.close();
    // No other client is heard, as soon as the server knows.
    while TcpStream::connect(service.address).await.is_ok() {
        assert!(closed.elapsed() < Duration::from_secs(1));
    }
    let answer = finished.send().answer();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"number":7}"#), "{answer}");
    // The app has half of its time for a task, and the other clients are cut off before.
    service.running.await.unwrap().unwrap();
    assert!(closed.elapsed() < Duration::from_secs(2), "{:?}", closed.elapsed());
    assert_eq!(rest(&mut half).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_silent_are_not_waited_for() {
    let service = Service::start(Duration::from_secs(25), Duration::from_millis(300)).await;
    let (mut silent, mut half) = (service.send("").await, service.send("GET /stream HTTP/1.1\r\nHost: ").await);
    let head = "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13";
    let mut unfinished = service.send(&format!("{head}\r\n\r\n{{")).await;
    assert_eq!((rest(&mut silent).await, rest(&mut half).await), (String::new(), String::new()));
    let answer = rest(&mut unfinished).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request") && answer.contains("the body broke off"), "{answer}");
    // A connection stays for several requests, and an answer may take longer.
    let mut stream = service.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let open =
        tokio::time::timeout(Duration::from_secs(1), async { while stream.read(&mut [0]).await.unwrap() > 0 {} });
    assert!(open.await.is_err(), "the stream is open");
    drop(stream);
    service.handle.close();
    service.running.await.unwrap().unwrap();
}
