//! Nothing is lost and the order of each key is kept while leaders and consumers are killed, or stopped for longer than
//! a session and continued.
//!
//! Needs three brokers that it may kill and stop: `EVENT_SCHEMA_TEST_CLUSTER` is a script with the commands
//! `kill-node N`, `start-node N` and `status`, which prints `pid=` and the process of each broker, and
//! `EVENT_SCHEMA_TEST_KAFKA` is their `client.properties`.
//! `EVENT_SCHEMA_TEST_EVENTS` (200,000), `EVENT_SCHEMA_TEST_SECONDS` (150) and `EVENT_SCHEMA_TEST_AWAY` (15
//! seconds) make it longer.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, io, thread};

use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::{Message, TopicPartitionList};
use event_schema::kafka::{DeadLetter, Delivery, EventConsumer, EventProducer, Failure, KafkaConfig, Order};
use event_schema::prelude::*;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::common::{Kafka, properties, unique, until, within};

const PARTITIONS: usize = 6;
const BROKERS: usize = 3;
const CONSUMERS: usize = 3;
const ACCOUNTS: u64 = 500;

/// How far a consumer may get ahead of its first unfinished event.
const SPAN: u64 = 100;

/// How often a consumer commits.
const COMMIT: Duration = Duration::from_millis(500);

#[derive(Debug, Serialize, EventSchema)]
#[event(key = account)]
struct Payment {
    account: u64,
    /// Of the account's payments, from 0 on.
    number: u64,
    #[validate(length(min = 1))]
    reason: String,
}

#[test]
fn leaders_and_consumers_are_killed() {
    if let Some(task) = env::var_os("EVENT_SCHEMA_TEST_CONSUMER") {
        return consume(&task.into_string().unwrap());
    }
    let Some(cluster) = Cluster::to_kill() else { return };
    let events = from_env("EVENT_SCHEMA_TEST_EVENTS", 200_000);
    let time = Duration::from_secs(from_env("EVENT_SCHEMA_TEST_SECONDS", 150));
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    Trial { cluster, events, time }.run();
}

/// Those who run wait, those who send wait, and those who start meanwhile wait as long as they are told to.
#[test]
fn all_brokers_are_away_for_a_while() {
    const EVENTS: u64 = 1_000;
    let Some(cluster) = Cluster::to_kill() else { return };
    let away = Duration::from_secs(from_env("EVENT_SCHEMA_TEST_AWAY", 60));
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kafka = Kafka::start();
    let topic = runtime.block_on(kafka.topic(3));
    let group = kafka.group();
    let handled = Arc::new(Mutex::new(Vec::new()));
    let (consumer, running) = runtime.block_on(async {
        let consumer = EventConsumer::<Payment>::subscribe_to(&group, &[&topic]).await.unwrap();
        let (handle, handled) = (consumer.handle(), Arc::clone(&handled));
        let running = tokio::spawn(consumer.runner().order(Order::Key).run(move |payment: Delivery<Payment>| {
            handled.lock().unwrap().push(Line {
                micros: micros(),
                partition: payment.partition(),
                offset: payment.offset(),
                account: payment.account,
                number: payment.number,
            });
            async {}
        }));
        (handle, running)
    });
    let sending = runtime.spawn({
        let (config, topic) = (kafka.config.clone(), topic.clone());
        async move { produce(&config, &topic, EVENTS, away).await }
    });
    runtime.block_on(until(30, "the first", || !handled.lock().unwrap().is_empty()));
    for broker in 0..BROKERS {
        cluster.call("kill-node", i32::try_from(broker).unwrap());
    }
    let gone = Instant::now();
    let soon = group.clone().connect_timeout(Duration::from_secs(2));
    let error = runtime.block_on(EventConsumer::<Payment>::subscribe_to(&soon, &[&topic])).unwrap_err();
    assert!(error.is_unreachable() && gone.elapsed() < Duration::from_secs(5), "{error}");
    let patient = kafka.group().connect_timeout(away + Duration::from_secs(60));
    let starting = runtime.spawn({
        let topic = topic.clone();
        async move { EventConsumer::<Payment>::subscribe_to(&patient, &[&topic]).await }
    });
    thread::sleep(away.saturating_sub(gone.elapsed()));
    assert!(!sending.is_finished() && !starting.is_finished() && !running.is_finished());
    thread::scope(|scope| {
        // None is ready alone.
        for broker in 0..BROKERS {
            let cluster = &cluster;
            scope.spawn(move || cluster.call("start-node", i32::try_from(broker).unwrap()));
        }
    });
    let back = Instant::now();
    runtime.block_on(async {
        within(60, "acknowledgement", sending).await.unwrap();
        let everything = usize::try_from(EVENTS).unwrap();
        let distinct =
            || handled.lock().unwrap().iter().map(|line| (line.account, line.number)).collect::<HashSet<_>>();
        until(60, "everything", || distinct().len() == everything).await;
        println!("away for {:.1?}, everything handled {:.1?} after it", back - gone, back.elapsed());
        let late = within(60, "the one that started meanwhile", starting).await.unwrap().unwrap();
        late.close(Duration::from_secs(10)).await.unwrap();
        consumer.close(Duration::from_secs(10)).await.unwrap();
        running.await.unwrap().unwrap();
    });
    let repeated = check_order(&handled.lock().unwrap());
    println!("{repeated} repeated");
}

