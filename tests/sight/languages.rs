//! A trace goes from a producer in Python through a handler to a consumer in Java.
//!
//! Needs a real broker without passwords, `EVENT_SCHEMA_TEST_KAFKA`, `confluent-kafka` and `opentelemetry-sdk` for
//! Python, java, and `EVENT_SCHEMA_TEST_SIGHT`, a folder with the jars of `tests/sight/java/pom.xml`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use event_schema::kafka::{EventConsumer, EventProducer, KafkaConfig};
use opentelemetry::trace::SpanKind;
use tokio::process::Command;

use crate::common::{properties, unique, until, within};
use crate::recorder::{self, exported};
use crate::service::{DEADLINE, OrderAccepted, OrderPlaced};

/// The words that a program prints.
async fn printed(mut program: Command) -> Vec<String> {
    let output = program.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = within(90, "end of the program", output).await.unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_joins_python_rust_and_java() {
    let (Some(file), Some(jars)) = (properties(), env::var_os("EVENT_SCHEMA_TEST_SIGHT")) else {
        eprintln!("skipped: no real broker, or no OpenTelemetry for Java");
        return;
    };
    recorder::install();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sight");
    let servers = fs::read_to_string(&file).unwrap();
    let servers = servers.lines().find_map(|line| line.strip_prefix("bootstrap.servers=")).unwrap();
    let topic = unique("orders");

    let mut python = Command::new("python3");
    python.arg(folder.join("produce.py")).args([servers, &topic]);
    let python = printed(python).await;
    let [trace, span] = &python[..] else { panic!("{python:?}") };

    let config = KafkaConfig::from_properties_file(&file).unwrap();
    let producer = EventProducer::connect(&config).await.unwrap();
    let consumer = EventConsumer::<OrderPlaced>::subscribe_to(&config.group(unique("shop")), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let accept = async |order: OrderPlaced| OrderAccepted { order_id: order.order_id };
    let running = tokio::spawn(consumer.runner().publish_with(&producer).run_with(accept));
    until(60, "an order", || handle.counts().done() == 1).await;
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();
    producer.close(Duration::from_secs(10)).await.unwrap();
    let process = exported(&format!("process {topic}")).pop().unwrap();
    assert_eq!(process.span_context.trace_id().to_string(), *trace);
    assert_eq!(process.parent_span_id.to_string(), *span);
    assert_eq!(process.span_kind, SpanKind::Consumer);

    let mut java = Command::new("java");
    let mut classes = jars;
    classes.push("/*");
    java.arg("-cp").arg(classes).arg(folder.join("java/Consume.java")).args([servers, "accepted", trace]);
    let java = printed(java).await;
    let create = exported("create accepted");
    let create = create.iter().find(|span| span.span_context.trace_id().to_string() == *trace).unwrap();
    assert_eq!(create.parent_span_id, process.span_context.span_id());
    assert_eq!(java, [trace.clone(), create.span_context.span_id().to_string()]);
}
