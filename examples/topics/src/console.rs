//! Messages from and to the console.

use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::consumer::{CommitMode, Consumer, StreamConsumer};
use event_schema::kafka::rdkafka039::error::{KafkaError, RDKafkaErrorCode};
use event_schema::kafka::{Body, EventConsumer, EventProducer, KafkaConfig, Topics};
use event_schema::prelude::*;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};
use tokio::signal::unix::{SignalKind, signal};

use crate::BlogPost;

const PATIENCE: Duration = Duration::from_secs(10);

/// The form of messages on the console.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Form {
    /// Any bytes; when produced, the value of a message, or with `--key-separator` its key and value
    #[default]
    Raw,
    /// A `blog.post` in JSON: invalid lines are reported and not sent
    Typed,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Typed => "typed",
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Produce {
    pub(crate) topic: String,
    /// The form of the lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    /// What is between the key and the value of a raw line; without it, a line is a value
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_separator: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Consume {
    pub(crate) topic: String,
    /// The form of the messages
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    /// The consumer group; without it, a new one, which begins with the first message
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// End after so many messages
    #[arg(long, value_name = "COUNT")]
    pub(crate) messages: Option<usize>,
}

/// Sends each line, and says where it went.
pub(crate) async fn produce(config: &KafkaConfig, produce: &Produce, lines: impl AsyncBufRead + Unpin) -> Result<()> {
    let topic = &*produce.topic;
    let producer = EventProducer::connect(config).await?;
    let mut lines = lines.lines();
    while let Some(line) = lines.next_line().await? {
        let sent = match produce.form {
            Form::Raw => {
                let (key, value) = match &produce.key_separator {
                    None => (None, &*line),
                    Some(separator) => {
                        let parts = line.split_once(&**separator);
                        let (key, value) =
                            parts.with_context(|| format!("a line without the separator `{separator}`"))?;
                        (Some(key), value)
                    }
                };
                producer.send_bytes(topic, key.map(str::as_bytes), value.as_bytes()).await?
            }
            Form::Typed => match BlogPost::load_str(&line) {
                Ok(post) => producer.send_to(topic, &post).await?,
                Err(error) => {
                    println!("not sent: {error}");
                    continue;
                }
            },
        };
        println!("{}/{}@{}", sent.topic(), sent.partition(), sent.offset());
    }
    Ok(producer.close(PATIENCE).await?)
}

/// Prints messages until Ctrl-C or SIGTERM, or until there were enough.
pub(crate) async fn consume(config: &KafkaConfig, consume: &Consume) -> Result<()> {
    let group = match &consume.group {
        Some(group) => group.clone(),
        None => format!("console-{}", Uuid::now_v7()),
    };
    let config = config.clone().group(group);
    let closing = closing()?;
    // A consumer would wait until somebody creates the topic.
    Topics::new().topic(&*consume.topic).check(&config).await?;
    match consume.form {
        Form::Raw => raw(&config, consume, closing).await,
        Form::Typed => typed(&config, consume, closing).await,
    }
}

/// Ready at Ctrl-C or SIGTERM.
fn closing() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn raw(config: &KafkaConfig, consume: &Consume, closing: impl Future<Output = ()>) -> Result<()> {
    let consumer: StreamConsumer = config.rdkafka039_consumer()?.create()?;
    consumer.subscribe(&[&config.topic_name(&consume.topic)])?;
    let (mut closing, mut left) = (pin!(closing), consume.messages.unwrap_or(usize::MAX));
    while left > 0 {
        let message = tokio::select! {
            message = consumer.recv() => message,
            () = &mut closing => break,
        };
        let message = match message {
            Err(KafkaError::MessageConsumption(code)) if is_outage(code) => {
                eprintln!("{code}: waiting for the brokers");
                continue;
            }
            message => message?,
        };
        left -= 1;
        let place = format!("{}/{}@{}", message.topic(), message.partition(), message.offset());
        println!("{place} {}: {}", shown(message.key()), shown(message.payload()));
        consumer.store_offset_from_message(&message)?;
    }
    // The next one of this group begins behind what is printed. The group hears of the end when the client is dropped.
    match consumer.commit_consumer_state(CommitMode::Sync) {
        Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
        committed => Ok(committed?),
    }
}

/// The client connects again by itself.
fn is_outage(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve
    )
}

async fn typed(config: &KafkaConfig, consume: &Consume, closing: impl Future<Output = ()>) -> Result<()> {
    let mut consumer = EventConsumer::<BlogPost>::subscribe_to(config, &[&consume.topic]).await?;
    let (mut closing, mut left) = (pin!(closing), consume.messages.unwrap_or(usize::MAX));
    while left > 0 {
        let received = tokio::select! {
            received = consumer.recv() => received,
            () = &mut closing => break,
        };
        let received = match received {
            Err(error) if !error.is_fatal() => {
                eprintln!("{error}");
                continue;
            }
            received => received?,
        };
        left -= 1;
        let place = format!("{}/{}@{}", received.topic(), received.partition(), received.offset());
        match received.body() {
            Body::Event(BlogPost { id, title }) => println!("{place} post {id}: {title}"),
            Body::Rejected(rejection) => println!("{place} not a blog.post: {}", rejection.error()),
            _ => println!("{place} deleted"),
        }
        consumer.commit(&received).await?;
    }
    Ok(consumer.close(PATIENCE).await?)
}

/// Text, without what would change the terminal.
fn shown(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    let printable = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    String::from_utf8_lossy(bytes).chars().map(printable).collect()
}
