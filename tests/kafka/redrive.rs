//! Dead letters are read, and sent again: by the library, and by the program `event-schema`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use event_schema::kafka::rdkafka039::Message as _;
use event_schema::kafka::rdkafka039::message::Headers as _;
use event_schema::kafka::{
    ApiKey, BrokerError, Counts, DeadLetter, DeadLetterTopic, Delivery, EmbeddedKafka, EventConsumer, EventProducer,
    Failure, Fate, KafkaConfig, Letter, LetterState, Outcome, ProducerRecord, Redrive, RedriveCounts, Retry, RunError,
    RunHandle,
};
use event_schema::serde_json::{self, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep};

use crate::common::{Kafka, Message, Note, note, properties, unique, until, within};

const DEADLINE: Duration = Duration::from_secs(10);

/// A running consumer, which rejects notes as long as it is told to.
struct Service {
    handle: RunHandle,
    running: JoinHandle<Result<Counts, RunError>>,
    rejects: Arc<AtomicBool>,
    /// The ids of the notes that it has accepted, with their places.
    handled: Arc<Mutex<Vec<(String, String)>>>,
}

impl Service {
    async fn start(config: &KafkaConfig, topic: &str, rejects: bool, dead_letter: DeadLetter) -> Self {
        let consumer = EventConsumer::<Note>::subscribe_to(config, &[topic]).await.unwrap();
        let handle = consumer.handle();
        let (rejects, handled): (_, Arc<Mutex<Vec<_>>>) = (Arc::new(AtomicBool::new(rejects)), Arc::default());
        let (rejecting, handling) = (Arc::clone(&rejects), Arc::clone(&handled));
        let runner = consumer.runner().unordered().retry(Retry::topics().attempts(2)).dead_letter(dead_letter);
        let running = tokio::spawn(runner.run(move |delivery: Delivery<Note>| {
            let (rejecting, handling) = (Arc::clone(&rejecting), Arc::clone(&handling));
            async move {
                if rejecting.load(Ordering::Relaxed) {
                    return Err(Failure::reject("out of stock"));
                }
                handling.lock().unwrap().push((delivery.envelope().id().to_owned(), delivery.to_string()));
                Ok(())
            }
        }));
        Self { handle, running, rejects, handled }
    }

    fn ids(&self) -> BTreeSet<String> {
        self.handled.lock().unwrap().iter().map(|(id, _)| id.clone()).collect()
    }

    async fn has(&self, outcome: Outcome, count: u64) {
        until(60, "outcome", || self.handle.counts().of(outcome) >= count).await;
    }

    async fn close(self) -> Counts {
        self.handle.close(DEADLINE).await.unwrap();
        self.running.await.unwrap().unwrap()
    }
}

/// A topic with the topics for a group's retries and dead letters, and the name of the last.
async fn with_letters(kafka: &Kafka, group: &KafkaConfig) -> (String, String) {
    let topic = kafka.topic(2).await;
    let group = group.group_id().unwrap();
    let dead = DeadLetter::new().topic_of(&topic, group);
    kafka.create(&format!("{topic}-{group}-retry-1"), 2).await;
    kafka.create(&dead, 2).await;
    (topic, dead)
}

/// A service that rejects what it reads, and one of another group that does not.
struct Two {
    topic: String,
    /// The dead letter topic of the first.
    dead: String,
    billing: Service,
    audit: Service,
}

impl Two {
    async fn start(kafka: &Kafka) -> Self {
        let (failing, other) = (kafka.group(), kafka.group());
        let (topic, dead) = with_letters(kafka, &failing).await;
        let others_dead = kafka.topic(1).await;
        kafka.create(&format!("{topic}-{}-retry-1", other.group_id().unwrap()), 1).await;
        let billing = Service::start(&failing, &topic, true, DeadLetter::new()).await;
        let audit = Service::start(&other, &topic, false, DeadLetter::new().topic(&others_dead)).await;
        Self { topic, dead, billing, audit }
    }
}

async fn all(kafka: &Kafka, letters: &DeadLetterTopic) -> Vec<Letter> {
    let mut found = letters.letters(&kafka.config).await.unwrap();
    let mut all = Vec::new();
    while let Some(letter) = within(30, "letter", found.next()).await.unwrap() {
        all.push(letter);
    }
    all
}

fn header(message: &Message, name: &str) -> Option<Vec<u8>> {
    let headers = message.headers()?.iter();
    headers.filter(|header| header.key == name).last()?.value.map(<[u8]>::to_vec)
}

/// A dead letter as this crate writes it.
fn letter(dead: &str, origin: &str, offset: i64, id: &str) -> ProducerRecord {
    ProducerRecord::new(dead)
        .with_key(format!("key-{id}"))
        .with_value(format!("{{\"id\": \"{id}\"}}"))
        .with_header("ce_id", Some(id.as_bytes()))
        .with_header("ce_type", Some(b"note.v1"))
        .with_header("kafka_dlt-exception-fqcn", Some(b"shop::OutOfStock"))
        .with_header("kafka_dlt-exception-message", Some(b"none left"))
        .with_header("kafka_dlt-original-topic", Some(origin.as_bytes()))
        .with_header("kafka_dlt-original-partition", Some(&0_i32.to_be_bytes()))
        .with_header("kafka_dlt-original-offset", Some(&offset.to_be_bytes()))
        .with_header("kafka_dlt-original-consumer-group", Some(b"billing"))
}

