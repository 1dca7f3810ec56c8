//! Names of topics that the configuration changes.

use std::time::Duration;

use crate::common::{Kafka, unique, until, within};
use event_schema::kafka::{
    DeadLetter, Delivery, EventConsumer, EventProducer, Failure, KafkaConfig, Outcome, Retry, SeekTo, Topic, Topics,
};
use event_schema::prelude::*;

const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(topic = "orders", key = id)]
struct Order {
    id: String,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(topic = "receipts", key = id)]
struct Receipt {
    id: String,
}

fn order(id: &str) -> Order {
    Order { id: id.to_owned() }
}

async fn accept(order: Delivery<Order>) -> Result<Receipt, Failure> {
    match order.event().id.as_str() {
        "bad" => Err(Failure::from("not this one")),
        id => Ok(Receipt { id: id.to_owned() }),
    }
}

async fn read<E: EventSchema>(config: &KafkaConfig, topics: &[&str]) -> (String, E) {
    let config = config.clone().group(unique("group"));
    let mut consumer = EventConsumer::<E>::subscribe_to(&config, topics).await.unwrap();
    let received = within(30, "message", consumer.recv()).await.unwrap();
    let topic = received.topic().to_owned();
    consumer.close(DEADLINE).await.unwrap();
    (topic, received.into_event().unwrap())
}

/// Events, subscriptions, topics for retries, dead letters and what a handler returns, by their declared names.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_runs_on_topics_with_a_prefix() {
    let kafka = Kafka::start();
    let (prefix, group) = (format!("{}.", unique("prefix")), unique("group"));
    let config = kafka.config.clone().set("event.schema.topic.prefix", &prefix).group(&group);
    let topics = Topics::new()
        .topic(Topic::of::<Order>().partitions(1))
        .topic(Topic::of::<Receipt>().partitions(1))
        .topic(format!("orders-{group}-retry-1"))
        .topic(DeadLetter::new().topic_of("orders", &group));
    let missing = topics.check(&config).await.unwrap_err().to_string();
    assert!(missing.contains(&format!("`{prefix}orders`, declared as `orders`")), "{missing}");
    let dead = format!("{prefix}orders-{group}-dlt");
    let retries = format!("{prefix}orders-{group}-retry-1");
    let made = topics.create(&config).await.unwrap();
    assert_eq!(made, [format!("{prefix}orders"), format!("{prefix}receipts"), retries, dead.clone()]);

    let producer = EventProducer::connect(&config).await.unwrap();
    assert_eq!(producer.send(&order("good")).await.unwrap().topic(), format!("{prefix}orders"));
    assert_eq!(producer.send_to("orders", &order("bad")).await.unwrap().topic(), format!("{prefix}orders"));
    // As it is stored for later, and as many at once.
    let record = producer.message(&order("good")).to_record().await.unwrap();
    assert_eq!(record.topic(), format!("{prefix}orders"));
    assert_eq!(producer.send_record(&record).await.unwrap().topic(), format!("{prefix}orders"));
    for sent in producer.send_all(&[order("good"), order("good")]).await {
        assert_eq!(sent.unwrap().topic(), format!("{prefix}orders"));
    }

    let consumer = EventConsumer::<Order>::subscribe(&config).await.unwrap();
    let handle = consumer.handle();
    let moment = Duration::from_millis(1);
    let runner = consumer.runner().unordered().retry(Retry::topics().attempts(2).backoff(moment, moment));
    let running = tokio::spawn(runner.publish_with(&producer).run_with(accept));
    until(60, "end of the orders", || handle.counts().done() == 4 && handle.counts().of(Outcome::Dead) == 1).await;
    handle.seek("orders", 0, SeekTo::End).await.unwrap();
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();

    let (topic, letter) = read::<Order>(&config, &[&format!("orders-{group}-dlt")]).await;
    assert_eq!((topic, letter), (dead.clone(), order("bad")));
    // The real name is as good.
    assert_eq!(read::<Order>(&kafka.config, &[&dead]).await.1, order("bad"));
    assert_eq!(read::<Order>(&config, &[&dead]).await.1, order("bad"));
    let (topic, receipt) = read::<Receipt>(&config, &["receipts"]).await;
    assert_eq!((topic, receipt.id.as_str()), (format!("{prefix}receipts"), "good"));
    let (topic, _) = read::<Receipt>(&config, &["^recei.*"]).await;
    assert_eq!(topic, format!("{prefix}receipts"));
}

#[tokio::test]
async fn a_topic_has_another_name() {
    let kafka = Kafka::start();
    let real = kafka.topic(1).await;
    let config = kafka.config.clone().set("event.schema.topic.prefix", "not-this.");
    let config = config.set("event.schema.topic.names", format!("orders:{real}"));
    let producer = EventProducer::connect(&config).await.unwrap();
    assert_eq!(producer.send(&order("a")).await.unwrap().topic(), real);
    // A received message's topic is sent to as it is.
    assert_eq!(producer.send_to(&real, &order("b")).await.unwrap().topic(), real);
    assert_eq!(read::<Order>(&config, &["orders"]).await, (real.clone(), order("a")));
}

#[tokio::test]
async fn errors_name_both() {
    let kafka = Kafka::start();
    let prefix = format!("{}.", unique("prefix"));
    let config = kafka.config.clone().set("event.schema.topic.prefix", &prefix).group(unique("group"));
    let producer = EventProducer::connect(&config).await.unwrap();
    kafka.create(&format!("{prefix}orders"), 1).await;
    let error = producer.message(&order("a")).partition(7).send().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("not sent to `{prefix}orders`, declared as `orders`: ")), "{error}");

    // Two declared names of one topic.
    let config = config.set("event.schema.topic.names", "orders:same, bills:same");
    let error = EventConsumer::<Order>::subscribe_to(&config, &["orders", "bills"]).await.unwrap_err();
    assert!(error.is_config());
    assert_eq!(error.to_string(), "topic `same` is given twice");
}
