//! The examination of a configuration and of its cluster.
//!
//! The faults are planted on three real brokers that ask an authorizer, in which the user of the plaintext port may do
//! anything: `EVENT_SCHEMA_TEST_CLUSTER` names the script that runs Kafka's tools on them.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::common::{Kafka, Note, note, unique, until, within};
use event_schema::kafka::doctor::{Check, Doctor, Finding, Report, Severity, Unchecked};
use event_schema::kafka::rdkafka039::admin::{AdminClient, AdminOptions};
use event_schema::kafka::rdkafka039::client::DefaultClientContext;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, CommitMode, Consumer};
use event_schema::kafka::rdkafka039::{Offset, TopicPartitionList};
use event_schema::kafka::{
    DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Topic, Topics,
};
use event_schema::serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(10);
const SECRET: &str = "alice-secret";

#[tokio::test]
async fn a_broker_without_admin_requests_leaves_questions_open() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    let config = kafka.config().group("g").set("auto.offset.reset", "latest");
    let report = within(30, "report", Doctor::new(&config).topic("notes").examine()).await.unwrap();
    assert_eq!(found(&report), [(Check::DeadLetter, Severity::Error), (Check::OffsetReset, Severity::Warning)].into());
    let open: BTreeSet<Check> = report.unchecked().iter().map(Unchecked::check).collect();
    assert!(open.contains(&Check::Rights) && open.contains(&Check::Replication), "{report}");
}

/// Each topic that a pattern matches has its dead letter topic, and that of another is none of them.
#[tokio::test]
async fn the_topics_of_a_pattern_are_examined() {
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["staging.orders-eu", "staging.orders-us", "staging.orders-us-g-dlt", "orders-de", "bills"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    let config = kafka.config().group("g").set("event.schema.topic.prefix", "staging.");
    let missing = |report: &Report, check| -> Vec<String> {
        let found = report.findings().iter().filter(|finding| finding.check() == check);
        found.map(|finding| finding.place().to_owned()).collect()
    };
    let report = within(30, "report", Doctor::new(&config).topic("^orders-.*").examine()).await.unwrap();
    assert_eq!(missing(&report, Check::DeadLetter), ["topic `staging.orders-eu-g-dlt`, declared as `orders-eu-g-dlt`"]);
    assert!(missing(&report, Check::Topic).is_empty(), "{report}");

    let report = within(30, "report", Doctor::new(&config).topic("^order$").topic("^(").examine()).await.unwrap();
    assert_eq!(missing(&report, Check::Topic), ["topics `^staging\\.(order$)`"]);
    assert!(report.unchecked().iter().any(|open| open.place() == "topics `^staging\\.(()`"), "{report}");

    let report = within(30, "report", Doctor::new(&config).examine()).await.unwrap();
    let open: Vec<Check> = report.unchecked().iter().map(Unchecked::check).collect();
    assert!(open.contains(&Check::Topic) && missing(&report, Check::Topic).is_empty(), "{report}");
}

/// A port that is open, and no broker's.
#[tokio::test]
async fn a_port_of_another_program_is_found() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 256]).await;
                let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            });
        }
    });
    for (protocol, error) in [("PLAINTEXT", "no broker answered"), ("SASL_SSL", "no trusted TLS connection")] {
        let config = KafkaConfig::new(&address).connect_timeout(Duration::from_secs(2)).group("g");
        let config = config.set("security.protocol", protocol).set("sasl.mechanism", "PLAIN");
        let config = config.set("sasl.username", "alice").set("sasl.password", SECRET);
        // Without TLS in this build there is nothing to examine.
        if protocol == "SASL_SSL" && config.check().is_err() {
            continue;
        }
        let report = within(60, "report", Doctor::new(&config).topic("notes").examine()).await.unwrap();
        let problem = format!("no answer in TLS or in Kafka's protocol came within 3 s: {error}");
        only(&report, Check::Connection, Severity::Error, &problem);
        assert_eq!(report.findings()[0].place(), format!("broker {address}"));
    }
    serving.abort();
}

