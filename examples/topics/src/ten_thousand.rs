//! The tutorial's benchmark: ten thousand messages, and how long they take.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use event_schema::kafka::{EventProducer, KafkaConfig};

use crate::BlogPost;

/// The way in which messages are sent.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Settings {
    /// As in the tutorial: compressed, unacknowledged (`acks=0`), and each awaited before the next
    #[default]
    Tutorial,
    /// Compressed, acknowledged by all copies, and awaited together
    Sensible,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tutorial => "tutorial",
            Self::Sensible => "sensible",
        })
    }
}

pub(crate) async fn run(config: &KafkaConfig, settings: Settings, messages: u64) -> Result<()> {
    let posts: Vec<BlogPost> = (0..messages).map(|id| BlogPost { id, title: format!("Post number {id}") }).collect();
    let config = config.clone().set("compression.type", "gzip");
    let config = match settings {
        // Nobody waits for a batch to fill when each message is awaited.
        Settings::Tutorial => config.set("acks", "0").set("enable.idempotence", "false").set("linger.ms", "0"),
        Settings::Sensible => config,
    };
    let producer = EventProducer::connect(&config).await?;
    let start = Instant::now();
    match settings {
        Settings::Tutorial => {
            for post in &posts {
                producer.send(post).await?;
            }
        }
        Settings::Sensible => {
            for sent in producer.send_all(&posts).await {
                sent?;
            }
        }
    }
    let took = start.elapsed();
    producer.close(Duration::from_secs(10)).await?;
    let rate = f64::from(u32::try_from(messages)?) / took.as_secs_f64();
    println!("{messages} messages in {:.2} s, {rate:.0} in a second", took.as_secs_f64());
    Ok(())
}