/// Brokers that stop for longer than a message waits, and go on as if nothing had been: what was acknowledged is stored
/// once, whatever they find in their sockets.
#[test]
fn brokers_that_are_stopped_and_go_on_store_nothing_twice_that_was_acknowledged() {
    const STOPS: u64 = 3;
    let Some(cluster) = Cluster::to_kill() else { return };
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kafka = Kafka::start();
    let topic = runtime.block_on(kafka.topic(6));
    let config = kafka.config.clone().set("delivery.timeout.ms", "4000").set("request.timeout.ms", "2000");
    let is_over = Arc::new(AtomicBool::new(false));
    let sending = runtime.spawn({
        let (topic, is_over) = (topic.clone(), Arc::clone(&is_over));
        async move {
            let producer = EventProducer::connect(&config).await.unwrap();
            let (mut acknowledged, mut refused, mut unknown) = (HashSet::new(), 0, 0);
            let mut on_their_way = FuturesUnordered::new();
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let payment = Payment { account: number % ACCOUNTS, number, reason: "rent".repeat(100) };
                match producer.message(&payment).topic(&topic).enqueue().await {
                    Ok(enqueued) => on_their_way.push(async move { (number, enqueued.await) }),
                    Err(_) => refused += 1,
                }
                if number % 4 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            while let Some((number, sent)) = on_their_way.next().await {
                match sent {
                    Ok(_) => _ = acknowledged.insert(number),
                    Err(error) if error.is_unknown() => unknown += 1,
                    Err(_) => refused += 1,
                }
            }
            println!("{} acknowledged, {unknown} unknown, {refused} not sent", acknowledged.len());
            acknowledged
        }
    });
    for _ in 0..STOPS {
        thread::sleep(Duration::from_secs(2));
        cluster.signal("-STOP");
        thread::sleep(Duration::from_secs(5));
        cluster.signal("-CONT");
    }
    thread::sleep(Duration::from_secs(2));
    is_over.store(true, Ordering::Relaxed);
    let acknowledged = runtime.block_on(within(60, "acknowledgements", sending)).unwrap();
    let ends = (0..6).map(|partition| runtime.block_on(kafka.end(&topic, partition)));
    let count = usize::try_from(ends.sum::<i64>()).unwrap();
    let mut stored: HashMap<u64, u32> = HashMap::new();
    for message in runtime.block_on(kafka.read(&topic, count)) {
        let payment = Payment::load(message.payload().unwrap()).unwrap();
        *stored.entry(payment.number).or_default() += 1;
    }
    let often = |number: &u64| stored.get(number).copied().unwrap_or(0);
    let lost = acknowledged.iter().filter(|number| often(number) == 0).count();
    let twice = acknowledged.iter().filter(|number| often(number) > 1).count();
    println!("{count} stored, {lost} lost, {twice} stored twice");
    assert!(!acknowledged.is_empty());
    assert_eq!((lost, twice), (0, 0), "of {} acknowledged", acknowledged.len());
}

