//! Orders that three languages work on. This program sends them; a program in Python issues an invoice for each, and one in
//! TypeScript packs a parcel. Their types are generated from the contracts of the Rust types, and what they send is loaded
//! here.
//!
//! ```text
//! cargo run -p polyglot -- --demo                     # all three on a broker inside the process, and five orders
//! cargo run -p polyglot                               # a broker inside the process; start the others by hand
//! cargo run -p polyglot -- --config client.properties # a real broker
//! ```

mod events;
mod others;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use event_schema::chrono::Utc;
use event_schema::kafka::{
    App, AppHandle, DeadLetter, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, State, Topic, Topics,
};
use event_schema::uuid::Uuid;
use tracing_subscriber::EnvFilter;

use crate::events::{Answer, Delivery, InvoiceIssued, Line, OrderPlaced, ParcelPacked, Size};
use crate::others::Others;

const PATIENCE: Duration = Duration::from_secs(60);

/// Orders that Rust, Python and TypeScript work on
#[derive(Debug, Parser)]
struct Args {
    /// A `client.properties` with the brokers
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address of the brokers
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "config")]
    brokers: Option<String>,
    /// How many orders to send, one each second; without it, until Ctrl-C
    #[arg(long, value_name = "COUNT")]
    orders: Option<u32>,
    /// Start the other programs too, send five orders, and end
    #[arg(long, conflicts_with_all = ["config", "brokers", "orders"])]
    demo: bool,
}

/// What the other programs did with an order.
#[derive(Default)]
struct Progress {
    invoice: Option<u64>,
    parcel: Option<Size>,
}

#[derive(Clone, Default)]
struct Orders(Arc<Mutex<BTreeMap<Uuid, Progress>>>);

impl Orders {
    /// Notes a step, and prints an order that is finished by it. The steps of an order come in any order, and again.
    fn note(&self, order: Uuid, step: impl FnOnce(&mut Progress)) {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = orders.entry(order).or_default();
        let was_finished = progress.is_finished();
        step(progress);
        if let (false, Some(total), Some(size)) = (was_finished, progress.invoice, progress.parcel) {
            let size = if matches!(size, Size::Small) { "small" } else { "large" };
            println!("rust: order {order}: {}.{:02} invoiced, a {size} parcel", total / 100, total % 100);
        }
    }

    fn finished(&self) -> usize {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.values().filter(|progress| progress.is_finished()).count()
    }
}

impl Progress {
    fn is_finished(&self) -> bool {
        self.invoice.is_some() && self.parcel.is_some()
    }
}

async fn note(answer: Answer, State(orders): State<Orders>) {
    match answer {
        Answer::Invoice(invoice) => orders.note(invoice.order_id, |progress| progress.invoice = Some(invoice.total)),
        Answer::Parcel(parcel) => orders.note(parcel.order_id, |progress| progress.parcel = Some(parcel.size)),
    }
}

/// A made-up order.
fn order(number: u32) -> OrderPlaced {
    let line = |sku: &str, quantity, unit_price| Line { sku: sku.to_owned(), quantity, unit_price };
    let pieces = (number - 1) % 10 + 1;
    let delivery = match number % 2 {
        0 => Delivery::Pickup { shop: "Ring 1".to_owned() },
        _ => Delivery::Parcel { country: "AT".to_owned(), express: number.is_multiple_of(3) },
    };
    OrderPlaced {
        order_id: Uuid::now_v7(),
        placed_at: Utc::now(),
        lines: vec![line("bolt-8", pieces, 25), line("nut-8", 10 * pieces, 10)],
        delivery,
    }
}

/// Sends orders, one each second, until there are enough of them and all are finished, or the program closes.
async fn send(producer: EventProducer, count: Option<u32>, orders: Orders, app: AppHandle) -> Result<()> {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    for number in 1..=count.unwrap_or(u32::MAX) {
        second.tick().await;
        let order = order(number);
        producer.send(&order).await?;
        println!("rust: sent order {}", order.order_id);
    }
    let count = count.unwrap_or(u32::MAX) as usize;
    let waiting = async {
        while orders.finished() < count {
            second.tick().await;
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        anyhow::bail!("{} of {count} orders were finished in {} s", orders.finished(), PATIENCE.as_secs());
    }
    app.close();
    Ok(())
}

async fn run(args: Args) -> Result<()> {
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn,librdkafka=error".to_owned());
    let filter = EnvFilter::try_new(level).context("RUST_LOG is not a filter of the log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // The embedded broker makes no topics for another process.
    let makes_topics = args.brokers.is_none();
    let mut embedded = None;
    let config = match (args.config, args.brokers) {
        (Some(file), _) => KafkaConfig::from_properties_file(file)?,
        (None, Some(brokers)) => KafkaConfig::new(brokers),
        (None, None) => embedded.insert(EmbeddedKafka::start()?).config(),
    };
    let config = if config.group_id().is_some() { config } else { config.group("polyglot") };
    if makes_topics {
        let dead_letters = |topic| DeadLetter::new().topic_of(topic, config.group_id().unwrap_or_default());
        Topics::new()
            .topic(Topic::of::<OrderPlaced>())
            .topic(Topic::of::<InvoiceIssued>())
            .topic(dead_letters("invoices"))
            .topic(Topic::of::<ParcelPacked>())
            .topic(dead_letters("parcels"))
            .create(&config)
            .await?;
    }
    let mut others = None;
    if let Some(brokers) = embedded.as_ref().map(EmbeddedKafka::bootstrap_servers) {
        if args.demo {
            others = Some(Others::start(&brokers).await?);
        } else {
            println!("the others: examples/polyglot/others {brokers}");
        }
    }
    let producer = EventProducer::connect(&config).await?.with_source("/polyglot/rust")?;
    let answers = EventConsumer::<Answer>::subscribe_to(&config, &["invoices", "parcels"]).await?;
    let orders = Orders::default();
    let app = App::new("polyglot").producer(&producer).consumer(answers.runner().state(orders.clone()), note);
    let (handle, count) = (app.handle(), if args.demo { Some(5) } else { args.orders });
    let app = app.task("orders", async move |closing| {
        tokio::select! {
            sent = send(producer, count, orders, handle) => Ok(sent?),
            () = closing => Ok(()),
        }
    });
    let app = match others {
        Some(others) => app.task("others", async |closing| Ok(others.run(closing).await?)),
        None => app,
    };
    Ok(app.run().await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
