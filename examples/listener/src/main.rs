//! A listener, as in the tutorials of Spring Kafka: `POST /test` publishes to the topic `test`, and a listener prints each
//! message with its topic, partition, offset and value. Listeners that run at the same time share the partitions.
//!
//! ```text
//! cargo run -p listener                               # a broker inside the process
//! cargo run -p listener -- --demo                     # three listeners that come and go, and made-up messages
//! cargo run -p listener -- --config client.properties # a real broker
//! ```

mod demo;
mod http;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use event_schema::axum::serve;
use event_schema::kafka::{
    App, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Order, RunHandle, State,
    Topic, Topics,
};
use tracing_subscriber::EnvFilter;

/// The message. Those of one key go to one partition, and are handled in order.
#[event_schema::event(name = "test.message", topic = "test", key = key)]
struct Test {
    #[validate(length(min = 1, max = 40))]
    key: String,
    #[validate(length(min = 1, max = 1000))]
    message: String,
}

/// A listener
#[derive(Debug, Parser)]
struct Args {
    /// A `client.properties` with the brokers
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address of the brokers, as another listener prints it
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "config")]
    brokers: Option<String>,
    /// The name of the listener in its output
    #[arg(long, default_value = "listener")]
    name: String,
    /// The address for HTTP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Show three listeners that come and go, with made-up messages, and end
    #[arg(long, conflicts_with_all = ["config", "brokers", "listen"])]
    demo: bool,
}

const GROUP: &str = "listeners";

/// Prints a message.
async fn listen(message: Delivery<Test>, State(listener): State<String>) {
    let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
    let Test { key, message } = message.event();
    println!("{listener}: topic {topic}, partition {partition}, offset {offset}, key {key}: {message}");
}

async fn subscribe(config: &KafkaConfig) -> Result<EventConsumer<Test>> {
    let config = match config.group_id() {
        Some(_) => config.clone(),
        None => config.clone().group(GROUP),
    };
    Ok(EventConsumer::subscribe(&config).await?)
}

/// Prints the partitions of a listener whenever they change.
async fn watch(listener: String, handle: RunHandle) {
    let mut known = None;
    loop {
        let mut partitions: Vec<i32> = handle.assigned().into_iter().map(|(_, partition)| partition).collect();
        partitions.sort_unstable();
        if known.as_ref() != Some(&partitions) {
            println!("{listener}: partitions {partitions:?}");
            known = Some(partitions);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn run(args: Args) -> Result<()> {
    // The library logs retries, dead letters, and brokers that are away.
    let level = if args.demo { "warn,librdkafka=error" } else { "info" };
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned());
    let filter = EnvFilter::try_new(level).context("RUST_LOG is not a filter of the log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    // The embedded broker makes no topics for another process.
    let makes_topics = args.brokers.is_none();
    let mut embedded = None;
    let config = match (args.config, args.brokers) {
        (Some(file), _) => KafkaConfig::from_properties_file(file)?,
        (None, Some(brokers)) => KafkaConfig::new(brokers),
        (None, None) => embedded.insert(EmbeddedKafka::start()?).config(),
    };
    if makes_topics {
        let dead_letters = DeadLetter::new().topic_of("test", config.group_id().unwrap_or(GROUP));
        Topics::new().topic(Topic::of::<Test>().partitions(3)).topic(dead_letters).create(&config).await?;
    }
    if let Some(kafka) = &embedded {
        if args.demo {
            return demo::run(kafka).await;
        }
        println!(
            "another one: cargo run -p listener -- --listen 127.0.0.1:8081 --brokers {}",
            kafka.bootstrap_servers()
        );
    }
    let producer = EventProducer::connect(&config).await?.with_source("/listener")?;
    let consumer = subscribe(&config).await?;
    let (name, handle) = (args.name, consumer.handle());
    let address = args.listen;
    let server = tokio::net::TcpListener::bind(address).await.with_context(|| format!("{address} cannot be used"))?;
    println!("{name}: http://{}/test", server.local_addr()?);
    let app =
        App::new(&name).producer(&producer).consumer(consumer.runner().order(Order::Key).state(name.clone()), listen);
    let router = http::router(producer, app.handle());
    let app = app
        .task("partitions", async |closing| {
            tokio::select! {
                () = watch(name, handle) => {}
                () = closing => {}
            }
            Ok(())
        })
        .task("http", async |closing| Ok(serve(server, router, closing).await?));
    Ok(app.run().await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
