//! The program, as its users run it: on embedded servers, and on real ones if `EVENT_SCHEMA_TEST_KAFKA` names a
//! `client.properties` and `EVENT_SCHEMA_TEST_POSTGRES` has a URL.

mod common;
#[path = "../../../tests/common/request.rs"]
mod request;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use event_schema::kafka::{DeadLetter, EmbeddedKafka, EventProducer, KafkaConfig};
use event_schema::prelude::*;
use event_schema::serde_json::{self, Value, json};
use event_schema::sqlx::any::{AnyConnectOptions, install_default_drivers};
use event_schema::sqlx::{self, AnyConnection, AnyPool, ConnectOptions, Connection};
use tempfile::TempDir;

use crate::common::{PATIENCE, Program, get, json, post, program, start, until, url};
use crate::request::InHand;

/// A broker, a database, and a file that names the broker.
struct Servers {
    kafka: Option<EmbeddedKafka>,
    group: String,
    config: PathBuf,
    database: String,
    _folder: TempDir,
}

static REAL_KAFKA: LazyLock<Option<String>> = LazyLock::new(|| named("EVENT_SCHEMA_TEST_KAFKA"));
static REAL_POSTGRES: LazyLock<Option<String>> = LazyLock::new(|| named("EVENT_SCHEMA_TEST_POSTGRES"));

fn named(variable: &str) -> Option<String> {
    let value = env::var(variable).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: the real server of {variable}; an embedded one takes its place");
    }
    value
}

impl Servers {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let unique = format!("test_{}", Uuid::now_v7().simple());
        let (kafka, properties) = match &*REAL_KAFKA {
            Some(file) => (None, fs::read_to_string(file).expect("client.properties")),
            None => {
                let kafka = EmbeddedKafka::start().expect("a broker");
                let brokers = kafka.bootstrap_servers();
                (Some(kafka), format!("bootstrap.servers={brokers}\nsession.timeout.ms=2000"))
            }
        };
        // The messages of other tests are not this one's.
        let properties = format!("{properties}\nevent.schema.topic.prefix={unique}.\ngroup.id={unique}\n");
        let config = folder.path().join("client.properties");
        fs::write(&config, properties).expect("a file");
        let database = match &*REAL_POSTGRES {
            Some(url) => {
                execute(url, &format!("CREATE SCHEMA {unique}")).await;
                format!("{url}?options[search_path]={unique}")
            }
            None => format!("sqlite://{}?mode=rwc", folder.path().join("orders.db").display()),
        };
        if let Some(kafka) = &kafka {
            let dead = |topic, group: &str| DeadLetter::new().topic_of(topic, &format!("{unique}{group}"));
            for topic in ["order-request", "delivery-request", "delivery-answer"] {
                kafka.create_topic(&format!("{unique}.{topic}"), 3).expect("a topic");
            }
            for topic in
                [dead("order-request", ""), dead("delivery-answer", "-answers"), dead("delivery-request", "-delivery")]
            {
                kafka.create_topic(&format!("{unique}.{topic}"), 1).expect("a topic");
            }
        }
        Self { kafka, group: unique, config, database, _folder: folder }
    }

    /// The embedded broker creates no topics for another process.
    fn program(&self, part: &[&str]) -> Program {
        let mut args = vec!["--listen", "127.0.0.1:0"];
        if self.kafka.is_none() {
            args.push("--create-topics");
        }
        args.extend(part.iter().flat_map(|part| ["--part", part]));
        start(&self.config, Some(&self.database), &args)
    }

    /// Keeps others from writing orders, until it is closed.
    async fn lock(&self) -> AnyConnection {
        let sql = if REAL_POSTGRES.is_some() { "BEGIN; LOCK TABLE orders" } else { "BEGIN EXCLUSIVE" };
        let mut database = connect(&self.database).await;
        sqlx::raw_sql(sql).execute(&mut database).await.expect("a lock");
        database
    }

    fn client(&self) -> KafkaConfig {
        KafkaConfig::from_properties_file(&self.config).expect("a configuration")
    }
}

async fn count(url: &str, table: &str) -> i64 {
    install_default_drivers();
    let pool = AnyPool::connect(url).await.expect("a database");
    sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {table}")).fetch_one(&pool).await.expect("a number")
}

async fn connect(url: &str) -> AnyConnection {
    install_default_drivers();
    let options: AnyConnectOptions = url.parse().expect("a URL");
    options.connect().await.expect("a database")
}

async fn execute(url: &str, sql: &str) {
    let mut database = connect(url).await;
    sqlx::raw_sql(sql).execute(&mut database).await.expect("a statement");
    database.close().await.expect("an end");
}

