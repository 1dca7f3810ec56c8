//! What producing to and consuming from Kafka costs, beside hand-written loops over rdkafka.
//!
//! `cargo bench --bench kafka -- --config client.properties` needs a real broker, which the file names.
//! The contenders take turns for so many rounds (`--rounds`, 5) of so many events (`--events`, 1000000),
//! orders of 120 bytes of JSON; the median of the rounds is printed. Each producer has a topic of its own, the
//! consumers read the same one, or the one with the same events as Avro, each in a group of its own. `--only TEXT` runs those with the text in their
//! names, beside the first; `--partitions` says how many a topic has (6); with `--java DIR`, a folder of Kafka's
//! jars, Java's `ConsumerPerformance` takes part; with `--ruststream PROGRAM` the one that
//! `cargo build --release --manifest-path benches/ruststream/Cargo.toml` makes. Beside the events of a second stands the
//! time on the processors that one takes, of all threads together: other programs slow it down less. Last comes how long an event takes from its sender to its handler when
//! 10,000 are sent each second.

mod consume;
mod latency;
mod produce;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use event_schema::format::Codec;
use event_schema::jiff::Timestamp;
use event_schema::kafka::KafkaConfig;
use event_schema::kafka::rdkafka039::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use event_schema::kafka::rdkafka039::client::DefaultClientContext;
use event_schema::prelude::*;

/// The event of the issue: an order, 120 bytes of JSON.
#[derive(Debug, Clone, Serialize, Deserialize, EventSchema)]
#[event(name = "order.placed", version = 2, key = id)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    #[validate(length(min = 1))]
    pub(crate) sku: String,
    #[validate(range(min = 1, max = 1000))]
    pub(crate) quantity: u32,
    pub(crate) placed_at: Timestamp,
}

fn orders(count: usize) -> Vec<Order> {
    let placed_at: Timestamp = "2026-11-21T03:50:00Z".parse().expect("a time");
    let order = |number: usize| Order {
        id: Uuid::from_u128(number as u128 * 0x9e37_79b9_7f4a_7c15_f39c_0c2b_1d2e_3f4d),
        sku: format!("SKU-{number:012}"),
        quantity: 100,
        placed_at,
    };
    let orders: Vec<Order> = (1..=count).map(order).collect();
    assert_eq!(orders[0].dump().map(|bytes| bytes.len()).unwrap_or_default(), 120);
    orders
}

/// What is measured with.
pub(crate) struct Setup {
    pub(crate) config: KafkaConfig,
    pub(crate) orders: Vec<Order>,
    pub(crate) rounds: usize,
    partitions: i32,
    /// Where Kafka's jars are.
    pub(crate) java: Option<PathBuf>,
    /// A program that consumes with ruststream.
    pub(crate) ruststream: Option<PathBuf>,
}

impl Setup {
    fn from_arguments() -> Result<(Self, String), Box<dyn std::error::Error>> {
        let mut arguments = pico_args::Arguments::from_env();
        let file: PathBuf = arguments.value_from_str("--config")?;
        let events = arguments.opt_value_from_str("--events")?.unwrap_or(1_000_000);
        let setup = Self {
            config: KafkaConfig::from_properties_file(file)?,
            orders: orders(events),
            rounds: arguments.opt_value_from_str("--rounds")?.unwrap_or(5),
            partitions: arguments.opt_value_from_str("--partitions")?.unwrap_or(6),
            java: arguments.opt_value_from_str("--java")?,
            ruststream: arguments.opt_value_from_str("--ruststream")?,
        };
        Ok((setup, arguments.opt_value_from_str("--only")?.unwrap_or_default()))
    }

    /// A topic that nobody else uses, while something is done with it.
    pub(crate) fn with_topic<T>(&self, work: impl FnOnce(&str) -> T) -> T {
        let runtime = runtime();
        let settings = self.config.rdkafka039_producer().expect("a configuration");
        let admin: AdminClient<DefaultClientContext> = settings.create().expect("a client");
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
        let name = format!("bench-{}", Uuid::now_v7());
        // What is deleted makes room at once.
        let topic = NewTopic::new(&name, self.partitions, TopicReplication::Fixed(-1)).set("file.delete.delay.ms", "0");
        let made = runtime.block_on(admin.create_topics(&[topic], &options)).expect("an answer");
        made[0].as_ref().expect("a topic");
        let done = work(&name);
        runtime.block_on(admin.delete_topics(&[&name], &options)).expect("an answer");
        done
    }
}

