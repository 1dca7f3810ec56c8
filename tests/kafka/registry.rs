//! Producers and consumers with a real registry, which is stopped and started meanwhile.
//!
//! `EVENT_SCHEMA_TEST_REGISTRY` has its URL, `EVENT_SCHEMA_TEST_REGISTRY_TOOL` is a script with the commands `start` and
//! `stop`. What it knows must outlive it.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_schema::contract::compat::Compatibility;
use event_schema::format::Codec;
use event_schema::kafka::{Delivery, EventConsumer, EventProducer, Retry};
use event_schema::registry::{RegistryConfig, SchemaRegistry, SchemaText};

use crate::common::{Kafka, until, within};

#[event_schema::event(name = "user.registered", key = id)]
struct UserRegisteredV1 {
    id: String,
    name: String,
}

#[event_schema::event(name = "user.registered", version = 2, key = id, previous = UserRegisteredV1)]
#[derive(Debug, Clone, PartialEq)]
struct UserRegistered {
    id: String,
    first: String,
    last: String,
}

impl From<UserRegisteredV1> for UserRegistered {
    fn from(UserRegisteredV1 { id, name }: UserRegisteredV1) -> Self {
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        Self { id, first: first.to_owned(), last: last.to_owned() }
    }
}

/// The script. The registry runs when the test is over.
struct Tool(PathBuf);

impl Tool {
    fn run(&self, command: &str) {
        let output = Command::new(&self.0).arg(command).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = Command::new(&self.0).arg("start").output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_loses_nothing() {
    let given = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(url), Some(tool)) = (given("EVENT_SCHEMA_TEST_REGISTRY"), given("EVENT_SCHEMA_TEST_REGISTRY_TOOL"))
    else {
        eprintln!("skipped: no real registry that may be stopped");
        return;
    };
    let tool = Tool(tool.into());
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let config = RegistryConfig::new(url).set("max.retries", "1").set("retries.wait.ms", "50");
    let registry = || SchemaRegistry::new(&config).unwrap();
    let codec = || Codec::confluent_avro().with_source(registry());

    // The second version is incompatible with the first: the subject has to allow it.
    let first = SchemaText::avro_of::<UserRegisteredV1>().unwrap();
    let subject = registry().value_subject(&topic, &first).unwrap();
    registry().register_with(&subject, &first, Compatibility::None).await.unwrap();
    let producer = EventProducer::connect(&kafka.config).await.unwrap().with_codec(codec());
    for at in 0..10 {
        let user = UserRegisteredV1 { id: format!("{at}-1"), name: "Ada Lovelace".to_owned() };
        within(60, "the first version", producer.send_to(&topic, &user)).await.unwrap();
        let user = UserRegistered { id: format!("{at}-2"), first: "Ada".to_owned(), last: "Lovelace".to_owned() };
        within(60, "the second version", producer.send_to(&topic, &user)).await.unwrap();
    }
    assert_eq!(registry().versions(&subject).await.unwrap(), [1, 2]);

    tool.run("stop");
    // It knows the ids of its events; one that is new to it cannot be sent, and is not.
    let user = UserRegistered { id: "10-2".to_owned(), first: "Ada".to_owned(), last: "Lovelace".to_owned() };
    within(60, "a known id", producer.send_to(&topic, &user)).await.unwrap();
    let error = within(60, "an answer", producer.clone().with_codec(codec()).send_to(&topic, &user)).await.unwrap_err();
    assert!(error.is_not_sent() && !error.is_config(), "{error}");

    let consumer =
        EventConsumer::<UserRegistered>::subscribe_to(&kafka.config.clone().group(&topic), &[&topic]).await.unwrap();
    let consumer = consumer.with_codec(&codec()).unwrap();
    let handle = consumer.handle();
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let runner = consumer.runner().concurrency(1).retry(Retry::never());
    let running = tokio::spawn(runner.run(move |user: Delivery<UserRegistered>| {
        seen.lock().unwrap().push((user.event().clone(), user.attempt()));
        async {}
    }));
    until(60, "wait", || !handle.is_ready()).await;
    assert!(log.lock().unwrap().is_empty());

    tool.run("start");
    until(120, "all", || handle.counts().done() == 21).await;
    handle.close(Duration::from_secs(20)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!(counts.to_string(), "21 done");
    let log = log.lock().unwrap();
    let ids: Vec<&str> = log.iter().map(|(user, _)| &*user.id).collect();
    let expected: Vec<String> =
        (0..21).map(|at| format!("{}-{}", at / 2, if at == 20 { 2 } else { at % 2 + 1 })).collect();
    assert_eq!(ids, expected);
    let is_ada = |user: &UserRegistered| user.first == "Ada" && user.last == "Lovelace";
    assert!(log.iter().all(|(user, attempt)| is_ada(user) && *attempt == 1), "{log:?}");
}
