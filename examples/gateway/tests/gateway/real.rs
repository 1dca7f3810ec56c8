//! A real broker, if there is one, and the tutorial's clients on the other side.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::program::{Stream, json_of, request, start};

/// Python's clients: one writes plain JSON, one reads.
const CLIENTS: [(&str, &str, &str); 2] = [
    (
        "kafka",
        "
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=brokers, value_serializer=lambda value: json.dumps(value).encode('utf-8'))
producer.send(topic, event).get(timeout=30)
producer.close()
",
        "
from kafka import KafkaConsumer
consumer = KafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset='earliest', consumer_timeout_ms=30000,
                         value_deserializer=lambda value: json.loads(value.decode('utf-8')))
for message in consumer:
    if message.value['user'] == 'rust':
        print(json.dumps(message.value))
        break
",
    ),
    (
        "confluent_kafka",
        "
from confluent_kafka import Producer
producer = Producer({'bootstrap.servers': brokers})
producer.produce(topic, json.dumps(event).encode('utf-8'), key=event['user'])
assert producer.flush(30) == 0
",
        "
from confluent_kafka import Consumer
consumer = Consumer({'bootstrap.servers': brokers, 'group.id': topic + '-python', 'auto.offset.reset': 'earliest'})
consumer.subscribe([topic])
for _ in range(300):
    message = consumer.poll(0.1)
    if message is not None and message.error() is None and json.loads(message.value())['user'] == 'rust':
        print(message.value().decode('utf-8'))
        break
consumer.close()
",
    ),
];

fn python(script: &str, brokers: &str, topic: &str, user: &str) -> String {
    let head = "import json, sys\nbrokers, topic, user = sys.argv[1:]\nevent = {'user': user, 'action': 'greet', 'quantity': 1}";
    let output = Command::new("python3").args(["-c", &format!("{head}{script}"), brokers, topic, user]).output();
    let output = output.expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Events go from Python's clients to the gateway, and from the gateway to them.
fn exchange(clients: &[(&str, &str, &str)], address: &str, brokers: &str, topic: &str) {
    let body = r#"{"user": "rust", "action": "greet", "quantity": 2}"#;
    assert_eq!(request(address, "POST /events", &[], body).status, 201);
    for (module, writes, reads) in clients {
        let found = Command::new("python3").args(["-c", &format!("import {module}")]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: Python's `{module}`, which PYTHONPATH does not have");
            continue;
        }
        python(writes, brokers, topic, module);
        let received = Stream::open(address, "/events", None).until(|event| event.data["event"]["user"] == *module);
        let event = json!({"user": module, "action": "greet", "quantity": 1});
        assert_eq!(received.last().map(|received| &received.data["event"]), Some(&event));
        assert_eq!(json_of(&python(reads, brokers, topic, module)), json_of(body));
    }
}

#[test]
fn python_exchanges_events_with_the_embedded_broker() {
    let kafka = crate::broker();
    let brokers = kafka.bootstrap_servers();
    let gateway = start(&["--role", "gateway", "--brokers", &brokers]);
    // The embedded broker does not answer what kafka-python asks first.
    exchange(&CLIENTS[1..], &gateway.address(), &brokers, "event_topic");
}

#[test]
fn services_run_on_a_real_broker() {
    let Ok(file) = std::env::var("EVENT_SCHEMA_TEST_KAFKA") else {
        eprintln!("skipped: services_run_on_a_real_broker, without a client.properties in EVENT_SCHEMA_TEST_KAFKA");
        return;
    };
    // Topics of its own, as a service of several stages has them.
    let prefix = format!("gateway-test-{}-", std::process::id());
    let properties = fs::read_to_string(&file).expect("a client.properties");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("client.properties");
    fs::write(&config, format!("{properties}\nevent.schema.topic.prefix={prefix}\ngroup.id={prefix}orders\n"))
        .expect("a file");
    let config = config.to_str().expect("a name");

    let service = |role: &str| start(&["--role", role, "--config", config]);
    let (gateway, users, orders) = (service("gateway"), service("users"), service("orders"));
    let (to_gateway, to_users, to_orders) = (gateway.address(), users.address(), orders.address());
    for user in 1..=20 {
        let body = format!(r#"{{"userId": "u-{user}", "name": "Ada", "email": "ada@example.org"}}"#);
        assert_eq!(request(&to_users, "POST /users", &[], &body).status, 201);
    }
    let made = Stream::open(&to_orders, "/orders", None).take(20);
    let mut of: Vec<&str> = made.iter().filter_map(|order| order.data["event"]["userId"].as_str()).collect();
    of.sort_unstable();
    let mut expected: Vec<String> = (1..=20).map(|user| format!("u-{user}")).collect();
    expected.sort_unstable();
    assert_eq!(of, expected);
    // After a restart the orders are there again.
    assert!(orders.end().status.success());
    let orders = service("orders");
    assert_eq!(Stream::open(&orders.address(), "/orders", None).take(20).len(), 20);

    let plain = !properties.contains("security.protocol");
    let brokers =
        properties.lines().find_map(|line| line.trim().strip_prefix("bootstrap.servers=")).unwrap_or_default();
    if plain {
        exchange(&CLIENTS, &to_gateway, brokers, &format!("{prefix}event_topic"));
    }
    for service in [gateway, users, orders] {
        let end = service.end();
        assert!(end.status.success(), "{}", end.text);
    }
}
