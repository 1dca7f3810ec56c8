//! What does not work at the start fails in bounded time and says why.

use std::fmt::Debug;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::{Kafka, Note, broker_has, unique, within};
use event_schema::kafka::{ConnectError, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Topic, Topics};

/// librdkafka may take a second to try for the first time.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a producer, a consumer and topics say, and that all say it soon.
async fn refusals(config: &KafkaConfig, limit: Duration) -> [ConnectError; 3] {
    let producer = soon(limit, EventProducer::connect(config)).await;
    let group = config.clone().group(unique("group"));
    let consumer = soon(limit, EventConsumer::<Note>::subscribe_to(&group, &["notes"])).await;
    let topics = soon(limit, Topics::new().topic("notes").create(config)).await;
    [producer, consumer, topics]
}

async fn soon<T: Debug>(limit: Duration, start: impl Future<Output = Result<T, ConnectError>>) -> ConnectError {
    let started = Instant::now();
    let error = start.await.unwrap_err();
    println!("after {:?}: {error}", started.elapsed());
    assert!(started.elapsed() < limit, "{:?}: {error}", started.elapsed());
    error
}

#[tokio::test]
async fn nobody_listens() {
    let config = KafkaConfig::new("127.0.0.1:1").connect_timeout(PATIENCE);
    for error in refusals(&config, 2 * PATIENCE).await {
        assert!(error.is_unreachable());
        let text = error.to_string();
        assert!(text.starts_with("no broker answered within 3s: "), "{text}");
        assert!(text.contains("127.0.0.1:1") && text.contains("refused"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_named() {
    let config = KafkaConfig::new("127.0.0.1:1").group("g");
    for (topics, problem) in [
        (&[][..], "no topic to subscribe to"),
        (&["notes", "orders", "notes"], "topic `notes` is given twice"),
        (
            &["^notes.*", "my notes"],
            "`my notes` is not a legal topic name: it has up to 249 letters, digits, `.`, `_` and `-`",
        ),
        (&[""], "`` is not a legal topic name: it has up to 249 letters, digits, `.`, `_` and `-`"),
    ] {
        let error = EventConsumer::<Note>::subscribe_to(&config, topics).await.unwrap_err();
        assert!(error.is_config());
        assert_eq!(error.to_string(), problem);
    }
}

#[tokio::test]
async fn a_pattern_that_is_none_is_named() {
    let kafka = EmbeddedKafka::start().unwrap();
    let error = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["^(notes"]).await.unwrap_err();
    assert!(error.is_config());
    assert!(error.to_string().starts_with("no subscription to [\"^(notes\"]: "), "{error}");
}

#[tokio::test]
async fn no_such_host() {
    let config = KafkaConfig::new("no-such-host.invalid:9092").connect_timeout(PATIENCE);
    for error in refusals(&config, 2 * PATIENCE).await {
        assert!(error.is_unreachable());
        assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
    }
}

#[tokio::test]
async fn somebody_listens_and_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let servers = silent.local_addr().unwrap().to_string();
    let config = KafkaConfig::new(servers).connect_timeout(Duration::from_secs(1));
    for error in refusals(&config, Duration::from_secs(3)).await {
        assert!(error.is_unreachable(), "{error}");
    }
}

#[tokio::test]
async fn a_port_without_tls() {
    let kafka = EmbeddedKafka::start().unwrap();
    let config = kafka.config().set("security.protocol", "SSL").connect_timeout(PATIENCE);
    for error in refusals(&config, 2 * PATIENCE).await {
        assert!(error.is_tls(), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let config = KafkaConfig::new("127.0.0.1:1").set("security.protocol", "SSL").set("ssl.ca.location", "no-such.pem");
    for error in refusals(&config, Duration::from_secs(3)).await {
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().starts_with("`ssl.ca.location`: No such file"), "{error}");
    }
}

#[tokio::test]
async fn topics_are_made_once() {
    let kafka = Kafka::start();
    let names = [unique("topic"), unique("topic")];
    let topics = Topics::new().topic(&names[0]).topic(Topic::new(&names[1]).partitions(2)).topic(&names[0]);
    let error = topics.check(&kafka.config).await.unwrap_err();
    assert!(error.is_missing_topic());
    assert!(error.to_string().contains(&format!("`{}`, `{}`", names[0], names[1])), "{error}");

    assert_eq!(Topics::new().topic(&names[0]).create(&kafka.config).await.unwrap(), names[..1]);
    assert_eq!(topics.create(&kafka.config).await.unwrap(), names[1..]);
    // The brokers of a cluster learn of a new topic one after the other.
    let known = async {
        while let Err(error) = topics.check(&kafka.config).await {
            assert!(error.is_missing_topic(), "{error}");
        }
    };
    within(30, "the topics", known).await;
    assert!(topics.create(&kafka.config).await.unwrap().is_empty());
}

#[tokio::test]
async fn topics_that_cannot_be_made_are_named() {
    let kafka = EmbeddedKafka::start().unwrap();
    let config = kafka.config();
    let error = Topics::new().topic(Topic::of::<Note>()).create(&config).await.unwrap_err();
    assert!(error.is_config());
    assert_eq!(error.to_string(), "event `note` has no topic: give it one with `#[event(topic = \"...\")]`");
    let error = Topics::new().topic(Topic::new("notes").partitions(0)).create(&config).await.unwrap_err();
    assert_eq!(error.to_string(), "topic `notes`: `partitions` must be at least 1");
    // Nobody ever listens there: a broker that was just dropped may answer once more.
    let nobody = KafkaConfig::new("127.0.0.1:1");
    assert!(Topics::new().topic("notes").create(&nobody).await.unwrap_err().is_unreachable());
}

#[tokio::test]
async fn an_embedded_broker_makes_topics_for_its_own_process() {
    let kafka = EmbeddedKafka::start().unwrap();
    // As another process knows it.
    let config = KafkaConfig::new(kafka.bootstrap_servers());
    let error = Topics::new().topic("notes").create(&config).await.unwrap_err();
    assert!(error.is_missing_topic() && error.to_string().contains("`EmbeddedKafka`"), "{error}");
}

#[tokio::test]
async fn topics_that_a_real_broker_refuses_are_named() {
    let kafka = Kafka::start();
    if kafka.embedded.is_some() {
        eprintln!("skipped: the embedded broker makes every topic");
        return;
    }
    let config = kafka.config;
    let (name, made) = (unique("topic"), unique("topic"));
    let topics = Topics::new().topic(Topic::new(&name).replication(99)).topic("no topic").topic(&made);
    let error = topics.create(&config).await.unwrap_err();
    assert!(error.is_missing_topic());
    let text = error.to_string();
    assert!(text.contains("`replication` exceeds the number of brokers") && text.contains("`no topic`"), "{text}");
    let there = async { while Topics::new().topic(&made).check(&config).await.is_err() {} };
    within(30, "the other topic", there).await;

    let compacted = Topic::new(unique("topic")).partitions(3).set("cleanup.policy", "compact");
    assert_eq!(Topics::new().topic(compacted).create(&config).await.unwrap().len(), 1);
    let mistyped = Topic::new(unique("topic")).set("cleanup.police", "compact");
    assert!(Topics::new().topic(mistyped).create(&config).await.unwrap_err().is_missing_topic());
}

#[tokio::test]
async fn a_wrong_password() {
    if !broker_has("SASL") {
        return;
    }
    let config = Kafka::start().config.set("sasl.password", "not-the-password");
    for error in refusals(&config, Duration::from_secs(5)).await {
        assert!(error.is_authentication(), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("authentication failed"), "{text}");
        assert!(!text.contains("not-the-password"), "{text}");
    }
}

#[tokio::test]
async fn scram() {
    if !broker_has("SASL") {
        return;
    }
    let config = Kafka::start().config.set("sasl.mechanism", "SCRAM-SHA-512");
    EventProducer::connect(&config).await.unwrap();
    for error in refusals(&config.set("sasl.password", "not-the-password"), Duration::from_secs(5)).await {
        assert!(error.is_authentication(), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_ca() {
    if !broker_has("SASL_SSL") {
        return;
    }
    let mut other = tempfile::NamedTempFile::new().unwrap();
    other.write_all(OTHER_CA.as_bytes()).unwrap();
    let config = Kafka::start().config.set("ssl.ca.location", other.path().to_str().unwrap());
    for error in refusals(&config, Duration::from_secs(5)).await {
        assert!(error.is_tls(), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}

/// The certificate of a CA that signed nothing.
const OTHER_CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgTCCASagAwIBAgITTuRhgncrrIW0R9OWL8aUtr6M5zAKBggqhkjOPQQDAjAV
MRMwEQYDVQQDDAphbm90aGVyIENBMCAXDTI2MTEyMTAwMzEwNVoYDzIxMjYxMDI4
MDAzMTA1WjAVMRMwEQYDVQQDDAphbm90aGVyIENBMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEHgOhy6YUdeBg6s5lCzF0xIQgglhk27lp9CRINaAg6cNVw1DcQ+xl
hwc3MnudCtZcFigfiwVn4ky9N+sfkwBG1qNTMFEwHQYDVR0OBBYEFGRlPTGlfTbs
K8MBJLoiLZVXgy7LMB8GA1UdIwQYMBaAFGRlPTGlfTbsK8MBJLoiLZVXgy7LMA8G
A1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJA8ZDpA0KH2Y/QjZh8T
z/k0z34Dl8edaiwGtQCj+chHAiEAnjPK/lqj5KSDxS/Xk/hkuaO6+P5IiVA0NlMa
l3FV9LA=
-----END CERTIFICATE-----
";