/// Consumers that are stopped for longer than a session find others in their place when they go on. What they have in hand
/// then may have had its effect twice; but they set back no commit, and send no dead letters for partitions that
/// others have by then, but for those that were on their way.
#[test]
fn consumers_that_are_stopped_and_go_on_are_no_zombies() {
    const EVENTS: u64 = 40_000;
    const STOPS: usize = 4;
    const MEMBERS: usize = 2;
    let Some(_) = Cluster::to_kill() else { return };
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kafka = Kafka::start();
    let topic = runtime.block_on(kafka.topic(i32::try_from(PARTITIONS).unwrap()));
    let group = unique("group");
    let dead = DeadLetter::new().topic_of(&topic, &group);
    runtime.block_on(kafka.create(&dead, i32::try_from(PARTITIONS).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let file = |number: usize| folder.path().join(format!("consumer-{number}"));
    let processes: Vec<_> = (0..MEMBERS).map(|number| Process::start(&topic, &group, file(number))).collect();
    // As long as the stops take, and what is between them.
    let producing = runtime.spawn({
        let (config, topic) = (kafka.config.clone(), topic.clone());
        async move { produce(&config, &topic, EVENTS, STOPPED * 2 * u32::try_from(STOPS).unwrap()).await }
    });

    let watcher: BaseConsumer = kafka.config.clone().group(&group).rdkafka039_consumer().unwrap().create().unwrap();
    let mut highest = committed(&watcher, &topic);
    let mut watch = |time: Duration| {
        let until = Instant::now() + time;
        while Instant::now() < until {
            for (partition, offset) in committed(&watcher, &topic) {
                let highest = highest.entry(partition).or_default();
                assert!(offset >= *highest, "partition {partition} was set back from {highest} to {offset}");
                *highest = offset;
            }
            pass(50);
        }
    };
    watch(STOPPED / 2);
    for stop in 0..STOPS {
        let zombie = &processes[stop % MEMBERS];
        zombie.signal("-STOP");
        watch(STOPPED);
        zombie.signal("-CONT");
        watch(STOPPED / 2);
    }
    runtime.block_on(producing).unwrap();
    let files: Vec<_> = (0..MEMBERS).map(file).collect();
    let lines = all_handled(&files, EVENTS);
    close_all(processes);
    let repeated = check_order(&lines);
    let count = (0..PARTITIONS).map(|it| runtime.block_on(kafka.end(&dead, i32::try_from(it).unwrap()))).sum::<i64>();
    let mut letters = HashMap::<_, usize>::new();
    for message in runtime.block_on(kafka.read(&dead, usize::try_from(count).unwrap())) {
        let payment: serde_json::Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
        *letters.entry((payment["account"].as_u64(), payment["number"].as_u64())).or_default() += 1;
    }
    let rejected = (0..EVENTS).filter(|event| is_rejected(event / ACCOUNTS, event % ACCOUNTS)).count();
    let twice: usize = letters.values().map(|times| times - 1).sum();
    println!("{repeated} repeated, {} dead letters, {twice} of them twice", letters.len());
    assert_eq!(letters.len(), rejected, "each that is rejected has one");
    assert!(twice <= STOPS * HANDS, "{twice} dead letters more than one each");
}

/// Brokers that are stopped for longer than a session and go on, below those who consume.
#[test]
fn brokers_that_are_stopped_and_go_on_lose_nothing_of_those_who_consume() {
    const EVENTS: u64 = 20_000;
    const STOPS: u32 = 2;
    let Some(cluster) = Cluster::to_kill() else { return };
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kafka = Kafka::start();
    let topic = runtime.block_on(kafka.topic(i32::try_from(PARTITIONS).unwrap()));
    let group = unique("group");
    let dead = DeadLetter::new().topic_of(&topic, &group);
    runtime.block_on(kafka.create(&dead, 1));
    let folder = tempfile::tempdir().unwrap();
    let file = |number: usize| folder.path().join(format!("consumer-{number}"));
    let processes: Vec<_> = (0..CONSUMERS).map(|number| Process::start(&topic, &group, file(number))).collect();
    let producing = runtime.spawn({
        let (config, topic) = (kafka.config.clone(), topic.clone());
        async move { produce(&config, &topic, EVENTS, STOPPED * 2 * STOPS).await }
    });
    for _ in 0..STOPS {
        pass(5_000);
        cluster.signal("-STOP");
        thread::sleep(STOPPED);
        cluster.signal("-CONT");
    }
    runtime.block_on(producing).unwrap();
    let files: Vec<_> = (0..CONSUMERS).map(file).collect();
    let lines = all_handled(&files, EVENTS);
    close_all(processes);
    println!("{} repeated", check_order(&lines));
}

/// Lets each consumer close, and waits until it has.
fn close_all(processes: Vec<Process>) {
    for mut process in processes {
        drop(process.child.stdin.take());
        assert!(process.child.wait().unwrap().success(), "a consumer did not close");
    }
}

/// Longer than the session of a consumer.
const STOPPED: Duration = Duration::from_secs(14);

/// What all consumers have handled, when that is everything; in the order of time.
fn all_handled(files: &[PathBuf], events: u64) -> Vec<Line> {
    let everything = usize::try_from(events).unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let mut lines: Vec<_> = files.iter().flat_map(|file| read(file)).collect();
        let handled: HashSet<_> = lines.iter().map(|line| (line.account, line.number)).collect();
        if handled.len() == everything {
            lines.sort_by_key(|line| line.micros);
            return lines;
        }
        assert!(Instant::now() < deadline, "lost: {} of {everything} events", everything - handled.len());
        thread::sleep(Duration::from_millis(500));
    }
}

/// The trials have the brokers for themselves.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

// ---- a consumer, in a process of its own

/// One event that was handled, as a line of a consumer's file.
#[derive(Debug, Clone, Copy)]
struct Line {
    micros: u64,
    partition: i32,
    offset: i64,
    account: u64,
    number: u64,
}

fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// How many handlers of a consumer are at work at once.
const HANDS: usize = 16;

/// One in a few hundred is a dead letter.
fn is_rejected(number: u64, account: u64) -> bool {
    number % 4 == 3 && account % 97 == 5
}

/// Handles events until it is killed, or its input ends.
fn consume(task: &str) {
    let mut task = task.split(' ');
    let (topic, group, file) = (task.next().unwrap(), task.next().unwrap(), task.next().unwrap());
    let file = Arc::new(Mutex::new(OpenOptions::new().append(true).create(true).open(file).unwrap()));
    let handler = move |payment: Delivery<Payment>| {
        let file = Arc::clone(&file);
        async move {
            // Some events take longer than those behind them.
            tokio::time::sleep(Duration::from_millis(payment.number % 4)).await;
            let (partition, offset) = (payment.partition(), payment.offset());
            let line = format!("{} {partition} {offset} {} {}\n", micros(), payment.account, payment.number);
            // One call, which the operating system keeps whole when the process is killed.
            file.lock().unwrap().write_all(line.as_bytes()).map_err(Failure::retry)?;
            if is_rejected(payment.number, payment.account) { Err(Failure::reject("no such account")) } else { Ok(()) }
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = KafkaConfig::from_properties_file(properties().unwrap()).unwrap();
        let config = config.group(group).set("session.timeout.ms", "10000").connect_timeout(Duration::from_secs(60));
        let consumer = EventConsumer::<Payment>::subscribe_to(&config, &[topic]).await.unwrap();
        let handle = consumer.handle();
        thread::spawn({
            let runtime = tokio::runtime::Handle::current();
            move || {
                // Nobody writes: it ends when the test closes it.
                let _ = io::copy(&mut io::stdin(), &mut io::sink());
                runtime.block_on(handle.close(Duration::from_secs(20))).unwrap();
            }
        });
        let runner = consumer.runner().order(Order::Key).concurrency(HANDS).span(SPAN).commit_interval(COMMIT);
        runner.run(handler).await.unwrap();
    });
}

fn read(file: &Path) -> Vec<Line> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = |line: &str| {
        let mut numbers = line.split(' ').map(|number| number.parse::<u64>().unwrap());
        let mut next = || numbers.next().unwrap();
        Line {
            micros: next(),
            partition: i32::try_from(next()).unwrap(),
            offset: i64::try_from(next()).unwrap(),
            account: next(),
            number: next(),
        }
    };
    text.lines().map(line).collect()
}

