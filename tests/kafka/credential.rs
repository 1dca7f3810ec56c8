//! A password that is taken away while it is in use.
//!
//! Needs a broker with passwords that asks for them again and again (`connections.max.reauth.ms`), and
//! `EVENT_SCHEMA_TEST_TOOL`, a script that runs Kafka's tools on it.

use std::env;
use std::process::Stdio;
use std::time::Duration;

use crate::common::{Kafka, Note, broker_has, note, unique, until, within};
use event_schema::kafka::{Delivery, EventConsumer, EventProducer};

/// Changes what the broker knows of a user.
async fn change(user: &str, change: [&str; 2]) {
    let script = env::var_os("EVENT_SCHEMA_TEST_TOOL").unwrap();
    let servers = format!("127.0.0.1:{}", env::var("KAFKA_PORT").unwrap());
    let mut tool = tokio::process::Command::new(script);
    tool.args(["tool", "kafka.admin.ConfigCommand", "--bootstrap-server", &servers, "--alter"]);
    tool.args(["--entity-type", "users", "--entity-name", user]).args(change);
    let output = within(60, "end of the tool", tool.stdin(Stdio::null()).output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_it_is_told_and_goes_on_when_it_is_back() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    if !broker_has("SASL") {
        return;
    }
    if env::var_os("EVENT_SCHEMA_TEST_TOOL").is_none_or(|script| script.is_empty()) {
        eprintln!("skipped: no way to take a password away");
        return;
    }
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let user = unique("user");
    let password = ["--add-config", "SCRAM-SHA-512=[password=bobs-secret]"];
    change(&user, password).await;
    let group = kafka.group().set("sasl.mechanism", "SCRAM-SHA-512").set("sasl.username", &user);
    let group = group.set("sasl.password", "bobs-secret");
    // What was set is known to all of the broker a moment later.
    let consumer = within(30, "login", async {
        loop {
            if let Ok(consumer) = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await {
                return consumer;
            }
        }
    })
    .await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    kafka.publish(&topic, [note("a", 0)]).await;
    until(30, "the first", || handle.counts().done() == 1).await;

    let told = || crate::common::log::lines("uthentication failed").len();
    let before = told();
    change(&user, ["--delete-config", "SCRAM-SHA-512"]).await;
    until(60, "line in the log", || told() > before).await;
    assert_eq!(crate::common::log::lines("bobs-secret"), []);
    let refused = EventProducer::connect(&group).await.unwrap_err();
    assert!(refused.is_authentication(), "{refused}");
    assert!(!running.is_finished());

    kafka.publish(&topic, [note("a", 1)]).await;
    change(&user, password).await;
    until(60, "the second", || handle.counts().done() == 2).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(kafka.committed(&kafka.config.clone().group(group.group_id().unwrap()), &topic, 0).await, Some(2));
}