async fn send(kafka: &Kafka, records: impl IntoIterator<Item = ProducerRecord>) {
    send_with(&kafka.config, records).await;
}

async fn send_with(config: &KafkaConfig, records: impl IntoIterator<Item = ProducerRecord>) {
    let producer = EventProducer::connect(config).await.unwrap();
    let records: Vec<_> = records.into_iter().collect();
    for sent in futures_util::future::join_all(records.iter().map(|record| producer.send_record(record))).await {
        sent.unwrap();
    }
    producer.close(Duration::from_secs(20)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redriven_letter_is_handled_by_the_group_that_failed_alone_and_keeps_its_id() {
    let kafka = Kafka::start();
    let Two { topic, dead, billing, audit } = Two::start(&kafka).await;
    kafka.publish(&topic, (0..20).map(|number| note(&format!("k{number}"), number))).await;
    // Without headers, and so without an id of its own.
    kafka.put(&topic, "plain", Some(br#"{"key": "plain", "number": 1}"#)).await;
    billing.has(Outcome::Dead, 21).await;
    audit.has(Outcome::Done, 21).await;

    billing.rejects.store(false, Ordering::Relaxed);
    let letters = DeadLetterTopic::new(&dead);
    let planned = letters.redrive(&kafka.config, Redrive::to_group().dry_run(), |_, _| {}).await.unwrap();
    assert_eq!((planned.planned(), planned.redriven()), (21, 0));
    assert_eq!(all(&kafka, &letters).await.len(), 21);

    let counts = letters.redrive(&kafka.config, Redrive::to_group(), |letter, fate| {
        assert!(matches!(fate, Fate::Redriven { .. }), "{}: {fate}", letter.id());
    });
    assert_eq!(within(60, "redrive", counts).await.unwrap().redriven(), 21);
    billing.has(Outcome::Done, 21).await;
    assert_eq!(billing.ids(), audit.ids());
    assert_eq!(billing.ids().len(), 21);

    // They are remembered.
    assert!(all(&kafka, &letters).await.is_empty());
    let known = all(&kafka, &letters.clone().redriven_too()).await;
    assert!(known.len() == 21 && known.iter().all(|letter| letter.state() == LetterState::Redriven), "{known:?}");
    let counts = letters.redrive(&kafka.config, Redrive::to_group(), |_, _| {}).await.unwrap();
    assert_eq!(counts.redriven(), 0);
    assert_eq!(billing.close().await.done(), 21);
    assert_eq!(audit.close().await.done(), 21);
}

/// By way of the topic for retries and by way of the original topic, where the other group reads it and ignores it.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_fails_again_and_again_has_its_first_place_and_is_parked() {
    let kafka = Kafka::start();
    let Two { topic, dead, billing, audit } = Two::start(&kafka).await;
    kafka.publish(&topic, [note("a", 1)]).await;
    billing.has(Outcome::Dead, 1).await;
    audit.has(Outcome::Done, 1).await;

    let letters = DeadLetterTopic::new(&dead).limit(2);
    let first = all(&kafka, &letters).await.remove(0);
    let (origin, id) = (first.dead().unwrap().clone(), first.id().to_owned());
    assert_eq!((origin.topic(), origin.offset(), first.redrives()), (&*topic, 0, 0));

    for (round, redrive) in (1..).zip([Redrive::to_group(), Redrive::to_origin()]) {
        assert_eq!(letters.redrive(&kafka.config, redrive, |_, _| {}).await.unwrap().redriven(), 1);
        billing.has(Outcome::Dead, 1 + u64::from(round)).await;
        let again = all(&kafka, &letters).await;
        assert_eq!(again.len(), 1, "{again:?}");
        let again = &again[0];
        assert_eq!((again.id(), again.redrives()), (&*id, round));
        // Of the places the first is kept, beside the last.
        let firsts: Vec<_> = again.headers().iter().filter(|(name, _)| *name == "kafka_dlt-original-offset").collect();
        assert_eq!(firsts[0].1, Some(&origin.offset().to_be_bytes()[..]));
        assert_eq!(again.headers().get("kafka_dlt-original-topic"), Some(topic.as_bytes()));
    }
    audit.has(Outcome::Ignored, 1).await;

    let parked = all(&kafka, &letters).await;
    assert_eq!((parked.len(), parked[0].state()), (1, LetterState::Parked));
    let mut fates = Vec::new();
    let counts = letters.redrive(&kafka.config, Redrive::to_origin(), |_, fate| fates.push(fate.clone()));
    let counts = counts.await.unwrap();
    assert_eq!((counts.redriven(), counts.parked()), (0, 1));
    assert_eq!(fates, [Fate::Parked { redrives: 2 }]);
    let all = all(&kafka, &letters.limit(3).redriven_too()).await;
    let states: Vec<_> = all.iter().map(Letter::state).collect();
    assert_eq!(states.iter().filter(|state| **state == LetterState::Redriven).count(), 2, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == LetterState::Waiting).count(), 1, "{states:?}");

    assert_eq!(billing.close().await.of(Outcome::Dead), 3);
    let audit = audit.close().await;
    assert_eq!((audit.done(), audit.of(Outcome::Ignored), audit.of(Outcome::Dead)), (1, 1, 0));
}

/// A consumer without retry topics, whose partitions keep their order.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_a_topic_of_its_own_for_redriven_messages() {
    let kafka = Kafka::start();
    let (topic, group) = (kafka.topic(2).await, kafka.group());
    let name = group.group_id().unwrap().to_owned();
    let (dead, redriven) = (format!("{topic}-{name}-dlt"), format!("{topic}-{name}-redrive"));
    kafka.create(&dead, 2).await;
    kafka.create(&redriven, 1).await;
    let rejects = Arc::new(AtomicBool::new(true));
    let rejecting = Arc::clone(&rejects);
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().redrive_topics().run(move |delivery: Delivery<Note>| {
        let rejects = rejecting.load(Ordering::Relaxed);
        async move { if rejects { Err(Failure::reject(delivery.key.clone())) } else { Ok(()) } }
    }));
    kafka.publish(&topic, (0..10).map(|number| note(&format!("k{number}"), number))).await;
    until(60, "dead letters", || handle.counts().of(Outcome::Dead) == 10).await;

    let letters = DeadLetterTopic::new(&dead);
    let places = |letters: &[Letter]| -> BTreeSet<String> {
        let place = |letter: &Letter| {
            let dead = letter.dead().unwrap();
            format!("{}/{}@{} {}", dead.topic(), dead.partition(), dead.offset(), letter.id())
        };
        letters.iter().map(place).collect()
    };
    let before = places(&all(&kafka, &letters).await);
    assert_eq!(before.len(), 10);
    assert_eq!(letters.redrive(&kafka.config, Redrive::to_group(), |_, _| {}).await.unwrap().redriven(), 10);
    until(60, "dead letters", || handle.counts().of(Outcome::Dead) == 20).await;
    let again = all(&kafka, &letters).await;
    assert_eq!(places(&again), before);
    assert!(again.iter().all(|letter| letter.redrives() == 1));

    rejects.store(false, Ordering::Relaxed);
    assert_eq!(letters.redrive(&kafka.config, Redrive::to_group(), |_, _| {}).await.unwrap().redriven(), 10);
    until(60, "events", || handle.counts().done() == 10).await;
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(kafka.committed(&group, &redriven, 0).await, Some(20));
    assert!(all(&kafka, &letters).await.is_empty());
}

