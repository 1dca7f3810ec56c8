//! Orders over HTTP while service, delivery, database and broker are killed (`kill -9`) in turn: what was answered with 202 is
//! stored once and delivered in order, and nothing else happens.
//!
//! Needs a Kafka and a PostgreSQL of its own: `EVENT_SCHEMA_TEST_SERVERS` is the folder of `kafka.sh` and `postgres.sh`, whose
//! variables say where they run. `EVENT_SCHEMA_TEST_ORDERS` (1,000) and `EVENT_SCHEMA_TEST_SECONDS` (900) limit it.

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::message::{BorrowedHeaders, Headers, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{BaseProducer, BaseRecord, Producer};
use event_schema::kafka::rdkafka039::{Message, Offset, TopicPartitionList};
use event_schema::kafka::{DeadLetter, KafkaConfig};
use event_schema::prelude::*;
use event_schema::serde_json::{self, Value};
use event_schema::sqlx::any::install_default_drivers;
use event_schema::sqlx::{self, AnyPool};
use reqwest::Client;
use tokio::sync::watch;

use crate::common::process::terminate;
use crate::common::{PATIENCE, end, program, send, until};

const CLIENTS: usize = 16;
/// While orders come in. Each victim is killed once more when all orders are in.
const KILLS: usize = 8;
const VICTIMS: [Victim; 4] = [Victim::Service, Victim::Database, Victim::Broker, Victim::Delivery];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Service,
    Database,
    Broker,
    Delivery,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_all_are_killed() {
    let number = |variable, default| {
        let value = env::var(variable).ok().filter(|value| !value.is_empty());
        value.map_or(default, |value| value.parse().expect("a number"))
    };
    let Some(folder) = env::var_os("EVENT_SCHEMA_TEST_SERVERS").filter(|folder| !folder.is_empty()) else {
        println!("skipped: EVENT_SCHEMA_TEST_SERVERS does not name the folder of the servers' scripts");
        return;
    };
    let orders = number("EVENT_SCHEMA_TEST_ORDERS", 1_000);
    let limit = Duration::from_secs(number("EVENT_SCHEMA_TEST_SECONDS", 900) as u64);
    let trial = Trial::start(&PathBuf::from(folder), orders).await;
    tokio::time::timeout(limit, trial.run()).await.expect("the trial ends in time");
}

/// The scripts of the servers.
#[derive(Clone)]
struct Scripts(PathBuf);

impl Scripts {
    fn output(&self, script: &str, args: &[&str]) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let output = Command::new(root.join(&self.0).join(script)).args(args).current_dir(&root).output();
        String::from_utf8(output.expect("a script").stdout).expect("text")
    }

    /// Servers keep the pipes of a script open, and so it has none.
    fn run(&self, script: &str, args: &[&str]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new(root.join(&self.0).join(script));
        let status = command.args(args).current_dir(&root).stdin(Stdio::null()).stdout(Stdio::null()).status();
        assert!(status.expect("a script").success(), "{script} {args:?}");
    }
}

/// A program that is started again whenever it ends.
struct Supervised {
    child: Arc<Mutex<Child>>,
    ends: Arc<AtomicBool>,
}

