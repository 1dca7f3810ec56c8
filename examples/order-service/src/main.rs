//! Orders, as in the tutorials of Kafka for shops: `POST /order` stores an order, its event goes to `order-request`, a
//! handler requests the delivery of each parcel by `delivery-request`, and another service answers by `delivery-answer`.
//!
//! ```text
//! cargo run -p order-service                                                    # a broker and a database inside
//! cargo run -p order-service -- --demo                                          # the same with made-up traffic
//! DATABASE_URL=postgresql://... cargo run -p order-service -- --config client.properties # real ones
//! ```

mod demo;
mod events;
mod http;
mod orders;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use event_schema::axum::{Probes, serve};
use event_schema::kafka::{
    App, DeadLetter, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Order, Runner, Topic, Topics,
};
use event_schema::outbox::Outbox;
use event_schema::prelude::*;
use event_schema::sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use event_schema::sqlx::{AnyPool, ConnectOptions as _, Connection as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tempfile::TempDir;
use tracing_subscriber::EnvFilter;

use crate::events::{DeliveryAnswered, DeliveryRequested};

const SOURCE: &str = "/order-service";

/// Takes orders, stores them, and has them delivered
#[derive(Debug, Parser)]
struct Args {
    /// A `client.properties` with the brokers; without it, a broker and a database run inside the process
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database beside `--config`: `postgresql://...` or `sqlite://...`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// The part that this process plays, may be repeated [default: api and orders; all with the broker inside]
    #[arg(long, value_enum, requires = "config")]
    part: Vec<Part>,
    /// Create missing topics, with three partitions each
    #[arg(long, requires = "config")]
    create_topics: bool,
    /// The address for HTTP
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Show the flow with made-up traffic, and end
    #[arg(long, conflicts_with = "config")]
    demo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Takes orders by HTTP
    Api,
    /// Handles order requests and delivery answers
    Orders,
    /// Plays the service that delivers: answers each request at once
    Delivery,
}

/// Where the events go, and where the orders are kept.
struct Servers {
    config: KafkaConfig,
    database_url: Option<String>,
    embedded: Option<(Arc<EmbeddedKafka>, TempDir)>,
}

fn servers(args: &Args) -> anyhow::Result<Servers> {
    if let Some(file) = &args.config {
        let config = KafkaConfig::from_properties_file(file)?;
        return Ok(Servers { config, database_url: args.database_url.clone(), embedded: None });
    }
    let (kafka, folder) = (Arc::new(EmbeddedKafka::start()?), tempfile::tempdir()?);
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("orders.db").display());
    println!("a broker and a database (SQLite) run inside the process, and end with it");
    Ok(Servers { config: kafka.config(), database_url: Some(url), embedded: Some((kafka, folder)) })
}

/// The topics, and what their consumers add to the name of the group.
const REQUESTS: (&str, &str) = ("order-request", "");
const ANSWERS: (&str, &str) = ("delivery-answer", "-answers");
const DELIVERIES: (&str, &str) = ("delivery-request", "-delivery");

/// The group of a topic's consumers: `python-group-1`, unless the configuration names another one.
fn group(config: &KafkaConfig, (_, suffix): (&str, &str)) -> String {
    format!("{}{suffix}", config.group_id().unwrap_or("python-group-1"))
}

async fn consumer<E>(config: &KafkaConfig, topic: (&str, &str)) -> anyhow::Result<Runner<E>>
where
    E: EventSchema + Send + Sync + 'static,
{
    let config = config.clone().set("auto.offset.reset", "earliest").group(group(config, topic));
    // Orders wait for themselves only.
    Ok(EventConsumer::subscribe(&config).await?.runner().order(Order::Key))
}

async fn topics(config: &KafkaConfig, create: bool) -> anyhow::Result<()> {
    let topics = [REQUESTS, ANSWERS, DELIVERIES].into_iter().fold(Topics::new(), |topics, topic| {
        let dead_letters = DeadLetter::new().topic_of(topic.0, &group(config, topic));
        topics.topic(Topic::new(topic.0).partitions(3)).topic(dead_letters)
    });
    if create {
        topics.create(config).await?;
    } else {
        topics.check(config).await.map_err(|error| {
            let is_missing = error.is_missing_topic();
            let error = anyhow::Error::new(error);
            if is_missing { error.context("the topics are not there: --create-topics creates them") } else { error }
        })?;
    }
    Ok(())
}

