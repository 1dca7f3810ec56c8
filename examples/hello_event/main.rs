//! The classic tutorial of Marshmallow and Kafka: an event with a message is published, received
//! and handled. Messages that are not valid events are reported, and do not stop the consumer.
//!
//! ```text
//! cargo run --example hello_event                               # a broker inside the process
//! cargo run --example hello_event -- --config client.properties # a real one
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use event_schema::kafka::{
    DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Outcome, SendError, Topic, Topics,
};
use event_schema::prelude::*;

/// The event. Nothing else needs to be declared.
#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(topic = "events")]
struct Event {
    #[validate(length(min = 1))]
    message: String,
}

/// The event whose contract a test keeps, in the folder `schemas/hello`.
#[cfg(test)]
pub(crate) fn catalog() -> event_schema::contract::Catalog {
    event_schema::contract::Catalog::new("hello").sends::<Event>()
}

/// Publishes an event, and returns when the broker has acknowledged it.
async fn publish_event(producer: &EventProducer, message: &str) -> Result<(), SendError> {
    let event = Event { message: message.to_owned() };
    let sent = producer.send(&event).await?;
    println!("published  {}/{}@{}: {message}", sent.topic(), sent.partition(), sent.offset());
    Ok(())
}

/// Publishes bytes as another program might.
async fn publish_bytes(producer: &EventProducer, bytes: &[u8]) -> Result<(), SendError> {
    let sent = producer.send_bytes("events", None, bytes).await?;
    println!("published  {}/{}@{}: {}", sent.topic(), sent.partition(), sent.offset(), String::from_utf8_lossy(bytes));
    Ok(())
}

/// Handles one event. Only valid events reach the handler.
async fn handle_event(event: Delivery<Event>) {
    println!("received   {event}: {}", event.message);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = pico_args::Arguments::from_env();
    let file: Option<PathBuf> = args.opt_value_from_str("--config")?;

    // The embedded broker lives as long as this variable.
    let embedded;
    let config = if let Some(file) = file {
        KafkaConfig::from_properties_file(file)?
    } else {
        embedded = EmbeddedKafka::start()?;
        embedded.config()
    };
    let group = match config.group_id() {
        Some(_) => config.clone(),
        None => config.clone().group(format!("hello-event-{}", std::process::id())),
    };
    let dead_letters = DeadLetter::new().topic_of("events", group.group_id().unwrap_or_default());
    Topics::new().topic(Topic::of::<Event>().partitions(1)).topic(&dead_letters).create(&config).await?;

    // Publish two events, and between them two invalid messages, as other programs might send them.
    let producer = EventProducer::connect(&config).await?;
    publish_event(&producer, "Hello, Kafka!").await?;
    publish_bytes(&producer, br#"{"message": "Hello, Kaf"#).await?;
    publish_bytes(&producer, br#"{"message": ""}"#).await?;
    publish_event(&producer, "Goodbye!").await?;

    // An event that breaks its rules is not sent.
    if let Err(error) = publish_event(&producer, "").await {
        println!("not sent   {}", indented(&error));
    }
    producer.close(Duration::from_secs(5)).await?;

    // Consume. Valid events go to `handle_event`, all other messages to the dead letter topic.
    let consumer = EventConsumer::<Event>::subscribe(&group).await?;
    let running = consumer.handle();
    let run = tokio::spawn(consumer.run(handle_event));
    let all = async {
        while running.counts().of(Outcome::Done) < 2 || running.counts().of(Outcome::Dead) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await?;
    running.close(Duration::from_secs(5)).await?;
    println!("in all     {}", run.await??);

    // The headers of dead letters describe their faults.
    let mut consumer = EventConsumer::<Event>::subscribe_to(&group, &[&dead_letters]).await?;
    for _ in 0..2 {
        let letter = tokio::time::timeout(Duration::from_secs(30), consumer.recv()).await??;
        if let (Some(dead), Some(rejection)) = (DeadLetter::read(letter.headers()), letter.rejection()) {
            let place = format!("{}/{}@{}", dead.topic(), dead.partition(), dead.offset());
            println!("dead       {place}: {}", String::from_utf8_lossy(rejection.bytes()));
            println!("           {}", indented(rejection.error()));
        }
    }
    consumer.close(Duration::from_secs(5)).await?;
    Ok(())
}

fn indented(error: &impl ToString) -> String {
    error.to_string().replace('\n', "\n           ")
}