impl Supervised {
    fn start(mut spawn: impl FnMut() -> Child + Send + 'static) -> Self {
        let (child, ends) = (Arc::new(Mutex::new(spawn())), Arc::new(AtomicBool::new(false)));
        let (watched, ending) = (Arc::clone(&child), Arc::clone(&ends));
        std::thread::spawn(move || {
            loop {
                let mut child = watched.lock().unwrap();
                if ending.load(SeqCst) {
                    return;
                }
                if child.try_wait().unwrap().is_some() {
                    *child = spawn();
                }
                drop(child);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Self { child, ends }
    }

    fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    /// Ends it by SIGTERM.
    fn end(&self) {
        let mut child = self.child.lock().unwrap();
        self.ends.store(true, SeqCst);
        terminate(child.id());
        assert!(child.wait().unwrap().success());
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.ends.store(true, SeqCst);
        self.kill();
    }
}

struct Trial {
    scripts: Scripts,
    orders: usize,
    config: KafkaConfig,
    /// The beginning of the names of the topics and the group.
    name: String,
    pool: AnyPool,
    log: PathBuf,
    address: String,
    service: Supervised,
    delivery: Supervised,
    load: Arc<Load>,
    killed: Mutex<BTreeMap<Victim, usize>>,
    _folder: tempfile::TempDir,
}

/// What the clients did.
#[derive(Default)]
struct Load {
    next: AtomicUsize,
    /// The number of the order that is not to be sent yet.
    limit: watch::Sender<usize>,
    /// Orders that are answered, or given up.
    done: AtomicUsize,
    failed: AtomicUsize,
    repeated: AtomicUsize,
    without_answer: AtomicUsize,
    /// Ids by the number of the order.
    answered: Mutex<BTreeMap<usize, String>>,
}

impl Load {
    /// Each has a product of its own, by which it is recognised. One of ten has no key.
    async fn client(&self, client: &Client, address: &str, orders: usize) {
        loop {
            let number = self.next.fetch_add(1, SeqCst);
            if number >= orders {
                return;
            }
            self.limit.subscribe().wait_for(|limit| number < *limit).await.unwrap();
            let (key, body) = (format!("key-{number}"), body(number));
            let key = (!number.is_multiple_of(10)).then_some(&*key);
            match self.order(client, address, key, &body).await {
                Some(id) => {
                    if key.is_some() && number % 20 == 1 {
                        assert_eq!(self.order(client, address, key, &body).await.as_ref(), Some(&id));
                        self.repeated.fetch_add(1, SeqCst);
                    }
                    self.answered.lock().unwrap().insert(number, id);
                }
                None => drop(self.without_answer.fetch_add(1, SeqCst)),
            }
            self.done.fetch_add(1, SeqCst);
        }
    }

    /// Sends an order until it is accepted. One without a key is sent once.
    async fn order(&self, client: &Client, address: &str, key: Option<&str>, body: &str) -> Option<String> {
        loop {
            match send(client, address, key, body).await {
                Ok((status, answer)) if status == 202 => return Some(answer["order_id"].as_str().unwrap().to_owned()),
                Ok((status, answer)) if status != 503 && !answer.to_string().contains("is being handled") => {
                    panic!("{status}: {answer}")
                }
                _ => {}
            }
            self.failed.fetch_add(1, SeqCst);
            key?;
            // A client that was refused comes back later.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn quantity(number: usize) -> usize {
    if number.is_multiple_of(5) { 3 } else { 1 }
}

fn body(number: usize) -> String {
    serde_json::json!({"product_id": format!("item-{number}"), "quantity": quantity(number)}).to_string()
}

impl Trial {
    async fn start(folder: &Path, orders: usize) -> Self {
        let scripts = Scripts(folder.to_owned());
        scripts.run("kafka.sh", &["start"]);
        scripts.run("postgres.sh", &["start"]);
        let environment = scripts.output("kafka.sh", &["env"]);
        let brokers = environment.split([' ', '\n']).find_map(|pair| pair.strip_prefix("KAFKA_BOOTSTRAP=")).unwrap();
        let (name, url) = (format!("load_{}", Uuid::now_v7().simple()), scripts.output("postgres.sh", &["url"]));
        install_default_drivers();
        let admin = AnyPool::connect(url.trim()).await.unwrap();
        sqlx::raw_sql(&format!("CREATE SCHEMA {name}")).execute(&admin).await.unwrap();
        // The script's server answers before it has written.
        let database = format!("{}?options[search_path]={name}&options[synchronous_commit]=on", url.trim());
        let (folder, properties) = (
            tempfile::tempdir().unwrap(),
            // A consumer that was killed is a member of its group for so long.
            format!(
                "bootstrap.servers={brokers}\ngroup.id={name}\nevent.schema.topic.prefix={name}.\nsession.timeout.ms=6000\n"
            ),
        );
        let (file, log) = (folder.path().join("client.properties"), folder.path().join("log"));
        fs::write(&file, properties).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let spawn = |parts: &'static [&'static str], listen: String| {
            let (file, database, log) = (file.clone(), database.clone(), log.clone());
            move || {
                let log = || OpenOptions::new().create(true).append(true).open(&log).unwrap();
                let mut command = program();
                command.arg("--config").arg(&file).env("DATABASE_URL", &database).args(parts);
                command.args(["--create-topics", "--listen", &listen]);
                command.stdout(log()).stderr(log()).spawn().unwrap()
            }
        };
        let listen = format!("127.0.0.1:{port}");
        let address = format!("http://{listen}");
        let service = Supervised::start(spawn(&["--part", "api", "--part", "orders"], listen));
        let delivery = Supervised::start(spawn(&["--part", "delivery"], "127.0.0.1:0".to_owned()));
        let pool = AnyPool::connect(&database).await.unwrap();
        Self {
            config: KafkaConfig::from_properties_file(&file).unwrap(),
            scripts,
            orders,
            name,
            pool,
            log,
            address,
            service,
            delivery,
            load: Arc::default(),
            killed: Mutex::default(),
            _folder: folder,
        }
    }

    async fn run(self) {
        let started = Instant::now();
        let ready = format!("{}/readyz", self.address);
        let is_ready = async || Client::new().get(&ready).send().await.ok().filter(|answer| answer.status() == 200);
        until("readiness", PATIENCE, is_ready).await;
        let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let clients = (0..CLIENTS).map(|_| {
            let (load, client) = (Arc::clone(&self.load), client.clone());
            let (address, orders) = (self.address.clone(), self.orders);
            tokio::spawn(async move { load.client(&client, &address, orders).await })
        });
        let clients: Vec<_> = clients.collect();
        for kill in 0..KILLS {
            let limit = |kills| self.orders * kills / KILLS;
            self.load.limit.send_replace(limit(kill + 1));
            // In the midst of the requests.
            self.orders_done(limit(kill) + self.orders / KILLS / 2).await;
            self.kill(VICTIMS[kill % VICTIMS.len()]).await;
            self.recovered().await;
        }
        for client in clients {
            client.await.unwrap();
        }
        println!("all orders are answered after {:?}", started.elapsed());
        let duplicates = self.publish_again(self.orders / 20);
        for victim in VICTIMS {
            self.kill(victim).await;
            self.recovered().await;
        }
        self.is_drained().await;
        println!("all is delivered after {:?}", started.elapsed());
        self.check(duplicates).await;
        self.service.end();
        self.delivery.end();
    }

    async fn orders_done(&self, orders: usize) {
        let done = async || (self.load.done.load(SeqCst) >= orders.min(*self.load.limit.borrow())).then_some(());
        until("progress", Duration::from_secs(300), done).await;
    }

    /// Waits until parcels are delivered again: a part of those of the orders between two kills, or all.
    async fn recovered(&self) {
        let sql = "SELECT CAST(COALESCE(SUM(delivered), 0) AS BIGINT), CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM orders";
        let mut before = None;
        let delivered = async || {
            // The database may have been killed.
            let (delivered, quantity): (i64, i64) = sqlx::query_as(sql).fetch_one(&self.pool).await.ok()?;
            let before = *before.get_or_insert(delivered);
            let is_over = delivered == quantity && self.load.done.load(SeqCst) >= *self.load.limit.borrow();
            (is_over || delivered >= before + i64::try_from(self.orders / KILLS / 4).unwrap()).then_some(())
        };
        until("delivery after a kill", Duration::from_secs(300), delivered).await;
    }

    /// Waits until a client has noticed, unless all of them wait.
    async fn noticed(&self, failed: usize) {
        let is_over = || self.load.done.load(SeqCst) >= *self.load.limit.borrow();
        let noticed = async || (self.load.failed.load(SeqCst) > failed || is_over()).then_some(());
        until("request that failed", PATIENCE, noticed).await;
    }

    async fn kill(&self, victim: Victim) {
        let failed = self.load.failed.load(SeqCst);
        *self.killed.lock().unwrap().entry(victim).or_default() += 1;
        match victim {
            Victim::Service => {
                self.service.kill();
                self.noticed(failed).await;
            }
            Victim::Delivery => self.delivery.kill(),
            Victim::Database => {
                self.script("postgres.sh", &["kill"]).await;
                self.noticed(failed).await;
                self.script("postgres.sh", &["start"]).await;
            }
            Victim::Broker => {
                self.script("kafka.sh", &["kill-node", "0"]).await;
                // Orders are accepted all the same.
                self.orders_done(self.load.done.load(SeqCst) + self.orders / 100).await;
                self.script("kafka.sh", &["start-node", "0"]).await;
            }
        }
    }

    async fn script(&self, script: &'static str, args: &'static [&'static str]) {
        let scripts = self.scripts.clone();
        tokio::task::spawn_blocking(move || scripts.run(script, args)).await.unwrap();
    }

    fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// All that a topic has.
    fn messages(&self, topic: &str) -> Vec<Stored> {
        let topic = self.topic(topic);
        let left = end(&self.config, &topic);
        let consumer: BaseConsumer = self.config.rdkafka039_consumer().unwrap().create().unwrap();
        let mut from = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            from.add_partition_offset(&topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&from).unwrap();
        let stored = (0..left).map(|_| {
            let message = consumer.poll(PATIENCE).expect("a message").unwrap();
            let headers = message.headers().map(BorrowedHeaders::detach).unwrap_or_default();
            Stored { key: message.key().unwrap().to_vec(), value: message.payload().unwrap().to_vec(), headers }
        });
        stored.collect()
    }

    /// Publishes order requests again: as they are, and without an id.
    fn publish_again(&self, count: usize) -> usize {
        let producer: BaseProducer = self.config.rdkafka039_producer().unwrap().create().unwrap();
        let topic = self.topic("order-request");
        let messages = self.messages("order-request");
        for Stored { key, value, headers } in messages.iter().take(count) {
            let plain = BaseRecord::to(&topic).key(key).payload(value);
            let same = BaseRecord::to(&topic).key(key).payload(value).headers(headers.clone());
            for record in [same, plain] {
                producer.send(record).map_err(|(error, _)| error).unwrap();
            }
        }
        producer.flush(PATIENCE).unwrap();
        messages.len().min(count)
    }

    /// Waits until all work is done: in the order in which events flow, so that nothing comes behind.
    async fn is_drained(&self) {
        let limit = Duration::from_secs(600);
        let handled = async |topic, suffix| {
            let is_handled = async || self.is_handled(topic, suffix).then_some(());
            until("end of the work", limit, is_handled).await;
        };
        handled("order-request", "").await;
        let is_empty = async || {
            let sql = "SELECT COUNT(*) FROM event_outbox";
            let left: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap();
            (left == 0).then_some(())
        };
        until("empty outbox", limit, is_empty).await;
        handled("delivery-request", "-delivery").await;
        handled("delivery-answer", "-answers").await;
    }

    fn is_handled(&self, topic: &str, suffix: &str) -> bool {
        let topic = self.topic(topic);
        let config = self.config.clone().group(format!("{}{suffix}", self.name));
        let consumer: BaseConsumer = config.rdkafka039_consumer().unwrap().create().unwrap();
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_range(&topic, 0, PARTITIONS - 1);
        // The group's broker may have been killed just now.
        let Ok(committed) = consumer.committed_offsets(partitions, PATIENCE) else { return false };
        let offsets = committed.elements().into_iter().filter_map(|element| element.offset().to_raw());
        // A partition without a message has no commit.
        offsets.map(|offset| offset.max(0)).sum::<i64>() == end(&self.config, &topic)
    }

    async fn check(&self, duplicates: usize) {
        let sql = "SELECT order_id, product_id, quantity, delivered, order_status FROM orders";
        let rows: Vec<(String, String, i64, i64, String)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let stored: HashMap<&str, _> = rows.iter().map(|row| (row.1.as_str(), row)).collect();
        assert_eq!(stored.len(), rows.len(), "an order is stored twice");
        let answered = self.load.answered.lock().unwrap();
        for (number, id) in &*answered {
            let (order_id, _, quantity, delivered, status) =
                stored.get(&*format!("item-{number}")).unwrap_or_else(|| panic!("order {number} is lost"));
            assert_eq!((order_id, *quantity), (id, i64::try_from(self::quantity(*number)).unwrap()));
            assert_eq!((*delivered, &**status), (*quantity, "delivered"));
        }
        let without_answer = self.load.without_answer.load(SeqCst);
        assert_eq!(answered.len() + without_answer, self.orders);
        let unanswered = rows.len() - answered.len();
        assert!(unanswered <= without_answer);

        let quantities: HashMap<&str, u64> =
            rows.iter().map(|row| (row.0.as_str(), u64::try_from(row.2).unwrap())).collect();
        let parcels: u64 = quantities.values().sum();
        let requested = Topic::of(&self.messages("order-request"), "product_id");
        assert_eq!(
            requested.orders.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            quantities.keys().copied().collect()
        );
        let [requests, answers] =
            ["delivery-request", "delivery-answer"].map(|topic| Topic::of(&self.messages(topic), "parcel"));
        for (what, topic) in [("request", &requests), ("answer", &answers)] {
            for order in topic.orders.keys() {
                assert!(quantities.contains_key(&**order), "a delivery {what} without its order: {order}");
            }
            for (order, quantity) in &quantities {
                let in_order: Vec<Value> = (1..=*quantity).map(Value::from).collect();
                assert_eq!(topic.orders.get(*order), Some(&in_order), "delivery {what}s of {order}");
            }
            // Each parcel has one event, however often it was sent.
            assert_eq!(topic.events as u64, parcels);
        }
        for (topic, suffix) in
            [("order-request", ""), ("delivery-request", "-delivery"), ("delivery-answer", "-answers")]
        {
            let dead = DeadLetter::new().topic_of(topic, &format!("{}{suffix}", self.name));
            assert_eq!(end(&self.config, &self.topic(&dead)), 0, "dead letters of {topic}");
        }
        let log = fs::read_to_string(&self.log).unwrap();
        let unchanged = log.lines().filter(|line| line.ends_with("came before: nothing changes"));
        let (of_answers, of_orders): (Vec<_>, Vec<_>) =
            unchanged.partition(|line| line.contains("the answer for parcel"));
        let (plain, repeated) = (of_orders.len(), of_answers.len());
        assert!(plain >= duplicates, "{plain} of {duplicates} duplicates without an id have reached the handler");
        assert!(!log.contains("panicked"));

        println!(
            "{} orders: {} answered with 202, {} without key and answer",
            self.orders,
            answered.len(),
            without_answer
        );
        println!("requests that failed and were sent again: {}", self.load.failed.load(SeqCst));
        println!("requests that were sent again after their 202: {}", self.load.repeated.load(SeqCst));
        println!("killed: {:?}", self.killed.lock().unwrap());
        println!("stored: {} orders, each once, {unanswered} of them without an answer; all delivered", rows.len());
        println!("order-request: {requested}");
        println!("delivery-request: {requests}");
        println!("delivery-answer: {answers}");
        println!("duplicates published: {duplicates} with their ids, {duplicates} without");
        println!("messages that changed nothing in a handler: {plain} orders, {repeated} answers");
    }
}

/// As `--create-topics` creates them.
const PARTITIONS: i32 = 3;

struct Stored {
    key: Vec<u8>,
    value: Vec<u8>,
    headers: OwnedHeaders,
}

/// What consumers see that recognise repetitions by their ids.
struct Topic {
    messages: usize,
    events: usize,
    /// The values of a field by order, each event once, in the order of the topic.
    orders: BTreeMap<String, Vec<Value>>,
}

impl Topic {
    fn of(messages: &[Stored], field: &str) -> Self {
        let (mut seen, mut orders) = (BTreeSet::new(), BTreeMap::<String, Vec<Value>>::new());
        for Stored { key, value, headers } in messages {
            let value: Value = serde_json::from_slice(value).unwrap();
            assert_eq!(value["order_id"].as_str().unwrap().as_bytes(), key);
            let id = headers.iter().find(|header| header.key == "ce_id").and_then(|header| header.value);
            // A message without an id is one of this test.
            if id.is_some_and(|id| seen.insert(id.to_vec())) {
                let order = value["order_id"].as_str().unwrap().to_owned();
                orders.entry(order).or_default().push(value[field].clone());
            }
        }
        Self { messages: messages.len(), events: seen.len(), orders }
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let repeated = self.messages - self.events;
        write!(f, "{} orders, {} events, {repeated} messages more that repeat them", self.orders.len(), self.events)
    }
}