#[tokio::test]
async fn a_broker_that_is_not_there_cannot_be_asked() {
    let nobody = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_secs(1));
    assert!(Doctor::new(&nobody).topic("notes").examine().await.unwrap_err().is_unreachable());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bootstrap.servers=127.0.0.1:1\nsasl.password=alice-secret\n").unwrap();
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_event-schema"));
    let program = program.args(["doctor", "--group", "g", "--topic", "notes", "--config"]).arg(file.path());
    let output = within(60, "end of the program", program.output()).await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no broker answered"));
    std::fs::write(file.path(), "bootstrap.servers=127.0.0.1:1\nsasl.pasword=alice-secret\n").unwrap();
    let output = program.output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(":2: unknown key `sasl.pasword`") && !told.contains(SECRET), "{told}");
}

fn found(report: &Report) -> BTreeSet<(Check, Severity)> {
    report.findings().iter().map(|finding| (finding.check(), finding.severity())).collect()
}

/// The cluster of this run, and the ways to it.
struct Cluster {
    script: PathBuf,
    port: u16,
    /// A user without a password, who may do anything.
    root: Kafka,
}

/// A service without a fault.
struct Service {
    topic: String,
    dead: String,
    group: String,
}

impl Cluster {
    fn of_this_run() -> Option<Self> {
        let Some(script) = env::var_os("EVENT_SCHEMA_TEST_CLUSTER").filter(|script| !script.is_empty()) else {
            eprintln!("skipped: no cluster to plant faults on");
            return None;
        };
        let port = env::var("KAFKA_PORT").unwrap().parse().unwrap();
        Some(Self { script: script.into(), port, root: Kafka::start() })
    }

    /// The configuration of the user `alice`.
    fn alice(&self) -> KafkaConfig {
        KafkaConfig::new(format!("127.0.0.1:{}", self.port + 1))
            .set("security.protocol", "SASL_PLAINTEXT")
            .set("sasl.mechanism", "PLAIN")
            .set("sasl.username", "alice")
            .set("sasl.password", SECRET)
    }

