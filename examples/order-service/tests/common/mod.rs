//! The program as a process, and requests to it.

#![allow(dead_code, reason = "each test program uses a part")]

#[path = "../../../../tests/common/program.rs"]
pub(crate) mod process;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use event_schema::kafka::KafkaConfig;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::metadata::MetadataTopic;
use event_schema::serde_json::{self, Value};
use reqwest::{Client, StatusCode};

pub(crate) use self::process::{PATIENCE, Program};

pub(crate) fn start(config: &Path, database: Option<&str>, args: &[&str]) -> Program {
    let mut command = program();
    command.arg("--config").arg(config).args(args);
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    Program::start_with_log(&mut command)
}

/// The URL for HTTP, as the program says it.
pub(crate) fn url(program: &Program) -> String {
    format!("http://{}", program.address())
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_order-service"));
    command.env_remove("DATABASE_URL").env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

pub(crate) async fn get(url: &str) -> (StatusCode, String) {
    let answer = Client::new().get(url).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a text"))
}

pub(crate) async fn json(url: &str) -> Value {
    let (status, text) = get(url).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Posts an order. Returns the status and the body.
pub(crate) async fn post(address: &str, key: Option<&str>, body: &str) -> reqwest::Result<(StatusCode, Value)> {
    send(&Client::new(), address, key, body).await
}

pub(crate) async fn send(
    client: &Client,
    address: &str,
    key: Option<&str>,
    body: &str,
) -> reqwest::Result<(StatusCode, Value)> {
    let request = client.post(format!("{address}/order")).header("content-type", "application/json");
    let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
    let answer = request.body(body.to_owned()).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// The number of messages that a topic has had.
pub(crate) fn end(config: &KafkaConfig, topic: &str) -> i64 {
    let client: BaseConsumer = config.rdkafka039_consumer().expect("a configuration").create().expect("a client");
    let metadata = client.fetch_metadata(Some(topic), PATIENCE).expect("metadata");
    let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
    partitions.map(|partition| client.fetch_watermarks(topic, partition.id(), PATIENCE).expect("offsets").1).sum()
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, limit: Duration, mut is_so: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(value) = is_so().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(limit, waiting).await.unwrap_or_else(|_| panic!("no {what} within {limit:?}"))
}
