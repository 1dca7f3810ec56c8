//! The tutorial's ten thousand messages, beside Python's clients.
//!
//! `cargo bench --bench ten_thousand -- --config client.properties` needs a real broker, which the file names in plaintext.
//! With `--python DIR`, a folder into which `pip install --target DIR kafka-python confluent-kafka` has put the clients,
//! both take part. The contenders take turns for so many rounds (`--rounds`, 5), each with a topic of its own; the median of
//! the rounds is printed.
//!
//! The time begins when the client is connected and ends when the broker shows all messages: with `acks=0` a client is done
//! before. All compress with gzip. "Each awaited" is what the tutorial does, a flush behind each message; without
//! acknowledgements (`acks=0`) there, and in the settings that a service should have (all copies acknowledge) for "one flush".

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::{EventProducer, KafkaConfig, Topic, Topics};
use event_schema::prelude::*;

const MESSAGES: u64 = 10_000;
/// How long the broker may take to show the last message of a client that has ended: with `acks=0`, some may be lost.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "blog.post", key = id)]
struct BlogPost {
    id: u64,
    #[validate(length(min = 1, max = 200))]
    title: String,
}

struct Setup {
    config: KafkaConfig,
    python: Option<PathBuf>,
    rounds: usize,
}

/// One way to do it.
#[derive(Clone, Copy)]
enum Contender {
    /// A client for Python, and whether each message is awaited.
    Python(&'static str, bool),
    Ours {
        awaits_each: bool,
    },
}

const CONTENDERS: [Contender; 6] = [
    Contender::Python("kafka-python", true),
    Contender::Python("kafka-python", false),
    Contender::Python("confluent-kafka", true),
    Contender::Python("confluent-kafka", false),
    Contender::Ours { awaits_each: true },
    Contender::Ours { awaits_each: false },
];

impl Contender {
    fn name(self) -> String {
        let (client, awaits_each) = match self {
            Self::Python(client, awaits_each) => (client, awaits_each),
            Self::Ours { awaits_each } => ("event-schema, with rules", awaits_each),
        };
        format!("{client}, {}", if awaits_each { "each awaited" } else { "one flush" })
    }

    /// The time when the first message was about to be sent.
    fn run(self, setup: &Setup, topic: &str) -> Result<SystemTime, Box<dyn Error>> {
        match self {
            Self::Python(client, awaits_each) => python(setup, client, awaits_each, topic),
            Self::Ours { awaits_each } => ours(setup, awaits_each, topic),
        }
    }
}

fn ours(setup: &Setup, awaits_each: bool, topic: &str) -> Result<SystemTime, Box<dyn Error>> {
    let posts: Vec<BlogPost> = (0..MESSAGES).map(|id| BlogPost { id, title: format!("Post number {id}") }).collect();
    let config = setup.config.clone().set("compression.type", "gzip");
    let config = if awaits_each {
        config.set("acks", "0").set("enable.idempotence", "false").set("linger.ms", "0")
    } else {
        config
    };
    runtime()?.block_on(async {
        let producer = EventProducer::connect(&config).await?;
        let started = SystemTime::now();
        if awaits_each {
            for post in &posts {
                producer.send_to(topic, post).await?;
            }
        } else {
            for sent in producer.send_all_to(topic, &posts).await {
                sent?;
            }
        }
        producer.close(Duration::from_secs(10)).await?;
        Ok(started)
    })
}

fn python(setup: &Setup, client: &str, awaits_each: bool, topic: &str) -> Result<SystemTime, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/ten_thousand/produce.py");
    let servers = setup.config.rdkafka039_producer()?.get("metadata.broker.list").unwrap_or_default().to_owned();
    let output = Command::new("python3")
        .arg(script)
        .args([client, if awaits_each { "each" } else { "once" }, &servers, topic, &MESSAGES.to_string()])
        .env("PYTHONPATH", setup.python.as_deref().unwrap_or(Path::new("")))
        .output()?;
    if !output.status.success() {
        return Err(format!("{client}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let seconds: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds))
}

/// Waits until the topic shows all messages, or until no more come of a client that has ended.
fn visible(watcher: &BaseConsumer, topic: &str, deadline: &OnceLock<Instant>) -> Result<SystemTime, Box<dyn Error>> {
    let all = i64::try_from(MESSAGES)?;
    loop {
        let (_, end) = watcher.fetch_watermarks(topic, 0, Duration::from_secs(10))?;
        if end >= all {
            return Ok(SystemTime::now());
        }
        if deadline.get().is_some_and(|deadline| Instant::now() > *deadline) {
            let lost = format!("{end} of {all} messages are in {topic} {PATIENCE:?} after the client has ended");
            return Err(format!("{lost}: with `acks=0`, nothing tells it that the others were lost").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn round(setup: &Setup, contender: Contender) -> Result<Duration, Box<dyn Error>> {
    let topic = format!("ten-thousand-{}", Uuid::now_v7());
    runtime()?.block_on(Topics::new().topic(Topic::new(&topic).partitions(1)).create(&setup.config))?;
    let watcher: BaseConsumer = setup.config.rdkafka039_consumer()?.create()?;
    let deadline = OnceLock::new();
    // Watches meanwhile: a client of a process of its own ends later than its messages are there.
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| visible(&watcher, &topic, &deadline).map_err(|error| error.to_string()));
        let run = contender.run(setup, &topic);
        // The watcher ends at once if the client has failed.
        let patience = if run.is_ok() { PATIENCE } else { Duration::ZERO };
        deadline.get_or_init(|| Instant::now() + patience);
        let shown = watching.join().map_err(|_| "the watcher panicked")?;
        let started = run?;
        let shown = shown.map_err(|error| format!("{}: {error}", contender.name()))?;
        Ok(shown.duration_since(started)?)
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn race(setup: &Setup) -> Result<(), Box<dyn Error>> {
    let with_python = setup.python.is_some();
    let contenders: Vec<Contender> =
        CONTENDERS.into_iter().filter(|one| with_python || matches!(one, Contender::Ours { .. })).collect();
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..setup.rounds {
        for (contender, times) in contenders.iter().zip(&mut times) {
            times.push(round(setup, *contender)?.as_secs_f64());
        }
    }
    println!("{MESSAGES} messages to one partition{:>22}{:>10}   of {} rounds", "seconds", "x first", setup.rounds);
    for (contender, own) in contenders.iter().zip(&times) {
        // Of each round by itself: what else the machine does comes and goes.
        let ratio = median(times[0].iter().zip(own).map(|(first, own)| first / own));
        let all: Vec<String> = own.iter().map(|time| format!("{time:.2}")).collect();
        let (name, middle) = (contender.name(), median(own.iter().copied()));
        println!("  {name:<48}{middle:>7.2}{ratio:>10.1}   {}", all.join(" "));
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn setup() -> Result<Setup, Box<dyn Error>> {
    let mut arguments = pico_args::Arguments::from_env();
    let file: PathBuf = arguments.value_from_str("--config")?;
    Ok(Setup {
        config: KafkaConfig::from_properties_file(file)?,
        python: arguments.opt_value_from_str("--python")?,
        rounds: arguments.opt_value_from_str("--rounds")?.unwrap_or(5),
    })
}

fn main() -> ExitCode {
    let setup = match setup() {
        Ok(setup) => setup,
        Err(error) => {
            // `cargo test --benches` runs it without arguments.
            eprintln!("skipped: {error}");
            return ExitCode::SUCCESS;
        }
    };
    match race(&setup) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
