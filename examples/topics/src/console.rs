//! Messages from and to the console.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use clap::{Args, ValueEnum};
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::consumer::{Consumer, StreamConsumer};
use event_schema::kafka::{Body, EventConsumer, EventProducer, KafkaConfig};
use event_schema::prelude::*;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use crate::BlogPost;

const PATIENCE: Duration = Duration::from_secs(10);

/// The form of messages on the console.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Form {
    /// Any bytes; when produced, as `key:value`, or a value alone
    #[default]
    Raw,
    /// A `blog.post` in JSON: what is none is told, and not sent
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
pub(crate) async fn produce(
    config: &KafkaConfig,
    topic: &str,
    form: Form,
    lines: impl AsyncBufRead + Unpin,
) -> Result<(), Box<dyn Error>> {
    let producer = EventProducer::connect(config).await?;
    let mut lines = lines.lines();
    while let Some(line) = lines.next_line().await? {
        let sent = match form {
            Form::Raw => {
                let (key, value) = line.split_once(':').map_or((None, &*line), |(key, value)| (Some(key), value));
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

/// Prints messages until Ctrl-C, or until there were enough.
pub(crate) async fn consume(config: &KafkaConfig, consume: &Consume) -> Result<(), Box<dyn Error>> {
    let group = match &consume.group {
        Some(group) => group.clone(),
        None => format!("console-{}", Uuid::now_v7()),
    };
    let config = config.clone().group(group);
    let printing = async {
        match consume.form {
            Form::Raw => raw(&config, consume).await,
            Form::Typed => typed(&config, consume).await,
        }
    };
    tokio::select! {
        printed = printing => printed,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn raw(config: &KafkaConfig, consume: &Consume) -> Result<(), Box<dyn Error>> {
    let consumer: StreamConsumer = config.rdkafka039_consumer()?.create()?;
    consumer.subscribe(&[&consume.topic])?;
    for _ in 0..consume.messages.unwrap_or(usize::MAX) {
        let message = consumer.recv().await?;
        let place = format!("{}/{}@{}", message.topic(), message.partition(), message.offset());
        println!("{place} {}: {}", shown(message.key()), shown(message.payload()));
    }
    Ok(())
}

async fn typed(config: &KafkaConfig, consume: &Consume) -> Result<(), Box<dyn Error>> {
    let mut consumer = EventConsumer::<BlogPost>::subscribe_to(config, &[&consume.topic]).await?;
    for _ in 0..consume.messages.unwrap_or(usize::MAX) {
        let received = consumer.recv().await?;
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

fn shown(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |bytes| String::from_utf8_lossy(bytes).escape_debug().to_string())
}
