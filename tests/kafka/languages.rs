//! One topic, on which Rust, Confluent's clients for Python and Apache Avro for Java write three versions of an event and
//! read them.
//!
//! Needs a real broker without passwords (`EVENT_SCHEMA_TEST_KAFKA`), a registry (`EVENT_SCHEMA_TEST_REGISTRY` has its
//! URL), `confluent-kafka` for Python, java, and the folders with the jars of `tests/avro/java/pom.xml`
//! (`EVENT_SCHEMA_TEST_AVRO`) and of `tests/kafka/java/pom.xml` (`EVENT_SCHEMA_TEST_SPRING`).

use std::env;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use event_schema::contract::compat::Compatibility;
use event_schema::format::Codec;
use event_schema::kafka::{EventConsumer, EventProducer};
use event_schema::registry::{RegistryConfig, SchemaRegistry, SchemaText};
use event_schema::serde_json::{self, Value, json};
use tokio::process::Command;

use crate::common::{Kafka, properties, within};

#[event_schema::event(name = "user.registered", key = id)]
struct UserRegisteredV1 {
    id: String,
    name: String,
}

#[event_schema::event(name = "user.registered", version = 2, key = id, previous = UserRegisteredV1)]
struct UserRegisteredV2 {
    id: String,
    first: String,
    last: String,
}

#[event_schema::event(name = "user.registered", version = 3, key = id, previous = UserRegisteredV2)]
#[derive(Debug, PartialEq)]
struct UserRegistered {
    id: String,
    first: String,
    last: String,
    email: Option<String>,
}

impl From<UserRegisteredV1> for UserRegisteredV2 {
    fn from(UserRegisteredV1 { id, name }: UserRegisteredV1) -> Self {
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        Self { id, first: first.to_owned(), last: last.to_owned() }
    }
}

impl From<UserRegisteredV2> for UserRegistered {
    fn from(UserRegisteredV2 { id, first, last }: UserRegisteredV2) -> Self {
        Self { id, first, last, email: None }
    }
}

/// The programs of the other languages, and what they need.
struct Programs {
    servers: String,
    registry: String,
    classes: String,
}

impl Programs {
    fn find() -> Option<Self> {
        let given = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let has_python = || {
            let import = ["-c", "import confluent_kafka.schema_registry.avro"];
            let output = std::process::Command::new("python3").args(import).output();
            output.is_ok_and(|output| output.status.success())
        };
        let (Some(file), Some(registry), Some(avro), Some(kafka), true) = (
            properties(),
            given("EVENT_SCHEMA_TEST_REGISTRY"),
            given("EVENT_SCHEMA_TEST_AVRO"),
            given("EVENT_SCHEMA_TEST_SPRING"),
            has_python(),
        ) else {
            eprintln!("skipped: no real broker, no registry, no confluent-kafka for Python, or no jars of Java");
            return None;
        };
        let text = fs::read_to_string(file).unwrap();
        let servers = text.lines().find_map(|line| line.strip_prefix("bootstrap.servers=")).unwrap().to_owned();
        Some(Self { servers, registry, classes: format!("{avro}/*:{kafka}/*") })
    }

    /// The lines that both programs print.
    async fn run(&self, topic: &str, args: &[&str]) -> [Vec<Value>; 2] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka");
        let mut python = Command::new("python3");
        python.arg(folder.join("languages.py"));
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-cp", &self.classes]).arg(folder.join("java/Languages.java"));
        let mut printed = [Vec::new(), Vec::new()];
        for (program, printed) in [python, java].into_iter().zip(&mut printed) {
            let mut program = program;
            program.args([&self.servers, &self.registry, topic]).args(args);
            let output = program.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output();
            let output = within(90, "end of the program", output).await.unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{}: {text}", output.status);
            *printed = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        printed
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_versions_are_written_and_read_by_all() {
    let Some(programs) = Programs::find() else { return };
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let registry = SchemaRegistry::new(&RegistryConfig::new(&programs.registry)).unwrap();
    // The versions are incompatible with each other: the subject has to allow it.
    let first = SchemaText::avro_of::<UserRegisteredV1>().unwrap();
    let subject = registry.value_subject(&topic, &first).unwrap();
    registry.register_with(&subject, &first, Compatibility::None).await.unwrap();

    programs.run(&topic, &["write"]).await;
    let codec = Codec::confluent_avro().with_source(registry.clone()).also_reads(Codec::confluent_json());
    let producer = EventProducer::connect(&kafka.config).await.unwrap().with_codec(codec.clone());
    let text = |text: &str| text.to_owned();
    let user = UserRegisteredV1 { id: text("rust-1"), name: text("Ada Lovelace") };
    within(60, "the first version", producer.send_to(&topic, &user)).await.unwrap();
    let user = UserRegisteredV2 { id: text("rust-2"), first: text("Ada"), last: text("Lovelace") };
    within(60, "the second version", producer.send_to(&topic, &user)).await.unwrap();
    let user = UserRegistered {
        id: text("rust-3"),
        first: text("Ada"),
        last: text("Lovelace"),
        email: Some(text("ada@e.com")),
    };
    within(60, "today's", producer.send_to(&topic, &user)).await.unwrap();

    let group = kafka.config.clone().group(&topic);
    let mut consumer =
        EventConsumer::<UserRegistered>::subscribe_to(&group, &[&topic]).await.unwrap().with_codec(&codec).unwrap();
    let mut loaded = Vec::new();
    for _ in 0..6 {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        let user = received.event().unwrap_or_else(|| panic!("{:?}", received.rejection()));
        assert_eq!((&*user.first, &*user.last), ("Ada", "Lovelace"));
        loaded.push((user.id.clone(), user.email.clone()));
    }
    let expected = [
        ("python-1", None),
        ("python-3", Some("ada@example.com")),
        ("java-2", None),
        ("rust-1", None),
        ("rust-2", None),
        ("rust-3", Some("ada@e.com")),
    ];
    assert_eq!(loaded, expected.map(|(id, email)| (text(id), email.map(text))));

    let (ada, lovelace) = ("Ada", "Lovelace");
    let expected = json!([
        {"id": "python-1", "name": "Ada Lovelace"},
        {"id": "python-3", "first": ada, "last": lovelace, "email": "ada@example.com"},
        {"id": "java-2", "first": ada, "last": lovelace},
        {"id": "rust-1", "name": "Ada Lovelace"},
        {"id": "rust-2", "first": ada, "last": lovelace},
        {"id": "rust-3", "first": ada, "last": lovelace, "email": "ada@e.com"},
    ]);
    for read in programs.run(&topic, &["read", "6"]).await {
        assert_eq!(Value::from(read), expected);
    }
}