// ---- the trial

struct Cluster {
    script: PathBuf,
}

impl Cluster {
    /// The cluster of this run; says so if there is none.
    fn to_kill() -> Option<Self> {
        let script = env::var_os("EVENT_SCHEMA_TEST_CLUSTER").filter(|script| !script.is_empty());
        if script.is_none() {
            eprintln!("skipped: no cluster whose brokers may be killed");
        }
        Some(Self { script: script?.into() })
    }

    fn call(&self, what: &str, node: i32) {
        let status = Command::new(&self.script).args([what, &node.to_string()]).status().unwrap();
        assert!(status.success(), "{what} {node}: {status}");
    }

    /// Sends a signal to all brokers.
    fn signal(&self, signal: &str) {
        let status = Command::new(&self.script).arg("status").output().unwrap();
        let status = String::from_utf8(status.stdout).unwrap();
        let pids: Vec<&str> = status.split_whitespace().filter_map(|word| word.strip_prefix("pid=")).collect();
        assert!(!pids.is_empty(), "{status}");
        assert!(Command::new("kill").arg(signal).args(pids).status().unwrap().success());
    }
}

/// A consumer's process, and the files of all that had its place.
struct Process {
    child: Child,
    file: PathBuf,
}

impl Process {
    fn start(topic: &str, group: &str, file: PathBuf) -> Self {
        File::create(&file).unwrap();
        let child = Command::new(env::current_exe().unwrap())
            .args(["cluster::leaders_and_consumers_are_killed", "--exact", "--nocapture"])
            .env("EVENT_SCHEMA_TEST_CONSUMER", format!("{topic} {group} {}", file.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, file }
    }
}

impl Process {
    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// As the operating system does when there is no more memory.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Trial {
    cluster: Cluster,
    events: u64,
    time: Duration,
}

impl Trial {
    fn run(&self) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let kafka = Kafka::start();
        let topic = runtime.block_on(kafka.topic(i32::try_from(PARTITIONS).unwrap()));
        let group = unique("group");
        let folder = tempfile::tempdir().unwrap();
        let file = |number: usize| folder.path().join(format!("consumer-{number}"));