/// One way to do it.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Setup, &str) -> Duration,
}

/// Those that take part: the first, which the others are compared with, and those whose names have the text.
fn chosen<'a>(title: &str, only: &str, contenders: &'a [Contender]) -> Vec<&'a Contender> {
    let is_chosen = |contender: &Contender| title.contains(only) || contender.name.contains(only);
    if !contenders.iter().any(is_chosen) {
        return Vec::new();
    }
    contenders
        .iter()
        .enumerate()
        .filter(|(index, contender)| *index == 0 || is_chosen(contender))
        .map(|(_, it)| it)
        .collect()
}

/// Lets the contenders take turns, and prints their medians beside that of the first.
fn race(setup: &Setup, title: &str, contenders: &[&Contender], run: impl Fn(&Contender) -> Duration) {
    if contenders.is_empty() {
        return;
    }
    let mut times = vec![Vec::new(); contenders.len()];
    let mut processors = vec![Vec::new(); contenders.len()];
    for _ in 0..setup.rounds {
        for (contender, (times, processors)) in contenders.iter().zip(times.iter_mut().zip(&mut processors)) {
            let before = on_processors();
            times.push(run(contender));
            processors.push(on_processors().saturating_sub(before));
        }
    }
    println!("\n{title:<52}{:>12}{:>8}{:>8}   of {} rounds", "events/s", "x first", "ns each", setup.rounds);
    let count = f64::from(u32::try_from(setup.orders.len()).expect("not that many events"));
    for (contender, (own, processors)) in contenders.iter().zip(times.iter().zip(&processors)) {
        let rates: Vec<f64> = own.iter().map(|time| count / time.as_secs_f64()).collect();
        // The ratio is taken in each round, because the rest of the load on the machine changes between rounds.
        let ratios = times[0].iter().zip(own).map(|(first, own)| first.as_secs_f64() / own.as_secs_f64());
        let (rate, ratio) = (median(rates.iter().copied()), median(ratios));
        let thousands: Vec<String> = rates.iter().map(|rate| format!("{:.0}", rate / 1000.0)).collect();
        let each = median(processors.iter().map(|time| time.as_secs_f64() * 1e9 / count));
        println!("  {:<50}{rate:>12.0}{ratio:>8.2}{each:>8.0}   k/s: {}", contender.name, thousands.join(" "));
    }
}

/// How long all threads of this process have been on a processor, where the system tells.
fn on_processors() -> Duration {
    /// Each hundredth of a second is one, on every system that has the file.
    const TICK: Duration = Duration::from_millis(10);
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces: state and ten numbers, then the time of the program, and of the system.
    let fields = status.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    TICK * ticks
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// How long it takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn main() -> ExitCode {
    let (setup, only) = match Setup::from_arguments() {
        Ok(setup) => setup,
        Err(error) => {
            // `cargo test --benches` runs it without arguments.
            eprintln!("skipped: {error}");
            return ExitCode::SUCCESS;
        }
    };
    println!("{} orders of 120 bytes, {} partitions", setup.orders.len(), setup.partitions);
    let mut consumers = chosen("consume", &only, consume::CONTENDERS);
    if setup.java.is_none() {
        consumers.retain(|consumer| !consumer.name.contains("Java"));
    }
    if setup.ruststream.is_none() {
        consumers.retain(|consumer| !consumer.name.contains("ruststream"));
    }
    if !consumers.is_empty() {
        let is_avro = |consumer: &Contender| consumer.name.contains("Avro");
        setup.with_topic(|json| {
            consume::fill(&setup, json, &Codec::json());
            setup.with_topic(|avro| {
                if consumers.iter().any(|consumer| is_avro(consumer)) {
                    consume::fill(&setup, avro, &consume::avro());
                }
                race(&setup, "consume", &consumers, |consumer| {
                    (consumer.run)(&setup, if is_avro(consumer) { avro } else { json })
                });
            });
        });
    }
    if "latency".contains(&only) {
        latency::race(&setup);
    }
    let producers = chosen("produce", &only, produce::CONTENDERS);
    race(&setup, "produce", &producers, |producer| setup.with_topic(|topic| (producer.run)(&setup, topic)));
    ExitCode::SUCCESS
}