/// A message that is marked for another group is for all in another topic: a program may copy headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_redriven_message_in_another_topic_is_for_all_groups() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let mark = |whose: &str| {
        ProducerRecord::new(&topic)
            .with_value(r#"{"key": "a", "number": 1}"#)
            .with_header("ce_id", Some(whose.as_bytes()))
            .with_header("event-schema-redriven-for", Some(whose.as_bytes()))
    };
    let group = kafka.group();
    let (here, elsewhere) = (format!("{topic}/another"), "another-topic/another".to_owned());
    let own = format!("{topic}/{}", group.group_id().unwrap());
    send(&kafka, [mark(&here), mark(&elsewhere), mark(&own), mark("nonsense")]).await;
    let service = Service::start(&group, &topic, false, DeadLetter::new()).await;
    service.has(Outcome::Done, 3).await;
    service.has(Outcome::Ignored, 1).await;
    assert_eq!(service.ids(), BTreeSet::from([elsewhere, own, "nonsense".to_owned()]));
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_cannot_be_loaded_and_values_behind_pointers_go_back() {
    let kafka = Kafka::start();
    for dead_letter in [DeadLetter::new(), DeadLetter::new().redact()] {
        let group = kafka.group();
        let (topic, dead) = with_letters(&kafka, &group).await;
        let service = Service::start(&group, &topic, false, dead_letter).await;
        let broken = ProducerRecord::new(&topic)
            .with_key(b"\xff\0".to_vec())
            .with_value(b"\0\xfe not JSON".to_vec())
            .with_header("tenant", Some(b"t-1"))
            .with_header("none", None);
        send(&kafka, [broken.clone()]).await;
        service.has(Outcome::Dead, 1).await;
        service.close().await;

        let copies = kafka.topic(1).await;
        let redrive = Redrive::to_topic(&copies);
        let counts = DeadLetterTopic::new(&dead).redrive(&kafka.config, redrive, |_, _| {}).await.unwrap();
        assert_eq!(counts.redriven(), 1);
        let copy = kafka.read(&copies, 1).await.remove(0);
        assert_eq!((copy.key(), copy.payload()), (broken.key(), broken.value()));
        assert_eq!(header(&copy, "tenant").as_deref(), Some(&b"t-1"[..]));
        assert_eq!(header(&copy, "event-schema-redrives").as_deref(), Some(&b"1"[..]));
        let names: Vec<String> = copy.headers().unwrap().iter().map(|header| header.key.to_owned()).collect();
        assert!(names.iter().any(|name| name == "none"));
        let left = ["exception", "violations", "pointer", "retry_topic"];
        assert!(!names.iter().any(|name| left.iter().any(|left| name.contains(left))), "{names:?}");
    }
}