        let started = Instant::now();
        let began = micros();
        let produced = Arc::new(AtomicBool::new(false));
        let producing = {
            let (config, topic, produced) = (kafka.config.clone(), topic.clone(), Arc::clone(&produced));
            let (events, time) = (self.events, self.time);
            runtime.spawn(async move {
                produce(&config, &topic, events, time).await;
                produced.store(true, Ordering::Release);
            })
        };
        let mut processes: Vec<_> = (0..CONSUMERS).map(|number| Process::start(&topic, &group, file(number))).collect();
        let mut files: Vec<_> = (0..CONSUMERS).map(file).collect();

        let watcher: BaseConsumer = kafka.config.clone().group(&group).rdkafka039_consumer().unwrap().create().unwrap();
        all_in_sync(&watcher, &topic);
        let mut random = fastrand::Rng::with_seed(7);
        let (mut leaders, mut consumers, mut bound) = (0, 0, 0);
        let (mut coordinators, mut snapshots) = (Vec::new(), Vec::new());
        // A consumer, a broker, or both.
        for what in (0..3).cycle() {
            let before = committed(&watcher, &topic);
            snapshots.push((micros(), before.clone()));
            let broker = (what > 0).then(|| leaders_of(&watcher, &topic)[random.usize(..PARTITIONS)]);
            if let Some(broker) = broker {
                let coordinator = coordinator(&watcher, &group);
                println!("{:.1?}: broker {broker} is killed, the coordinator is {coordinator}", started.elapsed());
                leaders += 1;
                if broker == coordinator {
                    coordinators.push(micros());
                }
                self.cluster.call("kill-node", broker);
                pass(random.u64(..4_000));
            }
            if what != 1 {
                let place = random.usize(..CONSUMERS);
                println!("{:.1?}: consumer {place} is killed", started.elapsed());
                consumers += 1;
                processes[place].kill();
                // At most what it had handled and not committed.
                let handled = read(&processes[place].file);
                bound += handled.iter().filter(|line| line.offset >= before[&line.partition]).count();
                files.push(file(files.len()));
                processes[place] = Process::start(&topic, &group, files.last().unwrap().clone());
            }
            if let Some(broker) = broker {
                self.cluster.call("start-node", broker);
                all_in_sync(&watcher, &topic);
            }
            recovered(&watcher, &topic, &mut snapshots, || {
                let is_over = produced.load(Ordering::Acquire);
                assert!(is_over || !producing.is_finished(), "the producer failed");
                is_over
            });
            println!("{:.1?}: recovered", started.elapsed());
            if produced.load(Ordering::Acquire) {
                break;
            }
        }
        runtime.block_on(producing).unwrap();

