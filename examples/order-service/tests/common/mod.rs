//! The program as a process, and requests to it.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use event_schema::kafka::KafkaConfig;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::metadata::MetadataTopic;
use event_schema::serde_json::{self, Value};
use reqwest::{Client, StatusCode};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program, which is killed with the value.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    pub(crate) fn start(config: &Path, database: Option<&str>, args: &[&str]) -> Self {
        let mut command = program();
        command.arg("--config").arg(config).args(args);
        if let Some(url) = database {
            command.env("DATABASE_URL", url);
        }
        Self::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let (sender, lines) = channel();
        read(child.stdout.take().expect("a pipe"), sender.clone());
        read(child.stderr.take().expect("a pipe"), sender);
        Self { child, lines }
    }

    /// The rest of the next line that has a text, behind the text.
    pub(crate) fn after(&self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|error| panic!("no line with {text:?}: {error}"));
            if let Some((_, rest)) = line.split_once(text) {
                return rest.to_owned();
            }
        }
    }

    /// The address for HTTP, as the program says it.
    pub(crate) fn address(&self) -> String {
        let rest = self.after("http://");
        let (address, _) = rest.split_once(": ").expect("an address");
        format!("http://{address}")
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("a process")
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("a process");
    }

    /// Ends it by SIGTERM.
    pub(crate) fn end(mut self) -> ExitStatus {
        terminate(self.child.id());
        self.child.wait().expect("a process")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_order-service"));
    command.env_remove("DATABASE_URL").env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

pub(crate) fn terminate(process: u32) {
    let sent = Command::new("kill").arg(process.to_string()).status().expect("kill");
    assert!(sent.success());
}

fn read(from: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // The test's own output has it if the test fails.
            println!("{line}");
            let _ = lines.send(line);
        }
    });
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