async fn delivered(address: &str, order_id: &str) {
    let url = format!("{address}/order/{order_id}");
    until("delivered order", PATIENCE, async || {
        let (status, text) = get(&url).await;
        (status == 200 && text.contains(r#""order_status":"delivered""#)).then_some(())
    })
    .await;
}

#[test]
fn the_demonstration_ends_when_all_is_delivered() {
    let output = program().arg("--demo").output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let accepted: Vec<&str> = text.lines().filter(|line| line.starts_with("  202: ")).collect();
    assert!(accepted.len() == 3 && accepted[0] == accepted[1] && accepted[1] != accepted[2], "{text}");
    assert!(text.contains("  409: ") && text.contains("#/product_id") && text.contains("#/quantity"), "{text}");
    assert_eq!(text.matches(r#""order_status":"delivered""#).count(), 2, "{text}");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("sent to `order-request-python-group-1-dlt`"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_stored_delivered_and_shown() {
    let servers = Servers::start().await;
    let service = servers.program(&["api", "orders"]);
    let (address, delivery) = (url(&service), servers.program(&["delivery"]));
    url(&delivery);
    until("readiness", PATIENCE, async || (get(&format!("{address}/readyz")).await.0 == 200).then_some(())).await;

    let order = r#"{"product_id": "tea", "quantity": 3}"#;
    let (status, answer) = post(&address, Some("key"), order).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    let order_id = answer["order_id"].as_str().unwrap();
    delivered(&address, order_id).await;
    let mut shown = json(&format!("{address}/order/{order_id}")).await;
    let created_at = shown.as_object_mut().unwrap().remove("created_at").unwrap();
    assert!(created_at.as_str().unwrap().parse::<event_schema::chrono::DateTime<event_schema::chrono::Utc>>().is_ok());
    let (product_id, order_status) = ("tea", "delivered");
    let expected = json!({
        "order_id": order_id, "product_id": product_id, "quantity": 3, "delivered": 3, "order_status": order_status,
    });
    assert_eq!(shown, expected);

    // Again, also in another process, and with another body.
    assert_eq!(post(&address, Some("key"), order).await.unwrap(), (status, answer.clone()));
    let other = servers.program(&["api"]);
    let there = url(&other);
    assert_eq!(post(&there, Some("key"), order).await.unwrap(), (status, answer.clone()));
    assert_eq!(post(&there, Some("key"), r#"{"product_id": "tea"}"#).await.unwrap().0, 409);
    assert_ne!(post(&there, None, order).await.unwrap().1, answer);

    let (status, problem) = post(&address, None, r#"{"product_id": "", "quantity": 0}"#).await.unwrap();
    assert_eq!((status.as_u16(), problem["errors"].as_array().map(Vec::len)), (422, Some(2)), "{problem}");
    assert_eq!(post(&address, None, "{").await.unwrap().0, 400);
    let (status, problem) = get(&format!("{address}/order/7")).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((status.as_u16(), &problem["detail"]), (400, &json!("the id of an order is a UUID")));
    assert_eq!(get(&format!("{address}/order/{}", Uuid::nil())).await.0, 404);
    let (_, metrics) = get(&format!("{address}/metrics")).await;
    assert!(metrics.contains("event_schema_consumer_deliveries_total"), "{metrics}");
    for program in [service, other, delivery] {
        assert!(program.end().status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_survives_a_broker_that_is_away_and_a_kill() {
    let servers = Servers::start().await;
    let Some(kafka) = &servers.kafka else {
        println!("skipped: this test stops the embedded broker");
        return;
    };
    let service = servers.program(&["api", "orders"]);
    let address = url(&service);
    kafka.broker_down();
    let (status, answer) = post(&address, None, r#"{"product_id": "tea"}"#).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    service.kill();
    kafka.broker_up();
    let (service, delivery) = (servers.program(&["api", "orders"]), servers.program(&["delivery"]));
    delivered(&url(&service), answer["order_id"].as_str().unwrap()).await;
    assert!(service.end().status.success() && delivery.end().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_the_work_in_hand() {
    let servers = Servers::start().await;
    let service = servers.program(&["api", "orders"]);
    let address = service.address();
    let base = format!("http://{address}");
    until("readiness", PATIENCE, async || (get(&format!("{base}/readyz")).await.0 == 200).then_some(())).await;

    // Handlers that write wait for the lock.
    let producer = EventProducer::connect(&servers.client()).await.unwrap();
    let lock = servers.lock().await;
    let message = Uuid::now_v7().to_string();
    let order = json!({"order_id": message, "product_id": "tea", "quantity": 1}).to_string();
    producer.send_bytes("order-request", Some(message.as_bytes()), order.as_bytes()).await.unwrap();
    until("message in hand", PATIENCE, async || {
        let (_, metrics) = get(&format!("{base}/metrics")).await;
        let in_hand = |line: &str| line.starts_with("event_schema_consumer_in_flight_messages") && line.ends_with(" 1");
        metrics.lines().any(in_hand).then_some(())
    })
    .await;
    let begin = || InHand::post(&address, "/order", r#"{"product_id": "tea"}"#);
    let requests: Vec<_> = (0..3).map(|_| begin().send()).collect();
    let (late, unfinished) = (begin(), begin());

    service.terminate();
    service.after("SIGTERM ends it");
    lock.close().await.unwrap();
    let mut accepted = vec![message.clone()];
    for request in requests.into_iter().chain([late.send()]) {
        let answer = request.answer();
        assert!(answer.starts_with("HTTP/1.1 202 Accepted"), "{answer}");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        let body: Value = serde_json::from_str(body).expect("JSON");
        accepted.push(body["order_id"].as_str().unwrap().to_owned());
    }
    service.after(&format!("order {message} is accepted"));
    // Half a request does not keep it.
    let end = service.wait();
    assert!(end.status.success(), "{}", end.text);
    drop(unfinished);
    assert_eq!((count(&servers.database, "orders").await, count(&servers.database, "event_outbox").await), (5, 0));
    let (service, delivery) = (servers.program(&["api", "orders"]), servers.program(&["delivery"]));
    let base = url(&service);
    for order_id in accepted {
        delivered(&base, &order_id).await;
    }
    assert!(service.end().status.success() && delivery.end().status.success());
}

/// Messages of clients that know nothing of this library: without an id, twice, and some that are no orders.
#[tokio::test(flavor = "multi_thread")]
async fn plain_messages_are_orders_too_and_poison_is_set_aside() {
    let servers = Servers::start().await;
    let (service, delivery) = (servers.program(&["api", "orders"]), servers.program(&["delivery"]));
    let address = url(&service);
    let config = servers.client();
    let producer = EventProducer::connect(&config).await.unwrap();
    let order_id = Uuid::now_v7().to_string();
    let order = json!({"order_id": order_id, "product_id": "tea", "quantity": 2}).to_string();
    let unknown = json!({"order_id": Uuid::nil(), "parcel": 1}).to_string();
    for value in ["{", "{\"order_id\": 7}", &order, &order] {
        producer.send_bytes("order-request", Some(order_id.as_bytes()), value.as_bytes()).await.unwrap();
    }
    producer.send_bytes("delivery-answer", None, unknown.as_bytes()).await.unwrap();
    delivered(&address, &order_id).await;
    service.after("came before: nothing changes");
    let (requests, answers) = (servers.group.clone(), format!("{}-answers", servers.group));
    for (topic, group, count) in [("order-request", requests, 2), ("delivery-answer", answers, 1)] {
        let dead = format!("{}.{}", servers.group, DeadLetter::new().topic_of(topic, &group));
        until("dead letters", PATIENCE, async || (common::end(&config, &dead) == count).then_some(())).await;
    }
    assert!(service.end().status.success() && delivery.end().status.success());
}

/// A database that has no time for anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_told_and_comes_back() {
    let servers = Servers::start().await;
    if REAL_POSTGRES.is_some() {
        println!("skipped: this test locks SQLite; the load test kills PostgreSQL");
        return;
    }
    let service = servers.program(&["api"]);
    let address = url(&service);
    let lock = servers.lock().await;
    let (status, problem) = post(&address, Some("key"), r#"{"product_id": "tea"}"#).await.unwrap();
    assert_eq!((status.as_u16(), &problem["status"]), (503, &json!(503)));
    lock.close().await.unwrap();
    assert_eq!(post(&address, Some("key"), r#"{"product_id": "tea"}"#).await.unwrap().0, 202);
    assert!(service.end().status.success());
}

/// A row that the service did not write: to try again would not help.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_read_is_no_outage() {
    let servers = Servers::start().await;
    let service = servers.program(&["api"]);
    let address = url(&service);
    let (_, answer) = post(&address, None, r#"{"product_id": "tea"}"#).await.unwrap();
    execute(&servers.database, "UPDATE orders SET order_status = 'eaten'").await;
    let (status, problem) = get(&format!("{address}/order/{}", answer["order_id"].as_str().unwrap())).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((status.as_u16(), &problem["type"], &problem["status"]), (500, &json!("about:blank"), &json!(500)));
    assert!(service.end().status.success());
}

#[test]
fn the_template_is_a_configuration() {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/client.properties.template");
    let config = KafkaConfig::from_properties_file(template).unwrap();
    assert_eq!(config.group_id(), Some("python-group-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["order-request", "delivery-request", "delivery-answer"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    let partly = file("partly.properties", &format!("bootstrap.servers={}", kafka.bootstrap_servers()));
    for (topic, group) in [("order-request", ""), ("delivery-answer", "-answers"), ("delivery-request", "-delivery")] {
        let topic = DeadLetter::new().topic_of(topic, &format!("whole{group}"));
        kafka.create_topic(&topic, 1).unwrap();
    }
    let whole = file("whole.properties", &format!("bootstrap.servers={}\ngroup.id=whole", kafka.bootstrap_servers()));
    let malformed = file("malformed.properties", "bootstrap.servers=a:1\nbootstrap.server=b:1\nacks=most");
    let away = file("away.properties", "bootstrap.servers=127.0.0.1:1");
    let refused =
        file("refused.properties", "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SASL_SSL\nsasl.mechanisms=PLAIN");
    let sqlite = format!("sqlite://{}?mode=rwc", folder.path().join("orders.db").display());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&["--parts", "api"], "", 2, "--part"),
        (&["--config", &whole, "--part", "cook"], "", 2, "delivery"),
        (&["--config", &whole, "--demo"], "", 2, "--demo"),
        (&["--listen", "here"], "", 2, "here"),
        (&["--config", "nowhere.properties"], &sqlite, 1, "nowhere.properties"),
        (&["--config", &malformed], &sqlite, 1, "unknown key `bootstrap.server`"),
        (&["--config", &away], &sqlite, 1, "order-service: no broker answered within 10s: 127.0.0.1:1"),
        (&["--config", &refused], &sqlite, 1, "order-service: sasl.username and sasl.password must be set"),
        (&["--config", &partly], &sqlite, 1, "--create-topics creates them: topics missing"),
        (&["--config", &partly], &sqlite, 1, "order-request-python-group-1-dlt"),
        (&["--config", &whole], "", 1, "DATABASE_URL"),
        (&["--config", &whole], "orders.db", 1, "DATABASE_URL"),
        (&["--config", &whole], "mysql://127.0.0.1/orders", 1, "mysql://127.0.0.1/orders"),
        (&["--config", &whole], "postgres://me:secret@127.0.0.1:1/orders", 1, "postgres://127.0.0.1:1/orders"),
        (&["--config", &whole, "--listen", &taken], &sqlite, 1, &taken),
    ];
    let output = program().env("RUST_LOG", "a=b=c").output().expect("the program starts");
    assert!(output.status.code() == Some(1) && String::from_utf8_lossy(&output.stderr).contains("RUST_LOG"));
    for (args, database, code, named) in cases {
        let mut command: Command = program();
        command.args(*args);
        if !database.is_empty() {
            command.env("DATABASE_URL", database);
        }
        let output = command.output().expect("the program starts");
        let text = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {text}");
        assert!(text.contains(named) && !text.contains("secret") && !text.contains("panicked"), "{args:?}: {text}");
    }
}

/// The clients of the tutorials send orders, and deliver them.
#[tokio::test(flavor = "multi_thread")]
async fn python_orders_and_delivers() {
    if REAL_KAFKA.is_none() {
        println!("skipped: Python's clients need the broker of EVENT_SCHEMA_TEST_KAFKA");
        return;
    }
    let servers = Servers::start().await;
    let service = servers.program(&["api", "orders"]);
    let address = url(&service);
    for client in ["kafka", "confluent_kafka"] {
        let there = Command::new("python3").args(["-c", &format!("import {client}")]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            println!("skipped: Python has no {client}; PYTHONPATH names its folder");
            continue;
        }
        let order_id = Uuid::now_v7().to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/shop.py");
        let brokers = servers.client().rdkafka039_producer().unwrap().get("metadata.broker.list").unwrap().to_owned();
        let mut python = Command::new("python3");
        python.args([script, client, &brokers, &format!("{}.", servers.group), &order_id]);
        let python = Program::start_with_log(&mut python);
        delivered(&address, &order_id).await;
        assert_eq!(json(&format!("{address}/order/{order_id}")).await["delivered"], 2);
        assert!(python.wait().status.success());
    }
    assert!(service.end().status.success());
}
