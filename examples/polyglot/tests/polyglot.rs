//! The programs, as a user runs them. They need python3 with pip, and node with npm.

#[path = "../../../tests/common/program.rs"]
mod program;

use std::process::Command;
use std::time::Duration;

use event_schema::kafka::{DeadLetter, EmbeddedKafka, EventProducer, KafkaConfig, ProducerRecord};
use event_schema::uuid::Uuid;
use tokio::sync::Mutex;

use crate::program::Program;

/// Packages are fetched the first time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Both tests generate types, in one folder.
static FOLDER: Mutex<()> = Mutex::const_new(());

/// What a topic has, whatever it is.
#[event_schema::event]
struct Anything {}

fn start(command: &mut Command) -> Program {
    Program::start(command).with_children()
}

/// The next line that begins with one of the texts.
fn next(program: &Program, beginnings: &[&str]) -> String {
    let find = |line: &str| beginnings.iter().any(|beginning| line.starts_with(beginning)).then(|| line.to_owned());
    program.find(&beginnings.join(" or "), PATIENCE, find)
}

#[test]
fn the_demonstration_shows_all_languages() {
    let _folder = FOLDER.blocking_lock();
    let program = start(Command::new(env!("CARGO_BIN_EXE_polyglot")).arg("--demo"));
    let lines: Vec<String> = program.lines.iter().collect();
    assert!(program.wait().status.success());
    for language in ["python: invoice", "typescript: a ", "rust: order "] {
        assert_eq!(lines.iter().filter(|line| line.starts_with(language)).count(), 5, "{language} in {lines:#?}");
    }
}

#[tokio::test]
async fn each_program_refuses_what_the_contract_does_not_allow() {
    let _folder = FOLDER.lock().await;
    // The messages of other tests, and of earlier runs on the same broker, are not this one's.
    let prefix = format!("test-{}.", Uuid::now_v7().simple());
    let group = format!("{prefix}polyglot");
    let dead_letters = |topic| format!("{prefix}{}", DeadLetter::new().topic_of(topic, &group));
    let mut embedded = None;
    let properties = match std::env::var("EVENT_SCHEMA_TEST_KAFKA") {
        Ok(file) => std::fs::read_to_string(&file).expect("a file"),
        Err(_) => {
            let kafka = embedded.insert(EmbeddedKafka::start().expect("a broker"));
            for topic in ["orders", "invoices", "parcels"] {
                kafka.create_topic(&format!("{prefix}{topic}"), 1).expect("a topic");
            }
            for topic in ["invoices", "parcels"] {
                kafka.create_topic(&dead_letters(topic), 1).expect("a topic");
            }
            format!("bootstrap.servers={}", kafka.bootstrap_servers())
        }
    };
    let brokers = properties.lines().find_map(|line| line.strip_prefix("bootstrap.servers=")).expect("brokers");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("client.properties");
    let own = format!("{properties}\nevent.schema.topic.prefix={prefix}\ngroup.id={group}\n");
    std::fs::write(&file, own).expect("a file");
    let config = KafkaConfig::from_properties_file(&file).expect("properties");
    let file = file.to_str().expect("a name");
    let program = start(Command::new(env!("CARGO_BIN_EXE_polyglot")).args(["--config", file, "--orders", "2"]));
    next(&program, &["rust: sent"]);
    let producer = EventProducer::connect(&config).await.expect("a producer");
    let order = br#"{
        "orderId": "01a2048d-bf91-77fd-b115-ca6128bf1470", "placedAt": "2026-11-22T18:00:00Z",
        "lines": [{"sku": "bolt-8", "quantity": 0, "unitPrice": 25}], "delivery": {"kind": "pickup", "shop": "Ring 1"}
    }"#;
    let invoice = br#"{"orderId": "A-1", "number": "", "total": -1}"#;
    let messages = [("orders", "order.placed.v1", &order[..]), ("invoices", "invoice.issued.v1", invoice)];
    for (topic, event_type, value) in messages {
        let record = ProducerRecord::new(topic).with_value(value).with_header("ce_type", Some(event_type.as_bytes()));
        producer.send_record(&record).await.expect("acknowledged");
    }
    let mut others = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/others"));
    let others = start(others.arg(brokers).env("TOPIC_PREFIX", &prefix));
    let mut refusals = [next(&others, &["python: refused", "typescript: refused"]), String::new()];
    let rest = if refusals[0].starts_with("python") { "typescript: refused" } else { "python: refused" };
    refusals[1] = next(&others, &[rest]);
    refusals.sort();
    assert!(refusals[0].ends_with("lines.0.quantity"), "{refusals:?}");
    assert!(refusals[1].ends_with("/lines/0/quantity minimum"), "{refusals:?}");

    next(&program, &["rust: order"]);
    next(&program, &["rust: order"]);
    assert!(program.wait().status.success());
    assert!(others.end().status.success());
    if let Some(kafka) = embedded {
        let letters = kafka.received::<Anything>(&dead_letters("invoices"), 1).await;
        assert_eq!(letters[0].rejection().expect("another type").bytes(), invoice);
    }
}

#[test]
fn faults_are_named() {
    let error = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_polyglot")).args(args).output().expect("the program starts");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(error(&["--config", "nowhere.properties"]).contains("nowhere.properties"));
    assert!(error(&["--brokers", "127.0.0.1:1"]).contains("127.0.0.1:1"));
    assert!(error(&["--orders", "many"]).contains("many"));
}
