//! A gateway for events, as in the tutorials of `FastAPI` and Kafka, with a user service and an order service: three programs,
//! or one.
//!
//! ```text
//! cargo run -p gateway                               # all three in one process, with a broker
//! cargo run -p gateway -- --demo                     # the same with made-up requests, then it ends
//! cargo run -p gateway -- --config client.properties # a real broker
//! ```

mod demo;
mod events;
mod feed;
mod http;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use axum::Router;
use clap::{Parser, ValueEnum};
use event_schema::Envelope;
use event_schema::axum::{Probes, serve};
use event_schema::kafka::{
    App, ConnectError, DeadLetter, EmbeddedKafka, EventConsumer, EventProducer, GiveUp, KafkaConfig, Runner, Topic,
    Topics,
};
use event_schema::prelude::*;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::events::{Activity, OrderCreated, UserRegistered};
use crate::feed::{Feed, keep};
use crate::http::Publisher;

/// Orders a welcome pack for a new user. An event is known by its source and its id: if it comes again, so does the order, with
/// the same ids.
async fn welcome(user: UserRegistered, envelope: Envelope) -> OrderCreated {
    let cause = format!("{} {}", envelope.source().unwrap_or_default(), envelope.id());
    OrderCreated {
        order_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, cause.as_bytes()),
        user_id: user.user_id,
        product: "welcome pack".to_owned(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// `/events` and the page
    Gateway,
    /// `POST /users`
    Users,
    /// `GET /orders`, and the consumer that makes them
    Orders,
}

/// A gateway for events, a user service and an order service
#[derive(Debug, Parser)]
struct Args {
    /// A `client.properties` with the brokers
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address of the brokers, as another process prints it
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "config")]
    brokers: Option<String>,
    /// The services of this process
    #[arg(long, value_delimiter = ',', default_value = "gateway,users,orders")]
    role: Vec<Role>,
    /// The address for HTTP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Show the flow with made-up requests, and end
    #[arg(long, conflicts_with_all = ["config", "brokers", "role", "listen"])]
    demo: bool,
}

/// A consumer of all events of a topic, from its first, which keeps them in memory. Each process is a group of its own, for
/// each needs all of them. Invalid messages are named in the log and stay in the topic.
async fn view<E>(config: &KafkaConfig, feed: &Feed) -> Result<Runner<E, Feed>, ConnectError>
where
    E: EventSchema + Send + Sync + 'static,
{
    let group = format!("{}-view-{}", config.group_id().unwrap_or("gateway"), Uuid::now_v7());
    let config = config.clone().group(group).set("auto.offset.reset", "earliest");
    Ok(EventConsumer::subscribe(&config).await?.runner().give_up(GiveUp::Skip).state(feed.clone()))
}

fn orders_group(config: &KafkaConfig) -> &str {
    config.group_id().unwrap_or("orders")
}

fn topics(roles: &[Role], orders_group: &str) -> Topics {
    roles.iter().fold(Topics::new(), |topics, role| match role {
        Role::Gateway => topics.topic(Topic::of::<Activity>()),
        Role::Users => topics.topic(Topic::of::<UserRegistered>()),
        Role::Orders => topics
            .topic(Topic::of::<UserRegistered>())
            .topic(DeadLetter::new().topic_of("user_topic", orders_group))
            .topic(Topic::of::<OrderCreated>()),
    })
}

async fn run(args: Args) -> anyhow::Result<()> {
    let level = if args.demo { "error" } else { "info,librdkafka=warn" };
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned());
    let filter = EnvFilter::try_new(level).context("RUST_LOG is not a filter of the log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // The embedded broker lives as long as this variable.
    let embedded;
    let config = match (&args.config, &args.brokers) {
        (Some(file), _) => {
            let config = KafkaConfig::from_properties_file(file)?;
            topics(&args.role, orders_group(&config)).create(&config).await?;
            config
        }
        (None, Some(brokers)) => KafkaConfig::new(brokers),
        (None, None) => {
            embedded = EmbeddedKafka::start()?;
            let config = embedded.config();
            // Also those of processes that join later.
            topics(Role::value_variants(), orders_group(&config)).create(&config).await?;
            if !args.demo {
                println!("another process: cargo run -p gateway -- --brokers {}", embedded.bootstrap_servers());
            }
            config
        }
    };
    let has = |role| args.role.contains(&role);

    // A request waits for the brokers for 10 seconds, and brokers that are back are found within one.
    let waiting = config.clone().set("delivery.timeout.ms", "10000").set("reconnect.backoff.max.ms", "1000");
    let producer = EventProducer::connect(&waiting).await?.with_source("/gateway")?;
    let mut app = App::new("gateway").producer(&producer);
    let publisher = Publisher::new(producer.clone())?;
    let (activities, orders) = (Feed::new(), Feed::new());
    let mut router = Router::new();
    if has(Role::Gateway) {
        app = app.consumer(view(&config, &activities).await?, keep::<Activity>);
        router = router.merge(http::gateway(&publisher, &activities, &args.role));
    }
    if has(Role::Users) {
        router = router.merge(http::users(&publisher));
    }
    if has(Role::Orders) {
        let group = config.clone().group(orders_group(&config));
        let users = EventConsumer::<UserRegistered>::subscribe(&group).await?;
        app = app
            .consumer(users.runner().publish_with(&producer), welcome)
            .consumer(view(&config, &orders).await?, keep::<OrderCreated>);
        router = router.merge(http::orders(&orders));
    }
    let handle = app.handle();
    let router = router.merge(Probes::new(handle.clone()).router());
    if args.demo {
        let demo = app.task("demo", async move |_| {
            let shown = demo::run(router).await;
            handle.close();
            Ok(shown?)
        });
        return Ok(demo.run().await?);
    }

    let listen = args.listen;
    let server = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be used"))?;
    http::usage(server.local_addr()?, &args.role);
    let app = app.task("http", async |closing| Ok(serve(server, router, closing).await?)).task(
        "streams",
        async move |closing| {
            // The last task is the first to end: then the server need not wait for open streams.
            closing.await;
            [activities, orders].iter().for_each(Feed::close);
            Ok(())
        },
    );
    Ok(app.run().await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