async fn database(url: Option<&str>) -> anyhow::Result<AnyPool> {
    let url = url.context("no database is named: set DATABASE_URL, for instance to sqlite://orders.db?mode=rwc")?;
    install_default_drivers();
    let options: AnyConnectOptions = url.parse().context("DATABASE_URL is not the URL of a database")?;
    let at = &options.database_url;
    let port = at.port().map(|port| format!(":{port}")).unwrap_or_default();
    // Without user and password.
    let place = format!("{}://{}{port}{}", at.scheme(), at.host_str().unwrap_or_default(), at.path());
    // The pool would only say that it waited.
    let first = options.connect().await;
    first.with_context(|| format!("the database {place} cannot be reached"))?.close().await?;
    // 4 + 4 for the runners, 2 for the relay and 10 for requests. These wait so long for a database that is away.
    Ok(AnyPoolOptions::new().max_connections(20).acquire_timeout(Duration::from_secs(5)).connect_with(options).await?)
}

/// Answers each request for a delivery.
async fn deliver(request: DeliveryRequested) -> DeliveryAnswered {
    let DeliveryRequested { order_id, product_id, parcel } = request;
    tracing::info!("the customer has parcel {parcel} of {order_id} with {product_id}");
    DeliveryAnswered { order_id, parcel }
}

/// Histograms keep each value until they are rendered, which nobody may ask for.
async fn keep_small(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        metrics.run_upkeep();
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    // The demonstration shows the work of handlers, and dead letters.
    let level = if args.demo { "order_service=info,event_schema::kafka::consume=warn" } else { "info" };
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned());
    let filter = EnvFilter::try_new(level).context("RUST_LOG is not a filter of the log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let prometheus = PrometheusBuilder::new().set_buckets(&[0.001, 0.01, 0.1, 1.0, 10.0])?.install_recorder()?;
    tokio::spawn(keep_small(prometheus.clone()));
    let Servers { config, database_url, embedded } = servers(&args)?;
    let parts = match &*args.part {
        [] if embedded.is_some() => vec![Part::Api, Part::Orders, Part::Delivery],
        [] => vec![Part::Api, Part::Orders],
        parts => parts.to_vec(),
    };
    topics(&config, args.create_topics || embedded.is_some()).await?;
    let producer = EventProducer::connect(&config).await?.with_source(SOURCE)?;
    let mut app = App::new("order-service").producer(&producer);
    let mut router = Probes::new(app.handle()).metrics(move || prometheus.render()).router();
    if parts.contains(&Part::Api) || parts.contains(&Part::Orders) {
        let pool = database(database_url.as_deref()).await?;
        let outbox = Outbox::new(&pool, &producer);
        orders::migrate(&outbox).await.context("the tables cannot be created")?;
        // One relay leads, and those of other processes take over when it ends.
        app = app.relay(outbox.relay());
        if parts.contains(&Part::Orders) {
            app = app
                .consumer(consumer(&config, REQUESTS).await?.concurrency(4).outbox(&outbox), orders::accept)
                .consumer(consumer(&config, ANSWERS).await?.concurrency(4).outbox(&outbox), orders::answered);
        }
        if parts.contains(&Part::Api) {
            router = router.merge(http::router(pool, outbox)?);
        }
    }
    if parts.contains(&Part::Delivery) {
        app = app.consumer(consumer(&config, DELIVERIES).await?.publish_with(&producer), deliver);
    }
    // The demonstration needs no port that is known.
    let listen = if args.demo { SocketAddr::from(([127, 0, 0, 1], 0)) } else { args.listen };
    let server = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be used"))?;
    let address = server.local_addr()?;
    println!("http://{address}: {parts:?}");
    if let Some((kafka, _)) = &embedded
        && args.demo
    {
        let (kafka, router, handle) = (Arc::clone(kafka), router.clone(), app.handle());
        app = app.task("demo", async move |_| Ok(demo::run(&kafka, &router, &handle).await?));
    } else if embedded.is_some() {
        let json = r#"-H 'content-type: application/json' -d '{"product_id": "tea", "quantity": 2}'"#;
        println!("curl -i {address}/order {json}");
        println!("curl -i {address}/order/ID    with the order_id of the answer; also /readyz, /livez, /metrics");
    }
    let app = app.task("http", async |closing| Ok(serve(server, router, closing).await?));
    Ok(app.run().await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("order-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}