        let everything = usize::try_from(self.events).unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut lines;
        loop {
            lines = files.iter().flat_map(|file| read(file)).collect::<Vec<_>>();
            let handled: HashSet<_> = lines.iter().map(|line| (line.account, line.number)).collect();
            if handled.len() == everything {
                break;
            }
            assert!(Instant::now() < deadline, "lost: {} of {everything} events", everything - handled.len());
            thread::sleep(Duration::from_millis(500));
        }
        for process in &mut processes {
            drop(process.child.stdin.take());
        }
        for process in &mut processes {
            let status = process.child.wait().unwrap();
            assert!(status.success(), "a consumer did not close: {status}, {}", process.file.display());
        }
        // Those of a line that was not finished, too.
        lines = files.iter().flat_map(|file| read(file)).collect();
        lines.sort_by_key(|line| line.micros);
        let repeated = check_order(&lines);
        check_commits(&lines, &snapshots);
        bound += during(&lines, &coordinators);
        let (recovery, partition, from) = worst_recovery(&lines);
        println!(
            "{everything} events, {leaders} leaders and {consumers} consumers killed: 0 lost, order kept, {repeated} repeated \
             (at most {bound}), worst recovery {recovery:.1?} (of partition {partition}, from {:.1?} on)",
            Duration::from_micros(from - began),
        );
        assert!(repeated <= bound, "{repeated} events repeated, more than {bound}");
    }
}

/// The pace of the trial: nothing is waited for.
fn pass(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}

/// Sends them all, evenly over the time, those of an account in their order.
async fn produce(config: &KafkaConfig, topic: &str, events: u64, time: Duration) {
    const SLICES: u32 = 1_000;
    let config = config.clone().set("delivery.timeout.ms", "300000");
    let producer = EventProducer::connect(&config).await.unwrap();
    let mut ticks = tokio::time::interval(time / SLICES);
    let mut acknowledged = FuturesUnordered::new();
    for number in 0..events {
        if number % (events / u64::from(SLICES)).max(1) == 0 {
            ticks.tick().await;
        }
        let payment = Payment { account: number % ACCOUNTS, number: number / ACCOUNTS, reason: "rent".to_owned() };
        acknowledged.push(producer.message(&payment).topic(topic).enqueue().await.unwrap());
    }
    while let Some(sent) = acknowledged.next().await {
        sent.unwrap();
    }
    within(60, "end of the producer", producer.close(Duration::from_secs(50))).await.unwrap();
}

const WAIT: Duration = Duration::from_secs(30);

/// A time, and what had been committed of each partition by then.
type Snapshot = (u64, HashMap<i32, i64>);

/// What the group has committed of each partition.
fn committed(watcher: &BaseConsumer, topic: &str) -> HashMap<i32, i64> {
    let mut wanted = TopicPartitionList::new();
    wanted.add_partition_range(topic, 0, i32::try_from(PARTITIONS).unwrap() - 1);
    let offsets = watcher.committed_offsets(wanted, WAIT).unwrap();
    offsets
        .elements()
        .iter()
        .map(|element| (element.partition(), element.offset().to_raw().unwrap_or(0).max(0)))
        .collect()
}

