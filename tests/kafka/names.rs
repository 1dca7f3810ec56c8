//! Names of topics that the configuration changes.

use std::time::Duration;

use crate::common::{Kafka, unique, until, within};
use event_schema::kafka::doctor::{Check, Doctor};
use event_schema::kafka::{
    DeadLetter, DeadLetterTopic, Delivery, EventConsumer, EventProducer, Failure, KafkaConfig, Outcome, Redrive, Retry,
    SeekTo, Topic, Topics,
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
    assert_eq!(made, [format!("{prefix}orders"), format!("{prefix}receipts"), retries.clone(), dead.clone()]);

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

    let letters = DeadLetterTopic::new(format!("orders-{group}-dlt")).origin_topic("orders");
    let mut fates = Vec::new();
    let redriven = letters.redrive(&config, Redrive::to_group(), |_, fate| fates.push(fate.to_string())).await.unwrap();
    assert_eq!((redriven.redriven(), &*fates), (1, &[format!("sent to `{retries}`")][..]));
    let again = letters.redrive(&config, Redrive::to_topic("receipts"), |_, _| {}).await.unwrap();
    assert_eq!((again.redriven(), again.refused()), (0, 0));
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

/// The names of dead letter topics are made from the real name, for whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_topic_has_dead_letters_by_its_real_name() {
    let kafka = Kafka::start();
    let (prefix, group, real) = (format!("{}.", unique("prefix")), unique("group"), kafka.topic(1).await);
    let config = kafka.config.clone().set("event.schema.topic.prefix", &prefix).group(&group);
    let config = config.set("event.schema.topic.names", format!("orders:{real}"));
    let dead = format!("{real}-{group}-dlt");
    let report = Doctor::new(&config).topic("orders").examine().await.unwrap();
    let missing: Vec<_> = report.findings().iter().filter(|finding| finding.check() == Check::DeadLetter).collect();
    assert_eq!(missing.len(), 1, "{report}");
    assert_eq!(missing[0].place(), format!("topic `{prefix}{dead}`, declared as `{dead}`"));

    let made = Topics::new().topic(DeadLetter::new().topic_of(&real, &group)).create(&config).await.unwrap();
    assert_eq!(made, [format!("{prefix}{dead}")]);
    EventProducer::connect(&config).await.unwrap().send(&order("bad")).await.unwrap();
    let consumer = EventConsumer::<Order>::subscribe(&config).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Order>| Err::<(), _>(Failure::reject("not this one"))));
    until(60, "dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();

    let letters = DeadLetterTopic::new(&dead).origin_topic("orders");
    assert_eq!(letters.redrive(&config, Redrive::to_origin(), |_, _| {}).await.unwrap().redriven(), 1);
    assert_eq!(kafka.end(&real, 0).await, 2);
    // By a configuration that renames nothing, as that of an operator.
    let letters = DeadLetterTopic::new(format!("{prefix}{dead}"));
    assert_eq!(letters.redrive(&kafka.config, Redrive::to_origin(), |_, _| {}).await.unwrap().redriven(), 0);
}