/// Letters of Spring Kafka, of this crate, and messages that are no letters or only look so.
#[tokio::test(flavor = "multi_thread")]
async fn letters_of_others_are_read_and_what_cannot_be_sent_is_refused_with_the_reason() {
    use LetterState::{Foreign, Parked, Waiting};
    let kafka = Kafka::start();
    let (dead, origin, retries) = (kafka.topic(1).await, kafka.topic(1).await, kafka.topic(1).await);
    let spring = ProducerRecord::new(&dead)
        .with_value("{}")
        .with_header("kafka_original-topic", Some(origin.as_bytes()))
        .with_header("kafka_original-partition", Some(&0_i32.to_be_bytes()))
        .with_header("kafka_original-offset", Some(&5_i64.to_be_bytes()))
        .with_header("kafka_dlt-original-consumer-group", Some(b"billing"))
        .with_header("kafka_exception-fqcn", Some(b"org.springframework.kafka.ListenerExecutionFailedException"))
        .with_header("kafka_exception-cause-fqcn", Some(b"java.lang.IllegalStateException"))
        .with_header("kafka_exception-message", Some(b"Listener failed"))
        .with_header("retry_topic-attempts", Some(&4_u32.to_be_bytes()));
    let pointer = letter(&dead, &origin, 77, "gone")
        .with_value(r#"{"offset":77,"partition":0,"size":9,"topic":"x"}"#)
        .with_header("event-schema-pointer", Some(b"true"));
    let counted =
        |count: &'static [u8]| letter(&dead, &origin, 1, "counted").with_header("event-schema-redrives", Some(count));
    let records = [
        letter(&dead, &origin, 0, "own"),
        spring,
        ProducerRecord::new(&dead).with_value("no letter"),
        ProducerRecord::new(&dead).with_header("kafka_dlt-original-topic", Some(b"\xff")),
        letter(&dead, "no-such-topic", 0, "lost"),
        pointer,
        counted(b"3"),
        counted(b"many"),
    ];
    for record in records {
        send(&kafka, [record]).await;
    }
    let letters = DeadLetterTopic::new(&dead);
    let found = all(&kafka, &letters).await;
    let states: Vec<_> = found.iter().map(Letter::state).collect();
    assert_eq!(states, [Waiting, Waiting, Foreign, Foreign, Waiting, Waiting, Parked, Parked]);
    let second = found[1].dead().unwrap();
    assert_eq!((second.topic(), second.partition(), second.offset()), (&*origin, 0, 5));
    assert_eq!((second.exception(), second.group()), (Some("java.lang.IllegalStateException"), Some("billing")));
    assert_eq!((found[1].attempts(), found[1].id()), (Some(4), &*format!("{origin}/0@5")));
    assert_eq!((found[2].id(), found[2].value()), (&*format!("{dead}/0@2"), Some(&b"no letter"[..])));
    assert_eq!(found[3].value(), None);

    // Each filter, and two together.
    let places = async |letters: DeadLetterTopic| -> Vec<i64> {
        all(&kafka, &letters).await.iter().map(Letter::offset).collect()
    };
    let select = || DeadLetterTopic::new(&dead);
    assert_eq!(places(select().cause("IllegalState")).await, [1]);
    assert_eq!(places(select().cause("none left")).await, [0, 4, 5, 6, 7]);
    assert_eq!(places(select().event_type("note")).await, [0, 4, 5, 6, 7]);
    assert_eq!(places(select().event_type("note.v1").count(2)).await, [0, 4]);
    assert!(places(select().event_type("not")).await.is_empty());
    assert_eq!(places(select().id("lost")).await, [4]);
    assert_eq!(places(select().key("key-own")).await, [0]);
    assert_eq!(places(select().group("billing").origin_topic(&origin).origin_offset(77)).await, [5]);
    assert_eq!(places(select().at(0, 3)).await, [3]);
    assert!(places(select().at(1, 3)).await.is_empty());
    assert!(places(select().count(0)).await.is_empty());
    let time = |index: usize| found[index].timestamp().unwrap();
    let between = places(select().from(time(2)).until(SystemTime::now() + DEADLINE)).await;
    assert!(between.ends_with(&[2, 3, 4, 5, 6, 7]), "{between:?}");
    assert!(places(select().until(time(0))).await.is_empty());

    // No group has a topic for retries here.
    let mut reasons = Vec::new();
    let note_reasons = |_: &Letter, fate: &Fate| reasons.push(fate.to_string());
    let counts = letters.redrive(&kafka.config, Redrive::to_group(), note_reasons).await.unwrap();
    assert_eq!((counts.redriven(), counts.refused(), counts.parked()), (0, 6, 2));
    assert_eq!(
        reasons[0],
        format!(
            "refused: group `billing` has no topic `{origin}-billing-redrive` or `{origin}-billing-retry-1`: redrive to \
             the origin, or to another topic"
        )
    );
    assert_eq!(reasons[2], "refused: it has no headers of a dead letter, or they cannot be read");
    let mut reasons = Vec::new();
    let note_reasons = |_: &Letter, fate: &Fate| reasons.push(fate.to_string());
    let counts = letters.redrive(&kafka.config, Redrive::to_origin().dry_run(), note_reasons).await.unwrap();
    assert_eq!((counts.planned(), counts.refused(), counts.parked()), (2, 4, 2));
    assert_eq!(reasons[0], format!("would be sent to `{origin}`"));
    assert_eq!(reasons[4], "refused: there is no topic `no-such-topic`, or it is not visible to this user");
    assert_eq!(reasons[5], format!("refused: it is a pointer to {origin}/0@77, and the message is no longer there"));
    assert_eq!(reasons[6], "parked: redriven 3 times before");
    assert_eq!(reasons[7], "parked: the count of its redrives cannot be read");

    let itself = letters.redrive(&kafka.config, Redrive::to_topic(&dead), |_, _| {}).await.unwrap_err();
    assert!(itself.connect_error().unwrap().is_config(), "{itself}");
    let counts =
        letters.clone().id("own").redrive(&kafka.config, Redrive::to_topic(&retries), |_, _| {}).await.unwrap();
    assert_eq!(counts.redriven(), 1);
    assert_eq!(kafka.end(&retries, 0).await, 1);
    // Again on request, and the first place is the id of Spring's message.
    let again = letters.clone().redriven_too().count(2);
    assert_eq!(again.redrive(&kafka.config, Redrive::to_topic(&retries), |_, _| {}).await.unwrap().redriven(), 2);
    let sent = kafka.read(&retries, 3).await;
    assert_eq!(sent[1].payload(), sent[0].payload());
    assert_eq!(header(&sent[2], "kafka_dlt-original-offset"), Some(5_i64.to_be_bytes().to_vec()));
    assert_eq!(header(&sent[2], "retry_topic-attempts"), None);
}

/// Waits until each of these letters has its fate.
async fn fates(letters: &DeadLetterTopic, config: &KafkaConfig, redrive: Redrive) -> (RedriveCounts, Vec<String>) {
    let mut fates = Vec::new();
    let note = |letter: &Letter, fate: &Fate| fates.push(format!("{}: {fate}", letter.id()));
    let counts = within(60, "redrive", letters.redrive(config, redrive, note)).await.unwrap();
    (counts, fates)
}

/// A redrive that cannot be remembered would come again and again.
#[tokio::test]
async fn nothing_is_sent_that_would_not_be_remembered() {
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["dlt", "dlt-redriven", "target"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    send_with(&kafka.config(), [letter("dlt", "orders", 0, "a")]).await;
    kafka.fail(ApiKey::Produce, &[BrokerError::TopicAuthorizationFailed]);
    let letters = DeadLetterTopic::new("dlt");
    let to_target = || Redrive::to_topic("target");
    let error = letters.redrive(&kafka.config(), to_target(), |_, fate| panic!("{fate}")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no dead letter was redriven: the redrive cannot be recorded, and the next one would send them again: not sent to \
         `dlt-redriven`: TopicAuthorizationFailed (Broker: Topic authorization failed); the user needs the right to write to the topic"
    );
    assert!(error.send_error().unwrap().is_not_sent());
    let counts = letters.redrive(&kafka.config(), to_target(), |_, _| {}).await.unwrap();
    assert_eq!(counts.redriven(), 1);
    assert_eq!(kafka.received::<Note>("target", 1).await.len(), 1);
}

#[tokio::test]
async fn a_letter_that_the_brokers_refuse_does_not_keep_the_others() {
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["dlt", "dlt-redriven"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    kafka.create_topic("target", 2).unwrap();
    // As many as are sent at a time, and one for each partition of the target.
    let records = (0..100).chain([100, 101]).map(|offset| {
        let partition = i32::from(offset == 101);
        letter("dlt", "orders", offset, &offset.to_string())
            .with_header("kafka_dlt-original-partition", Some(&partition.to_be_bytes()))
    });
    send_with(&kafka.config(), records).await;
    let letters = DeadLetterTopic::new("dlt");
    let (mut told, mut refused) = (0, Vec::new());
    let config = kafka.config();
    let counts = letters.redrive(&config, Redrive::to_topic("target"), |_, fate| {
        told += 1;
        if told == 100 {
            kafka.fail(ApiKey::Produce, &[BrokerError::TopicAuthorizationFailed]);
        }
        refused.extend(matches!(fate, Fate::Refused { .. }).then(|| fate.to_string()));
    });
    let counts = counts.await.unwrap();
    assert_eq!((counts.redriven(), counts.refused()), (101, 1));
    assert_eq!(
        refused,
        [
            "refused: not sent to `target`: TopicAuthorizationFailed (Broker: Topic authorization failed); the user needs \
             the right to write to the topic"
        ]
    );
    let (counts, _) = fates(&letters, &kafka.config(), Redrive::to_topic("target")).await;
    assert_eq!((counts.redriven(), counts.refused()), (1, 0));
}

/// A count is of those that are sent: parked letters before them do not use it up.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_of_letters_that_are_sent() {
    let kafka = Kafka::start();
    let (dead, target) = (kafka.topic(1).await, kafka.topic(1).await);
    with_memory(&kafka, &dead).await;
    let parked = (0..3).map(|number| {
        letter(&dead, "origin", number, &format!("parked-{number}")).with_header("event-schema-redrives", Some(b"3"))
    });
    send(&kafka, parked).await;
    send(&kafka, [ProducerRecord::new(&dead)]).await;
    send(&kafka, (0..3).map(|number| letter(&dead, "origin", number, &format!("id-{number}")))).await;
    let letters = DeadLetterTopic::new(&dead).count(2);
    assert_eq!(all(&kafka, &letters).await.len(), 2);
    let to_target = || Redrive::to_topic(&target);
    let (counts, told) = fates(&letters, &kafka.config, to_target().dry_run()).await;
    assert_eq!((counts.planned(), counts.parked(), counts.refused(), told.len()), (2, 3, 1, 6));
    let (counts, told) = fates(&letters, &kafka.config, to_target()).await;
    assert_eq!((counts.redriven(), counts.parked(), counts.refused(), told.len()), (2, 3, 1, 6));
    assert_eq!(told[5], format!("id-1: sent to `{target}`"));
    let (counts, _) = fates(&letters, &kafka.config, to_target()).await;
    assert_eq!((counts.redriven(), counts.parked(), counts.refused()), (1, 3, 1));
    let (counts, told) = fates(&letters.clone().count(0), &kafka.config, to_target()).await;
    assert_eq!((counts.redriven(), told.len()), (0, 0));
    assert_eq!(kafka.end(&target, 0).await, 3);
}

/// Dead letters without space for the headers of their messages: these are in the original message, if it is still there.
#[tokio::test(flavor = "multi_thread")]
async fn omitted_headers_are_taken_from_the_original_message() {
    let kafka = Kafka::start();
    let (dead, origin, target) = (kafka.topic(1).await, kafka.topic(1).await, kafka.topic(1).await);
    with_memory(&kafka, &dead).await;
    let original = ProducerRecord::new(&origin)
        .with_key("key-a")
        .with_value(r#"{"id": "a"}"#)
        .with_header("ce_id", Some(b"a"))
        .with_header("tenant", Some(b"t-1"));
    send(&kafka, [original]).await;
    let minimal =
        |offset, id| letter(&dead, &origin, offset, id).with_header("event-schema-omitted-headers", Some(b"1"));
    // The second is not the message that is there, and the third is nowhere. The next have only its value.
    let others_key = minimal(0, "a").with_key("key-d");
    let others_id = minimal(0, "a").with_header("ce_id", Some(b"e"));
    send(&kafka, [minimal(0, "a"), minimal(0, "b"), minimal(7, "c"), others_key, others_id]).await;
    let pointer = |key| {
        letter(&dead, &origin, 0, "a")
            .with_key(key)
            .with_value(r#"{"size": 11}"#)
            .with_header("event-schema-pointer", Some(b"true"))
    };
    send(&kafka, [pointer("key-a"), pointer("key-f")]).await;
    let (counts, told) = fates(&DeadLetterTopic::new(&dead), &kafka.config, Redrive::to_topic(&target)).await;
    assert_eq!((counts.redriven(), counts.refused()), (6, 1));
    let lost = "without 1 of its headers, which the dead letter had no space for";
    let sent = |id: &str, lost: &str| format!("{id}: sent to `{target}`{lost}");
    let lost = format!(" {lost}");
    let gone = format!("a: refused: it is a pointer to {origin}/0@0, and the message is no longer there");
    let expected = [("a", ""), ("b", &*lost), ("c", &lost), ("a", &lost), ("e", &lost), ("a", "")];
    let expected: Vec<_> = expected.map(|(id, lost)| sent(id, lost)).into_iter().chain([gone]).collect();
    assert_eq!(told, expected);
    let sent = kafka.read(&target, 6).await;
    assert_eq!(header(&sent[0], "tenant").as_deref(), Some(&b"t-1"[..]));
    assert_eq!((header(&sent[0], "event-schema-omitted-headers"), header(&sent[1], "tenant")), (None, None));
    assert_eq!(sent[1].payload(), Some(&br#"{"id": "b"}"#[..]));
    assert_eq!((sent[3].key(), header(&sent[4], "ce_id").as_deref()), (Some(&b"key-d"[..]), Some(&b"e"[..])));
    assert_eq!((sent[5].payload(), sent[5].key()), (Some(&br#"{"id": "a"}"#[..]), Some(&b"key-a"[..])));
}

/// The topics of another service, whose names this configuration would change.
#[tokio::test(flavor = "multi_thread")]
async fn the_names_in_a_letter_are_those_at_the_brokers() {
    let kafka = Kafka::start();
    let prefix = format!("{}.", unique("prefix"));
    let config = kafka.config.clone().set("event.schema.topic.prefix", &prefix);
    let (dead, origin) = (format!("{prefix}dlt"), kafka.topic(1).await);
    kafka.create(&dead, 1).await;
    with_memory(&kafka, &dead).await;
    send(&kafka, [letter(&dead, &origin, 0, "a")]).await;
    let (counts, told) = fates(&DeadLetterTopic::new("dlt"), &config, Redrive::to_origin()).await;
    assert_eq!((counts.redriven(), &*told), (1, &[format!("a: sent to `{origin}`")][..]));
    assert_eq!(kafka.end(&origin, 0).await, 1);
}

/// The topic `x-eu` with the group `billing`, and the topic `x` with the group `eu-billing`.
#[tokio::test(flavor = "multi_thread")]
async fn two_groups_that_share_a_retry_topic_handle_their_own_messages() {
    let kafka = Kafka::start();
    let (topic, group) = (kafka.topic(1).await, unique("group"));
    let longer = format!("{topic}-eu");
    let shared = format!("{longer}-{group}");
    for topic in [&longer, &format!("{shared}-dlt"), &format!("{shared}-retry-1"), &format!("{shared}-redrive")] {
        kafka.create(topic, 1).await;
    }
    let groups = [group.clone(), format!("eu-{group}")].map(|group| kafka.config.clone().group(group));
    let handled: [Arc<Mutex<Vec<String>>>; 2] = [Arc::default(), Arc::default()];
    let mut services = Vec::new();
    for ((config, topic), handled) in groups.iter().zip([&longer, &topic]).zip(&handled) {
        let consumer = EventConsumer::<Note>::subscribe_to(config, &[topic]).await.unwrap();
        let (handle, handled) = (consumer.handle(), Arc::clone(handled));
        let moment = Duration::from_millis(1);
        let retry = Retry::topics().attempts(2).backoff(moment, moment);
        let runner = consumer.runner().unordered().retry(retry).redrive_topics();
        let running = tokio::spawn(runner.run(move |delivery: Delivery<Note>| {
            let (note, attempt) = (delivery.event().clone(), delivery.attempt());
            handled.lock().unwrap().push(format!("{} {attempt}", note.key));
            async move { if note.number == 0 { Err(Failure::retry("not yet")) } else { Ok(()) } }
        }));
        services.push((handle, running));
    }
    kafka.publish(&longer, [note("longer", 0)]).await;
    kafka.publish(&topic, [note("short", 0)]).await;
    until(60, "dead letters", || services.iter().all(|(handle, _)| handle.counts().of(Outcome::Dead) == 1)).await;

    let letters = DeadLetterTopic::new(format!("{shared}-dlt"));
    assert_eq!(fates(&letters, &kafka.config, Redrive::to_group()).await.0.redriven(), 2);
    until(60, "dead letters", || services.iter().all(|(handle, _)| handle.counts().of(Outcome::Dead) == 2)).await;
    for (handle, running) in services {
        // Two retries and a redrive of the other.
        until(60, "those of the other", || handle.counts().of(Outcome::Ignored) == 3).await;
        handle.close(DEADLINE).await.unwrap();
        running.await.unwrap().unwrap();
    }
    for (handled, key) in handled.iter().zip(["longer", "short"]) {
        assert_eq!(*handled.lock().unwrap(), [1, 2, 1, 2].map(|attempt| format!("{key} {attempt}")));
    }
}

/// Nothing is lost, and nothing gets another id.
#[tokio::test(flavor = "multi_thread")]
async fn two_redrives_at_a_time_lose_no_letter() {
    const LETTERS: i64 = 300;
    let kafka = Kafka::start();
    let (dead, target) = (kafka.topic(2).await, kafka.topic(1).await);
    with_memory(&kafka, &dead).await;
    send(&kafka, (0..LETTERS).map(|number| letter(&dead, "origin", number, &format!("id-{number}")))).await;
    let letters = DeadLetterTopic::new(&dead);
    let redrive = async || {
        let mut told = BTreeSet::new();
        let each = |letter: &Letter, _: &Fate| assert!(told.insert(letter.id().to_owned()), "{} twice", letter.id());
        letters.redrive(&kafka.config, Redrive::to_topic(&target), each).await.unwrap()
    };
    let (one, other) = within(60, "redrives", Box::pin(async { tokio::join!(redrive(), redrive()) })).await;
    let sent = one.redriven() + other.redriven();
    let sent = kafka.read(&target, usize::try_from(sent).unwrap()).await;
    let ids: BTreeSet<_> = sent.iter().map(|message| header(message, "ce_id").unwrap()).collect();
    assert_eq!(ids.len(), usize::try_from(LETTERS).unwrap());
    assert!(all(&kafka, &letters).await.is_empty());
}

/// The program, and a file with what it needs to connect.
struct Program {
    file: PathBuf,
    _folder: TempDir,
}

impl Program {
    fn new(kafka: &Kafka) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = match &kafka.embedded {
            None => properties().unwrap(),
            Some(embedded) => {
                let file = folder.path().join("client.properties");
                std::fs::write(&file, format!("bootstrap.servers={}\n", embedded.bootstrap_servers())).unwrap();
                file
            }
        };
        Self { file, _folder: folder }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-schema"));
        command.arg("dlq").args(args).arg("--config").arg(&self.file);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// The exit code, the output and the error output.
    async fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = within(60, "end of the program", self.command(args).output()).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// The topic of the memory, which the program cannot create in an embedded broker.
async fn with_memory(kafka: &Kafka, dead: &str) {
    if kafka.embedded.is_some() {
        kafka.create(&format!("{dead}-redriven"), 1).await;
    }
}

/// It is killed in the middle of its work, again and again. Each letter is sent, and those that are sent twice have the
/// same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_is_killed_loses_no_letter() {
    const LETTERS: i64 = 4000;
    const KILLS: usize = 6;
    /// As many are sent before they are remembered.
    const BATCH: usize = 100;
    let kafka = Kafka::start();
    let (dead, target) = (kafka.topic(3).await, kafka.topic(3).await);
    with_memory(&kafka, &dead).await;
    let records = (0..LETTERS).map(|number| letter(&dead, "origin", number, &format!("id-{number}")));
    send(&kafka, records).await;
    let program = Program::new(&kafka);
    let redrive = ["redrive", &dead, "--to-topic", &target, "--json"];
    for _ in 0..KILLS {
        let mut running = program.command(&redrive).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        // At any time after the first letters were sent.
        let mut kill: Option<Pin<Box<Sleep>>> = None;
        loop {
            let killed = async {
                match &mut kill {
                    Some(kill) => kill.await,
                    None => std::future::pending().await,
                }
            };
            let line = tokio::select! {
                () = killed => break,
                line = within(60, "line", lines.next_line()) => line.unwrap().expect("letters are left"),
            };
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&line["fate"], &line["topic"]), (&json!("redriven"), &json!(target)));
            kill.get_or_insert_with(|| Box::pin(sleep(Duration::from_micros(fastrand::u64(..60_000)))));
        }
        running.kill().await.unwrap();
    }
    let (code, _, told) = program.run(&redrive).await;
    assert_eq!(code, 0, "{told}");

    let sent: i64 = kafka.end(&target, 0).await + kafka.end(&target, 1).await + kafka.end(&target, 2).await;
    let mut values: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for message in kafka.read(&target, usize::try_from(sent).unwrap()).await {
        values.entry(header(&message, "ce_id").unwrap()).or_default().push(message.payload().unwrap().to_vec());
    }
    let repeats = usize::try_from(sent - LETTERS).unwrap();
    println!("{KILLS} kills: {LETTERS} letters, {repeats} repeats; {told}");
    assert_eq!(values.len(), usize::try_from(LETTERS).unwrap());
    for (id, values) in &values {
        let id = str::from_utf8(id).unwrap();
        assert!(values.iter().all(|value| *value == format!("{{\"id\": \"{id}\"}}").into_bytes()), "{id}");
    }
    assert!(repeats <= KILLS * BATCH, "{repeats}");

    let (code, _, told) = program.run(&redrive).await;
    assert_eq!((code, &*told), (0, "0 redriven, 0 parked, 0 refused\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_lists_shows_and_redrives() {
    let kafka = Kafka::start();
    let (dead, origin) = (kafka.topic(1).await, kafka.topic(1).await);
    with_memory(&kafka, &dead).await;
    let secret = letter(&dead, &origin, 7, "A-1")
        .with_key("card-4711")
        .with_value("{\"card\": \"4711\u{1b}[2J\"}")
        .with_header("session", Some(b"4711"))
        .with_header(
            "event-schema-violations",
            Some(br#"{"violations":[{"pointer":"/a","code":"range","message":"Too\u001b big."}],"omitted":0}"#),
        );
    let hostile = letter(&dead, &origin, 8, "B\u{1b}[31m\n\u{202e}")
        .with_header("kafka_dlt-exception-message", Some("one\r\ntwo\u{9b}".as_bytes()));
    for record in [secret, hostile, ProducerRecord::new(&dead)] {
        send(&kafka, [record]).await;
    }
    let program = Program::new(&kafka);

    let (code, text, told) = program.run(&["list", &dead]).await;
    assert_eq!((code, &*told), (0, "3 dead letters\n"));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("0@0  20")
            && lines[0].ends_with(&format!("  waiting  {origin}/0@7  billing  note.v1  A-1"))
    );
    assert_eq!(lines[1], "    shop::OutOfStock: none left");
    assert!(lines[2].ends_with("  note.v1  B\\u{1b}[31m\\n\\u{202e}"), "{text}");
    assert_eq!(lines[3], "    shop::OutOfStock: one\\r\\ntwo\\u{9b}");
    assert!(lines[4].starts_with("0@2  ") && lines[4].ends_with(&format!("  foreign  {dead}/0@2")), "{text}");
    assert_eq!(lines.len(), 5);

    let (_, text, _) = program.run(&["list", &dead, "--json", "--origin", &format!("{origin}/0@7")]).await;
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["origin"]["offset"], 7);
    assert_eq!((&line["state"], &line["id"], &line["group"]), (&json!("waiting"), &json!("A-1"), &json!("billing")));

    // Payloads are shown on request, and no output has a character that a terminal obeys.
    for json in [None, Some("--json")] {
        let show = |payload: Option<&'static str>| {
            let args = ["show", &dead, "--id", "A-1"].into_iter().chain(payload).chain(json);
            args.map(str::to_owned).collect::<Vec<_>>()
        };
        for payload in [None, Some("--payload")] {
            let args = show(payload);
            let (code, text, _) = program.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).await;
            assert_eq!(code, 0);
            assert_eq!(text.contains("4711"), payload.is_some(), "{text}");
            assert!(text.contains("session") && text.contains("/a") && text.contains("shop::OutOfStock"), "{text}");
            assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
        }
    }
    let (code, text, told) = program.run(&["show", &dead, "--at", "0@9"]).await;
    assert_eq!((code, &*text, &*told), (1, "", "no such dead letter\n"));

    let (code, text, told) = program.run(&["redrive", &dead, "--to-origin", "--dry-run", "--type", "note"]).await;
    assert_eq!((code, &*told), (0, "2 would be redriven, 0 parked, 0 refused\n"));
    assert!(text.starts_with(&format!("0@0  A-1  would be sent to `{origin}`\n")), "{text}");
    assert_eq!(kafka.end(&origin, 0).await, 0);
    let (code, _, told) = program.run(&["redrive", &dead, "--to-origin"]).await;
    assert_eq!((code, &*told), (1, "2 redriven, 0 parked, 1 refused\n"));
    assert_eq!(kafka.end(&origin, 0).await, 2);
    let (_, text, told) = program.run(&["list", &dead, "--json"]).await;
    assert_eq!((text.lines().count(), &*told), (1, "1 dead letter\n"));
    assert_eq!(program.run(&["list", &dead, "--all"]).await.2, "3 dead letters\n");

    // Unusable arguments, a topic that is not there, and brokers that are not.
    assert_eq!(program.run(&["list", &dead, "--from", "yesterday"]).await.0, 2);
    let missing = unique("topic");
    let (code, _, told) = program.run(&["list", &missing]).await;
    let expected = format!("event-schema: topics missing, or not visible to this user: `{missing}`\n");
    assert_eq!((code, told), (2, expected));
    let started = std::time::Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_event-schema"))
        .args(["dlq", "list", "x", "--bootstrap-servers", "127.0.0.1:1"])
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.starts_with("event-schema: no broker answered within 10s: "), "{told}");
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
}