    /// Changes the rights of users.
    async fn rights(&self, rights: &[&str]) {
        let servers = format!("127.0.0.1:{}", self.port);
        let mut tool = tokio::process::Command::new(&self.script);
        tool.args(["tool", "org.apache.kafka.tools.AclCommand", "--bootstrap-server", &servers, "--force"])
            .args(rights);
        let output = within(60, "end of the tool", tool.stdin(Stdio::null()).output()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// Its topics, with what the changes make of the dead letter topic and of the other.
    async fn service(&self, topic: impl Fn(Topic) -> Topic, dead: impl Fn(Topic) -> Topic) -> Service {
        let (name, group) = (unique("topic"), unique("group"));
        let dead_name = DeadLetter::new().topic_of(&name, &group);
        let topics = Topics::new()
            .topic(topic(Topic::new(&name).partitions(1).replication(3)))
            .topic(dead(Topic::new(&dead_name).partitions(1).replication(3)));
        topics.create(&self.root.config).await.unwrap();
        // All brokers know them.
        for node in 0..3 {
            let servers = format!("127.0.0.1:{}", self.port + 10 * node);
            let config = KafkaConfig::new(servers);
            within(30, "the topics", async { while topics.check(&config).await.is_err() {} }).await;
        }
        Service { topic: name, dead: dead_name, group }
    }

    async fn healthy(&self) -> Service {
        self.service(|topic| topic, |dead| dead).await
    }

    async fn examine(&self, service: &Service, change: impl Fn(KafkaConfig) -> KafkaConfig) -> Report {
        let config = change(self.alice().group(&service.group));
        let report = within(60, "report", Doctor::new(&config).topic(&service.topic).examine()).await.unwrap();
        println!("{report}\n");
        for finding in report.findings() {
            assert!(!finding.remedy().is_empty() && !finding.place().is_empty());
        }
        assert!(!format!("{report} {report:?}").contains(SECRET));
        report
    }

    /// Whether the brokers have a topic of this name.
    fn has(&self, topic: &str) -> bool {
        let consumer: BaseConsumer = self.root.group().rdkafka039_consumer().unwrap().create().unwrap();
        consumer.fetch_metadata(None, DEADLINE).unwrap().topics().iter().any(|known| known.name() == topic)
    }

    async fn program(&self, service: &Service, config: &str, more: &[&str]) -> (i32, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_event-schema"));
        program.args(["doctor", "--group", &service.group, "--topic", &service.topic, "--config"]).arg(file.path());
        let output = within(60, "end of the program", program.args(more).output()).await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(SECRET));
        (output.status.code().unwrap(), text)
    }
}

/// The findings of a report with one, with a part of its problem.
#[track_caller]
fn only(report: &Report, check: Check, severity: Severity, problem: &str) {
    let [finding] = report.findings() else { panic!("{report}") };
    assert_eq!((finding.check(), finding.severity()), (check, severity), "{report}");
    assert!(finding.problem().contains(problem), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_where_nothing_is_wrong() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    cluster.root.publish(&service.topic, [note("a", 1)]).await;
    let config = cluster.alice().group(&service.group);
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &[&service.topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    until(60, "the message", || handle.counts().done() == 1).await;
    let root = cluster.root.config.clone().group(&service.group);
    within(30, "commit", async { while cluster.root.committed(&root, &service.topic, 0).await != Some(1) {} }).await;
    for change in [("client.id", "doctor"), ("group.protocol", "classic"), ("auto.offset.reset", "none")] {
        let report = cluster.examine(&service, |config| config.set(change.0, change.1)).await;
        assert!(report.findings().is_empty() && report.unchecked().is_empty(), "{report}");
    }
    let properties = format!(
        "bootstrap.servers=127.0.0.1:{}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=alice\n\
         sasl.password={SECRET}\n",
        cluster.port + 1
    );
    let (code, text) = cluster.program(&service, &properties, &[]).await;
    assert_eq!((code, text.as_str()), (0, "no findings\n"));
    let (code, json) = cluster.program(&service, &properties, &["--json"]).await;
    assert_eq!((code, json.parse::<Value>().unwrap()["findings"].as_array().map(Vec::len)), (0, Some(0)));
    // Nobody was disturbed: the member has its partition.
    assert_eq!(handle.assigned(), [(service.topic.clone(), 0)]);

    // The program tells of a fault by its exit code.
    let properties = format!("{properties}acks=1\n");
    let (code, json) = cluster.program(&service, &properties, &["--format", "json"]).await;
    let json: Value = json.parse().unwrap();
    assert_eq!(code, 1);
    assert_eq!(json["findings"][0]["check"], "replication");
    assert_eq!(json["findings"][0]["severity"], "warning");
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn members_with_another_assignor_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    let config = cluster.alice().group(&service.group).set("client.id", "other-member");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &[&service.topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    until(60, "partition", || !handle.assigned().is_empty()).await;
    let cooperative =
        cluster.examine(&service, |config| config.set("partition.assignment.strategy", "cooperative-sticky")).await;
    only(&cooperative, Check::Assignor, Severity::Error, "`other-member`");
    let newer = cluster.examine(&service, |config| config.set("group.protocol", "consumer")).await;
    only(&newer, Check::Assignor, Severity::Warning, "`group.protocol=classic`");
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_skip_or_stop_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    cluster.root.publish(&service.topic, (0..10).map(|number| note("a", number))).await;
    let reset = |value| move |config: KafkaConfig| config.set("auto.offset.reset", value);
    let report = cluster.examine(&service, reset("latest")).await;
    only(&report, Check::OffsetReset, Severity::Warning, "never handles the 10 messages");
    only(&cluster.examine(&service, reset("none")).await, Check::OffsetReset, Severity::Error, "consumers stop");
    assert_eq!(found(&cluster.examine(&service, reset("earliest")).await), BTreeSet::new());

    // Committed, and then deleted by retention.
    let partition = |offset| {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&service.topic, 0, Offset::Offset(offset)).unwrap();
        list
    };
    let group = cluster.root.config.clone().group(&service.group);
    let consumer: BaseConsumer = group.rdkafka039_consumer().unwrap().create().unwrap();
    consumer.commit(&partition(2), CommitMode::Sync).unwrap();
    let admin: AdminClient<DefaultClientContext> = group.rdkafka039_producer().unwrap().create().unwrap();
    let deleted = admin.delete_records(&partition(7), &AdminOptions::new()).await.unwrap();
    assert_eq!(deleted.count(), 1);
    let report = cluster.examine(&service, reset("earliest")).await;
    only(&report, Check::OffsetReset, Severity::Warning, "up to 5 messages of partition 0 were deleted");
    let report = cluster.examine(&service, reset("latest")).await;
    only(&report, Check::OffsetReset, Severity::Error, "skips all messages");
    // Created anew.
    consumer.commit(&partition(99), CommitMode::Sync).unwrap();
    let report = cluster.examine(&service, reset("earliest")).await;
    only(&report, Check::OffsetReset, Severity::Error, "beyond the end");
    tokio::task::spawn_blocking(move || drop((consumer, admin))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_topics_that_do_not_fit_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let small = cluster.service(|topic| topic, |dead| dead.set("max.message.bytes", "1000")).await;
    let report = cluster.examine(&small, |config| config).await;
    only(&report, Check::DeadLetter, Severity::Warning, "`max.message.bytes` (1000)");
    let short = cluster.service(|topic| topic, |dead| dead.set("retention.ms", "60000")).await;
    only(
        &cluster.examine(&short, |config| config).await,
        Check::DeadLetter,
        Severity::Warning,
        "`retention.ms` (60000)",
    );
    let compacted = cluster.service(|topic| topic, |dead| dead.set("cleanup.policy", "compact")).await;
    only(&cluster.examine(&compacted, |config| config).await, Check::DeadLetter, Severity::Warning, "`compact`");
}

/// The brokers of this run create topics that are asked for. This asks for none.
#[tokio::test(flavor = "multi_thread")]
async fn missing_topics_are_found_and_not_created() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = Service { group: unique("group"), ..cluster.healthy().await };
    let dead = DeadLetter::new().topic_of(&service.topic, &service.group);
    let report = cluster.examine(&service, |config| config).await;
    only(&report, Check::DeadLetter, Severity::Warning, "does not exist: the brokers create it for the first message");
    assert_eq!(report.findings()[0].place(), format!("topic `{dead}`"));
    assert!(!cluster.has(&dead));

    // By its declared name, with another name at the brokers.
    let config = cluster.alice().group(&service.group).set("event.schema.topic.prefix", "staging.");
    let report = Doctor::new(&config).topic(&service.topic).without_dead_letter().examine().await.unwrap();
    only(&report, Check::Topic, Severity::Error, "until the brokers create it");
    let expected = format!("topic `staging.{0}`, declared as `{0}`", service.topic);
    assert_eq!(report.findings()[0].place(), expected);
    assert!(!cluster.has(&format!("staging.{}", service.topic)));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    // Whoever has a right to it, the others have none.
    let look =
        ["--add", "--allow-principal", "User:alice", "--operation", "Describe", "--operation", "DescribeConfigs"];
    cluster.rights(&[&look[..], &["--topic", &service.dead]].concat()).await;
    let mut report = cluster.examine(&service, |config| config).await;
    // The brokers learn of it one after the other.
    for _ in 0..20 {
        if !report.findings().is_empty() {
            break;
        }
        report = cluster.examine(&service, |config| config).await;
    }
    only(&report, Check::Rights, Severity::Error, "does not have the right WRITE");
    assert!(report.findings()[0].place().contains(&service.dead));

    let other = cluster.healthy().await;
    let bob = ["--add", "--allow-principal", "User:bob", "--operation", "Read"];
    cluster.rights(&[&bob[..], &["--topic", &other.topic, "--group", &other.group]].concat()).await;
    let mut report = cluster.examine(&other, |config| config).await;
    for _ in 0..20 {
        if report.findings().len() == 2 {
            break;
        }
        report = cluster.examine(&other, |config| config).await;
    }
    assert_eq!(found(&report), [(Check::Rights, Severity::Error)].into());
    let places: Vec<&str> = report.findings().iter().map(Finding::place).collect();
    assert_eq!(places, [format!("group `{}`", other.group), format!("topic `{}`", other.topic)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn timeouts_that_contradict_each_other_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    let short = |config: KafkaConfig| config.set("session.timeout.ms", "900").set("heartbeat.interval.ms", "300");
    let report = cluster.examine(&service, short).await;
    only(&report, Check::Timeouts, Severity::Error, "outside the brokers' range (1000 to ");
    let report = cluster.examine(&service, |config| config.set("max.poll.interval.ms", "30000")).await;
    only(&report, Check::Timeouts, Severity::Error, "is longer than `max.poll.interval.ms` (30000)");
    let report = cluster.examine(&service, |config| config.set("delivery.timeout.ms", "10000")).await;
    only(&report, Check::Timeouts, Severity::Warning, "given up before another attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_speak_another_protocol_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    let [plaintext, login, tls] = [0, 1, 2].map(|more| format!("127.0.0.1:{}", cluster.port + more));
    for (port, protocol, problem) in [
        (&tls, "PLAINTEXT", "the port speaks TLS"),
        (&tls, "SASL_PLAINTEXT", "the port speaks TLS"),
        (&login, "PLAINTEXT", "wants a login without TLS ("),
        (&login, "SASL_SSL", "wants a login without TLS"),
        (&plaintext, "SASL_SSL", "without TLS and without a login"),
        (&plaintext, "SASL_PLAINTEXT", "without TLS and without a login"),
    ] {
        let report = cluster
            .examine(&service, |config| {
                let config = config.set("bootstrap.servers", port).set("security.protocol", protocol);
                config.connect_timeout(Duration::from_secs(3))
            })
            .await;
        only(&report, Check::Connection, Severity::Error, problem);
        assert_eq!(report.findings()[0].place(), format!("broker {port}"));
    }
    let report = cluster.examine(&service, |config| config.set("sasl.mechanism", "SCRAM-SHA-256")).await;
    only(&report, Check::Connection, Severity::Error, "accepts the mechanisms");
    let report = cluster.examine(&service, |config| config.set("sasl.password", "wrong")).await;
    only(&report, Check::Connection, Severity::Error, "authentication failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_tomorrow_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    let service = cluster.healthy().await;
    let producer = EventProducer::connect(&cluster.root.config).await.unwrap();
    let soon = SystemTime::now() + Duration::from_secs(1800);
    producer.message(&note("a", 1)).topic(&service.topic).timestamp(soon).send().await.unwrap();
    let report = cluster.examine(&service, |config| config).await;
    only(&report, Check::Clock, Severity::Warning, "ahead of this machine's clock");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_do_not_suffice_are_found() {
    let Some(cluster) = Cluster::of_this_run() else { return };
    for (change, severity, problem) in [
        (
            &(|topic: Topic| topic.set("min.insync.replicas", "3")) as &dyn Fn(Topic) -> Topic,
            Severity::Warning,
            "is the number of copies",
        ),
        (&|topic: Topic| topic.set("min.insync.replicas", "1"), Severity::Warning, "`min.insync.replicas` is 1"),
        (&|topic: Topic| topic.replication(1), Severity::Error, "more than the copies of a partition (1)"),
        (
            &|topic: Topic| topic.replication(1).set("min.insync.replicas", "1"),
            Severity::Warning,
            "one copy on 3 brokers",
        ),
    ] {
        let service = cluster.service(change, |dead| dead).await;
        only(&cluster.examine(&service, |config| config).await, Check::Replication, severity, problem);
    }
    let service = cluster.healthy().await;
    let report = cluster.examine(&service, |config| config.set("acks", "1")).await;
    let problems: Vec<&str> = report.findings().iter().map(Finding::problem).collect();
    assert!(problems.len() == 1 && problems[0].starts_with("`acks=1` ignores"), "{report}");
    assert!(report.findings()[0].place().contains(&service.topic));
}