/// The leader of each partition.
fn leaders_of(watcher: &BaseConsumer, topic: &str) -> Vec<i32> {
    let metadata = watcher.fetch_metadata(Some(topic), WAIT).unwrap();
    let mut leaders: Vec<_> =
        metadata.topics()[0].partitions().iter().map(|known| (known.id(), known.leader())).collect();
    leaders.sort_unstable();
    leaders.into_iter().map(|(_, leader)| leader).collect()
}

/// Where groups keep what they commit.
const OFFSETS: &str = "__consumer_offsets";

/// The broker that takes the group's commits: the leader of a partition that Java's hash of its name tells.
fn coordinator(watcher: &BaseConsumer, group: &str) -> i32 {
    let leaders = leaders_of(watcher, OFFSETS);
    let hash = group.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    leaders[usize::try_from(hash & i32::MAX).unwrap() % leaders.len()]
}

/// Waits until every partition has all its replicas again.
fn all_in_sync(watcher: &BaseConsumer, topic: &str) {
    let in_sync = |topic, count| {
        let metadata = watcher.fetch_metadata(Some(topic), WAIT).unwrap();
        let partitions = metadata.topics()[0].partitions();
        // A broker may not know all of a new topic yet.
        let replicas = partitions.iter().filter(|known| known.leader() >= 0).map(|known| known.isr().len());
        partitions.len() >= count && replicas.filter(|count| *count == BROKERS).count() == partitions.len()
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !in_sync(topic, PARTITIONS) || !in_sync(OFFSETS, 1) {
        assert!(Instant::now() < deadline, "the brokers do not get in sync again");
        thread::sleep(Duration::from_millis(200));
    }
}

/// Waits until every partition is worked on again, or the end of the trial.
fn recovered(watcher: &BaseConsumer, topic: &str, snapshots: &mut Vec<Snapshot>, is_over: impl Fn() -> bool) {
    let now = committed(watcher, topic);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_over() {
        let later = committed(watcher, topic);
        snapshots.push((micros(), later.clone()));
        if now.iter().all(|(partition, offset)| later[partition] > *offset) {
            return;
        }
        assert!(Instant::now() < deadline, "not every partition is worked on: {now:?}, a minute later {later:?}");
        pass(100);
    }
}

// ---- what is checked

/// No event is handled before the one before it of its account. How often one was handled again.
fn check_order(lines: &[Line]) -> usize {
    let mut next = HashMap::<u64, u64>::new();
    let mut repeated = 0;
    for line in lines {
        let next = next.entry(line.account).or_default();
        assert!(line.number <= *next, "{line:?} was handled before number {next} of the account");
        if line.number == *next {
            *next += 1;
        } else {
            repeated += 1;
        }
    }
    repeated
}

/// Nothing is handled after it was committed: what is repeated was not.
fn check_commits(lines: &[Line], snapshots: &[Snapshot]) {
    let mut snapshots = snapshots.iter().peekable();
    let mut committed = None;
    for line in lines {
        while let Some(snapshot) = snapshots.next_if(|(time, _)| *time < line.micros) {
            committed = Some(&snapshot.1);
        }
        let handled = committed.is_some_and(|committed| line.offset < committed[&line.partition]);
        assert!(!handled, "{line:?} was committed before it was handled: {committed:?}");
    }
}

/// How many events were handled while the group could not commit: since its last commit before its coordinator
/// was killed, until another one surely was found. If members were given up meanwhile, these are repeated.
fn during(lines: &[Line], kills: &[u64]) -> usize {
    let before = u64::try_from((COMMIT + Duration::from_secs(1)).as_micros()).unwrap();
    let after = u64::try_from(Duration::from_secs(10).as_micros()).unwrap();
    let in_trouble = |line: &&Line| kills.iter().any(|kill| (kill - before..kill + after).contains(&line.micros));
    lines.iter().filter(in_trouble).count()
}

/// The longest time in which nothing of a partition was handled, which partition, and when it began.
fn worst_recovery(lines: &[Line]) -> (Duration, i32, u64) {
    let mut last = HashMap::new();
    let gaps = lines.iter().filter_map(|line| {
        let before = last.insert(line.partition, line.micros)?;
        Some((Duration::from_micros(line.micros - before), line.partition, before))
    });
    gaps.max().expect("events were handled")
}
