//! Values in other formats than JSON, and in framings.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use event_schema::avro::Schema;
use event_schema::format::cloudevents::{CloudEvent, Data};
use event_schema::format::framing::{Guid, KEY_SCHEMA_ID, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{
    Codec, CutOver, Decoder, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite,
    WriterSchema,
};
use event_schema::kafka::{
    Batches, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Outcome, ProducerRecord, Received,
    Retry,
};
use event_schema::prelude::*;
use event_schema::{Envelope, LoadOptions, OtherEvent};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::common::{until, within};

#[event_schema::event(name = "pinged", version = 2, topic = "pings", key = from)]
#[derive(Debug, Clone, PartialEq)]
struct Pinged {
    from: String,
    #[validate(range(min = 1))]
    seq: i64,
}

fn pinged(seq: i64) -> Pinged {
    Pinged { from: "a".to_owned(), seq }
}

const ID: SchemaId = SchemaId::Number(7);

fn avro(id: SchemaId) -> Codec {
    Codec::confluent_avro().with_event::<Pinged>(id).unwrap()
}

fn guid() -> SchemaId {
    SchemaId::Guid(Guid::from([7; 16]))
}

async fn start() -> (EmbeddedKafka, EventProducer) {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("pings", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    (kafka, producer)
}

async fn consumer(kafka: &EmbeddedKafka, codec: &Codec) -> EventConsumer<Pinged> {
    let consumer = EventConsumer::subscribe(&kafka.config().group("codec")).await.unwrap();
    consumer.with_codec(codec).unwrap()
}

fn header<'a>(received: &'a Received<Pinged>, name: &str) -> Option<&'a str> {
    received.headers().get(name).map(|value| str::from_utf8(value).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_topic_in_all_framings() {
    let (kafka, producer) = start().await;
    let json = Codec::confluent_json().with_event::<Pinged>(SchemaId::Number(8)).unwrap();
    let written = [
        (Codec::json(), "application/json", None),
        (avro(ID), "application/avro", None),
        (avro(guid()).ids_in_headers(), "avro/binary", guid().to_header()),
        (json.clone(), "application/octet-stream", None),
        (Codec::single_object(), "application/avro", None),
        (Codec::avro(), "avro/binary", None),
    ];
    for (seq, (codec, ..)) in (1..).zip(&written) {
        let producer = producer.clone().with_codec(codec.clone());
        producer.send(&pinged(seq)).await.unwrap();
        // In the second way to send, and with an envelope and a header of the caller's own.
        for outcome in producer.send_all(&[pinged(seq)]).await {
            outcome.unwrap();
        }
        let envelope = Envelope::new().with_source("/own");
        producer.message(&pinged(seq)).envelope(envelope).header("tenant", b"t").send().await.unwrap();
        // And stored before it is sent.
        let record = producer.message(&pinged(seq)).to_record().await.unwrap();
        let stored = serde_json::to_string(&record).unwrap();
        let record = serde_json::from_str::<ProducerRecord>(&stored).unwrap();
        producer.send_record(&record).await.unwrap();
    }

    let all = avro(ID)
        .also_reads(avro(guid()))
        .also_reads(json)
        .also_reads(Codec::single_object())
        .also_reads(Codec::avro())
        .also_reads(Codec::json());
    let mut consumer = consumer(&kafka, &all).await;
    for (seq, (codec, content_type, id)) in (1..).zip(&written) {
        for source in [None, None, Some("/own"), None] {
            let received = consumer.recv().await.unwrap();
            assert_eq!(received.event(), Some(&pinged(seq)), "{codec:?}: {received:?}");
            assert_eq!(header(&received, "content-type"), Some(*content_type), "{codec:?}");
            assert_eq!(received.headers().get(VALUE_SCHEMA_ID), id.as_deref(), "{codec:?}");
            assert_eq!(received.key(), Some(&b"a"[..]));
            let envelope = received.envelope();
            assert_eq!(envelope.version(), Some(2));
            assert_eq!(source.is_some_and(|source| envelope.source() == Some(source)), source.is_some());
            assert_eq!(header(&received, "tenant"), source.map(|_| "t"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_without_envelopes_still_writes_the_id() {
    let (kafka, producer) = start().await;
    let codec = avro(guid()).ids_in_headers();
    let plain = producer.plain().with_codec(codec.clone());
    plain.send(&pinged(1)).await.unwrap();
    plain.send_all(&[pinged(2)]).await.remove(0).unwrap();
    plain.message(&pinged(3)).header("tenant", b"t").send().await.unwrap();
    plain.clone().with_codec(avro(ID)).send(&pinged(4)).await.unwrap();

    let mut consumer = consumer(&kafka, &codec.also_reads(avro(ID))).await;
    for (seq, headers) in [(1, 1), (2, 1), (3, 2), (4, 0)] {
        let received = consumer.recv().await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
        assert_eq!(received.headers().len(), headers);
        let id = guid().to_header().filter(|_| headers > 0);
        assert_eq!(received.headers().get(VALUE_SCHEMA_ID), id.as_deref());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn structured_cloud_events_carry_avro() {
    let (kafka, _) = start().await;
    let publish = async |content_type: &str, data: Data, id: Option<&[u8]>| {
        let event = CloudEvent::new("1", "/shop", "pinged.v2").unwrap().with("datacontenttype", content_type).unwrap();
        let message = event.with_data(data).to_structured().unwrap();
        let mut headers: Vec<(&str, &[u8])> =
            message.headers().iter().map(|(name, value)| (&**name, &**value)).collect();
        headers.extend(id.map(|id| (VALUE_SCHEMA_ID, id)));
        kafka.publish_bytes("pings", None, message.value(), &headers).await;
    };
    let binary = |codec: &Codec, seq| Data::Binary(Encoder::new(codec).unwrap().dump(&pinged(seq)).unwrap());
    let id = ID.to_header().unwrap();
    publish("application/avro", binary(&avro(ID), 1), None).await;
    publish("avro/binary", binary(&Codec::avro(), 2), None).await;
    publish("application/avro", binary(&Codec::avro(), 3), Some(&id)).await;
    publish("application/json", Data::Text(r#"{"from": "a", "seq": 4}"#.to_owned()), None).await;

    let mut consumer = consumer(&kafka, &avro(ID).also_reads(Codec::avro()).also_reads(Codec::json())).await;
    for seq in 1..=4 {
        let received = consumer.recv().await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
        assert_eq!((received.envelope().id(), received.envelope().source()), ("1", Some("/shop")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_rejected_with_its_reason() {
    let (kafka, producer) = start().await;
    let publish = async |event_type: &str, value: &[u8]| {
        let headers: [(&str, &[u8]); 2] = [("ce_type", event_type.as_bytes()), ("content-type", b"application/avro")];
        kafka.publish_bytes("pings", None, Some(value), &headers).await;
    };
    let message = |codec: &Codec, seq| Encoder::new(codec).unwrap().dump(&pinged(seq)).unwrap();
    let good = message(&avro(ID), 1);
    publish("pinged.v2", &message(&avro(SchemaId::Number(8)), 1)).await;
    publish("ponged.v2", &good).await;
    publish("pinged.v1", &good).await;
    publish("pinged.v2", &good[..6]).await;
    publish("pinged.v2", b"\0\0\0\0\x07\x02a\0").await;
    producer.send(&pinged(1)).await.unwrap();
    publish("pinged.v3", b"\0\0\0\0\x07\x02a\0").await;
    // Of a newer version, or without one, today's type reads what it can.
    publish("pinged.v3", &good).await;
    publish("pinged", &good).await;

    let mut consumer = consumer(&kafka, &avro(ID)).await;
    let unknown = consumer.recv().await.unwrap();
    let rejection = unknown.rejection().unwrap();
    assert!(rejection.error().is_unknown_schema(), "{rejection:?}");
    assert_eq!(
        (rejection.schema_id(), rejection.bytes()[..6].to_vec()),
        (Some(SchemaId::Number(8)), b"\0\0\0\0\x08\x02".to_vec())
    );
    let checks: [fn(&LoadError) -> bool; 6] = [
        LoadError::is_other_event,
        LoadError::is_unsupported_version,
        LoadError::is_truncated,
        LoadError::is_invalid,
        LoadError::is_syntax,
        |error| error.is_unsupported_version() && error.violations().is_some_and(|found| found.len() == 1),
    ];
    for (number, is_expected) in checks.iter().enumerate() {
        let received = consumer.recv().await.unwrap();
        let error = received.rejection().unwrap().error();
        assert!(is_expected(error), "{number}: {error}");
    }
    for _ in 0..2 {
        assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_over_counts_where_a_message_was_first() {
    let (kafka, producer) = start().await;
    let bare = producer.clone().plain().with_codec(Codec::avro());
    // Data that would be taken for a frame.
    let odd = Pinged { from: String::new(), seq: i64::MAX };
    bare.send(&odd).await.unwrap();
    bare.send(&odd).await.unwrap();
    producer.plain().with_codec(avro(ID)).send(&pinged(3)).await.unwrap();

    let codec = avro(ID).preceded_by(Codec::avro(), CutOver::new().at("pings", 0, 2));
    let consumer = consumer(&kafka, &codec).await;
    let handle = consumer.handle();
    let failures = Arc::new(AtomicU32::new(0));
    // Each first attempt fails; the second one reads the message from a topic for retries.
    kafka.create_topic("pings-codec-retry-1", 1).unwrap();
    let moment = Duration::from_millis(10);
    let runner = consumer.runner().unordered().retry(Retry::topics().attempts(2).backoff(moment, moment));
    let seen = Arc::clone(&failures);
    let running = tokio::spawn(runner.run(move |ping: Delivery<Pinged>| {
        let seen = Arc::clone(&seen);
        async move {
            if ping.attempt() == 1 {
                seen.fetch_add(1, Ordering::Relaxed);
                return Err(std::io::Error::other("not yet"));
            }
            Ok(())
        }
    }));
    until(60, "three events", || handle.counts().done() == 3).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!((counts.done(), counts.of(Outcome::Dead), failures.load(Ordering::Relaxed)), (3, 0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_names_the_schema_and_keeps_the_bytes() {
    let (kafka, producer) = start().await;
    kafka.create_topic("dead", 1).unwrap();
    let unknown = SchemaId::Guid(Guid::from([9; 16]));
    producer.with_codec(avro(unknown).ids_in_headers()).send(&pinged(1)).await.unwrap();

    let consumer = consumer(&kafka, &avro(ID)).await;
    let handle = consumer.handle();
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic("dead"));
    let running = tokio::spawn(runner.run(async |_: Delivery<Pinged>| {}));
    until(60, "dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();

    let config = kafka.config().group("letters");
    let letters = EventConsumer::<Pinged>::subscribe_to(&config, &["dead"]).await.unwrap();
    let mut letters = letters.with_codec(&avro(unknown)).unwrap();
    let letter = letters.recv().await.unwrap();
    assert_eq!(letter.event(), Some(&pinged(1)), "{letter:?}");
    let reason = header(&letter, "kafka_dlt-exception-message").unwrap();
    assert_eq!(reason, "the schema of the message is unknown: GUID 09090909-0909-0909-0909-090909090909");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_codec_cannot_write_is_not_sent() {
    let (kafka, producer) = start().await;
    let without_id = producer.clone().with_codec(Codec::confluent_avro());
    let one = without_id.send(&pinged(1)).await.unwrap_err();
    let many = without_id.send_all(&[pinged(1), pinged(2)]).await;
    for error in std::iter::once(one).chain(many.into_iter().map(Result::unwrap_err)) {
        assert!(error.is_config() && error.is_not_sent() && !error.is_invalid(), "{error}");
        assert!(error.to_string().contains("`Codec::with_event`"), "{error}");
    }
    let error = producer.clone().with_codec(avro(ID)).send(&pinged(0)).await.unwrap_err();
    assert!(error.is_invalid(), "{error}");

    // Not even a part of them.
    producer.send(&pinged(9)).await.unwrap();
    let mut consumer = consumer(&kafka, &Codec::json()).await;
    assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(9)));
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_of_a_producer_keep_their_codecs() {
    let (kafka, producer) = start().await;
    let earlier = Schema::parse(
        r#"{"type": "record", "name": "Pinged", "fields": [{"name": "seq", "type": "int"}, {"name": "from", "type": "string"}]}"#,
    );
    let binary = producer.clone().with_codec(avro(ID));
    for seq in 1..=3 {
        producer.send(&pinged(seq)).await.unwrap();
        binary.send(&pinged(seq)).await.unwrap();
    }
    // What somebody else wrote with an earlier schema.
    kafka.publish_bytes("pings", None, Some(b"\0\0\0\0\x03\x08\x02a"), &[]).await;
    let codec = avro(ID).with_schema(SchemaId::Number(3), earlier.unwrap()).also_reads(Codec::json());
    let mut consumer = consumer(&kafka, &codec).await;
    for seq in 1..=3 {
        for content_type in ["application/json", "application/avro"] {
            let received = consumer.recv().await.unwrap();
            assert_eq!(received.event(), Some(&pinged(seq)));
            assert_eq!(header(&received, "content-type"), Some(content_type));
        }
    }
    assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(4)));
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct PingKey(i64);

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_a_codec_and_a_header_of_its_own() {
    let (kafka, producer) = start().await;
    let producer = producer.with_codec(avro(ID).ids_in_headers());
    let framed = Codec::confluent_avro().with_event::<PingKey>(guid()).unwrap().for_keys();
    let in_header = framed.clone().ids_in_headers();
    for codec in [&framed, &in_header] {
        let encoder = Encoder::new(codec).unwrap();
        producer.message(&pinged(1)).key_with(&encoder, &PingKey(-3)).unwrap().send().await.unwrap();
    }
    let mut consumer = consumer(&kafka, &avro(ID)).await;
    let decoder = Decoder::<PingKey>::new(&framed).unwrap();
    for has_header in [false, true] {
        let received = consumer.recv().await.unwrap();
        assert_eq!(received.event(), Some(&pinged(1)), "{received:?}");
        assert_eq!(received.headers().get(KEY_SCHEMA_ID).is_some(), has_header);
        let key = decoder.load_message(received.headers().iter(), received.key().unwrap(), &LoadOptions::new());
        assert_eq!(key.unwrap(), PingKey(-3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_the_schema_of_its_key() {
    let (kafka, producer) = start().await;
    let codec = Codec::confluent_avro().with_event::<PingKey>(ID).unwrap().for_keys();
    let encoder = Encoder::new(&codec).unwrap();
    producer.message(&pinged(1)).key_with(&encoder, &PingKey(-3)).unwrap().send().await.unwrap();
    kafka.publish_bytes("pings", Some(&encoder.dump(&PingKey(4)).unwrap()), None, &[]).await;
    let registry = Registry::away();
    registry.add(ID, Schema::of::<PingKey>().unwrap());
    let codec = Codec::confluent_avro().with_source(Arc::clone(&registry)).for_keys();
    let keys = Arc::new(Decoder::<PingKey>::new(&codec).unwrap());
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("codec")).await.unwrap();
    let mut consumer = consumer.with_key_decoder(Arc::clone(&keys)).unwrap();
    within(60, "questions", async {
        while registry.asked() < 2 {
            let waiting = tokio::time::timeout(Duration::from_millis(100), consumer.recv()).await;
            assert!(waiting.is_err(), "{waiting:?}");
        }
    })
    .await;
    registry.comes_back();
    for (seq, key) in [(Some(1), -3), (None, 4)] {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event().map(|event| event.seq), seq, "{received:?}");
        let loaded = keys.load_message(received.headers().iter(), received.key().unwrap(), &LoadOptions::new());
        assert_eq!(loaded.unwrap(), PingKey(key));
    }

    // A schema that nobody knows concerns those who load keys.
    let hasty = Codec::confluent_avro().with_source(Registry::new()).patience(Duration::ZERO).for_keys();
    let keys = Arc::new(Decoder::<PingKey>::new(&hasty).unwrap());
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("hasty")).await.unwrap();
    let received = within(60, "message", consumer.with_key_decoder(Arc::clone(&keys)).unwrap().recv()).await.unwrap();
    assert_eq!(received.event(), Some(&pinged(1)));
    let error = keys.load_message(received.headers().iter(), received.key().unwrap(), &LoadOptions::new());
    assert!(error.unwrap_err().is_unknown_schema());
}

/// A registry that is away or says what it is told to.
#[derive(Default)]
struct Registry {
    schemas: Mutex<HashMap<SchemaId, WriterSchema>>,
    /// How often it says that it does not know one of them.
    late: Mutex<HashMap<SchemaId, u32>>,
    is_away: AtomicBool,
    asked: AtomicU32,
}

impl Registry {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn away() -> Arc<Self> {
        Arc::new(Self { is_away: true.into(), ..Self::default() })
    }

    fn add(&self, id: SchemaId, schema: impl Into<WriterSchema>) {
        self.schemas.lock().unwrap().insert(id, schema.into());
    }

    fn comes_back(&self) {
        self.is_away.store(false, Ordering::Relaxed);
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    fn answer<T: Send + 'static>(&self, found: Option<T>) -> SchemaAnswer<'_, T> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = if self.is_away.load(Ordering::Relaxed) {
            Err(SchemaSourceError::unavailable("connection refused"))
        } else {
            found.ok_or_else(SchemaSourceError::unknown)
        };
        Box::pin(async {
            // As one that is asked over a network.
            tokio::task::yield_now().await;
            answer
        })
    }
}

impl SchemaSource for Registry {
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        if let Some(times) = self.late.lock().unwrap().get_mut(&id).filter(|times| **times > 0) {
            *times -= 1;
            return self.answer(None);
        }
        self.answer(self.schemas.lock().unwrap().get(&id).cloned())
    }

    fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        assert_eq!(subject.event().name(), "pinged");
        self.answer((subject.topic() == "pings").then_some(SchemaToWrite::new(ID)))
    }
}

fn own_schema() -> Schema {
    Schema::of::<Pinged>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_registry_is_away_messages_wait_in_their_order() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("pings", 2).unwrap();
    kafka.create_topic("others", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    let framed = producer.clone().with_codec(avro(ID));
    for seq in 1..=20 {
        framed.send(&Pinged { from: format!("{}", seq % 4), seq }).await.unwrap();
        producer.send_to("others", &pinged(seq)).await.unwrap();
    }
    let registry = Registry::away();
    registry.add(ID, own_schema());
    let codec = Codec::confluent_avro().with_source(Arc::clone(&registry)).also_reads(Codec::json());
    let config = kafka.config().group("codec");
    let consumer = EventConsumer::<Pinged>::subscribe_to(&config, &["pings", "others"]).await.unwrap();
    let consumer = consumer.with_codec(&codec).unwrap();
    let handle = consumer.handle();
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    // An attempt would be one too many, and the wait too long.
    let runner = consumer.runner().concurrency(1).retry(Retry::never()).handler_timeout(Duration::from_millis(500));
    let running = tokio::spawn(runner.run(move |ping: Delivery<Pinged>| {
        seen.lock().unwrap().push((ping.topic().to_owned(), ping.partition(), ping.event().clone(), ping.attempt()));
        async {}
    }));
    // Messages with no need of a schema are handled meanwhile, by the same worker.
    until(60, "the others", || handle.counts().done() == 20).await;
    until(60, "wait", || registry.asked() > 4 && !handle.is_ready()).await;
    assert!(log.lock().unwrap().iter().all(|(topic, ..)| topic == "others"));
    registry.comes_back();
    until(60, "all", || handle.counts().done() == 40).await;
    assert!(handle.is_ready());
    let asked = registry.asked();
    framed.send(&pinged(21)).await.unwrap();
    until(60, "one more", || handle.counts().done() == 41).await;
    assert_eq!(registry.asked(), asked, "it is known");
    handle.close(Duration::from_secs(10)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!(counts.to_string(), "41 done");

    let log = log.lock().unwrap();
    assert!(log.iter().all(|(.., attempt)| *attempt == 1));
    for partition in 0..2 {
        let of = |(topic, of, ping, _): &(String, i32, Pinged, u32)| {
            (topic == "pings" && *of == partition).then_some(ping.seq)
        };
        let numbers: Vec<_> = log.iter().filter_map(of).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_nobody_knows_in_time_is_a_rejection() {
    let (kafka, producer) = start().await;
    kafka.create_topic("dead", 1).unwrap();
    let (unknown, late) = (SchemaId::Number(9), SchemaId::Number(10));
    let send = async |id| _ = producer.clone().with_codec(avro(id)).send(&pinged(1)).await.unwrap();
    for id in [unknown, ID, unknown] {
        send(id).await;
    }
    let registry = Registry::away();
    registry.add(ID, own_schema());
    let patience = Duration::from_secs(5);
    let codec = Codec::confluent_avro().with_source(Arc::clone(&registry)).patience(patience);
    let consumer = consumer(&kafka, &codec).await;
    let handle = consumer.handle();
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic("dead"));
    let running = tokio::spawn(runner.run(async |_: Delivery<Pinged>| {}));
    // Time in which nobody can say that it is unknown is not counted.
    until(60, "three questions", || registry.asked() >= 5).await;
    assert_eq!(handle.counts().to_string(), "nothing");
    registry.comes_back();
    until(60, "two rejections", || handle.counts().of(Outcome::Dead) == 2).await;
    assert!(registry.asked() >= 5 + 3, "nor is the time before");
    // A schema that comes a little later than the first message with it.
    registry.add(late, own_schema());
    registry.late.lock().unwrap().insert(late, 3);
    send(late).await;
    until(60, "all", || handle.counts().done() == 2).await;
    let asked = registry.asked();
    // What was unknown a moment ago is not asked for again.
    send(unknown).await;
    until(60, "third rejection", || handle.counts().of(Outcome::Dead) == 3).await;
    assert_eq!(registry.asked(), asked);
    handle.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().to_string(), "2 done, 3 dead");

    let letters = kafka.received::<Pinged>("dead", 3).await;
    assert_eq!(letters.len(), 3);
    for letter in letters {
        let reason = header(&letter, "kafka_dlt-exception-message").unwrap();
        assert_eq!(reason, "the schema of the message is unknown: id 9");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_waits_for_a_schema_and_loses_nothing() {
    let (kafka, producer) = start().await;
    producer.send(&pinged(1)).await.unwrap();
    let framed = producer.clone().with_codec(avro(ID));
    framed.send(&pinged(2)).await.unwrap();
    framed.send(&pinged(3)).await.unwrap();
    producer.send(&pinged(4)).await.unwrap();
    let registry = Registry::away();
    registry.add(ID, own_schema());
    let codec = Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let mut consumer = consumer(&kafka, &codec).await;
    assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(1)));
    for _ in 0..3 {
        let waiting = tokio::time::timeout(Duration::from_millis(100), consumer.recv()).await;
        assert!(waiting.is_err(), "{waiting:?}");
    }
    registry.comes_back();
    for seq in 2..=4 {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
    }

    // In batches, with a registry of their own that is away.
    let registry = Registry::away();
    registry.add(ID, own_schema());
    let codec = Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("batches")).await.unwrap();
    let mut batches = consumer.with_codec(&codec).unwrap().runner().batches().unwrap();
    until_away(&mut batches, &registry).await;
    registry.comes_back();
    let mut received = Vec::new();
    while received.len() < 4 {
        let batch = within(60, "batch", batches.recv(4, Duration::from_millis(100))).await.unwrap();
        received.extend(batch.iter().map(|received| received.event().unwrap().seq));
        batch.finish();
    }
    assert_eq!(received, [1, 2, 3, 4]);
    assert_eq!(batches.counts().to_string(), "4 done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_waits_for_a_schema_leaves_the_others_theirs() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("pings", 2).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    let framed = producer.clone().with_codec(avro(ID));
    let registry = [Registry::away(), Registry::away()];
    let codec = |registry: &Arc<Registry>| {
        registry.add(ID, own_schema());
        Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(registry)))
    };
    producer.message(&pinged(1)).partition(0).send().await.unwrap();
    framed.message(&pinged(2)).partition(0).send().await.unwrap();
    producer.message(&pinged(3)).partition(0).send().await.unwrap();
    let mut consumer = consumer(&kafka, &codec(&registry[0])).await;
    assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(1)));
    // Longer than a look.
    let started = Instant::now();
    let mut seq = 10;
    while seq < 20 || started.elapsed() < Duration::from_millis(1200) {
        seq += 1;
        producer.message(&pinged(seq)).partition(1).send().await.unwrap();
        let received = within(60, "the others", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
    }
    registry[0].comes_back();
    for seq in 2..=3 {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
    }

    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("batches")).await.unwrap();
    let mut batches = consumer.with_codec(&codec(&registry[1])).unwrap().runner().batches().unwrap();
    let expected: Vec<_> = std::iter::once(1).chain(11..=seq).collect();
    let mut received = Vec::new();
    while received.len() < expected.len() {
        // It has room for all of one partition.
        let batch = within(60, "the others", batches.recv(3, Duration::ZERO)).await.unwrap();
        received.extend(batch.iter().map(|received| received.event().unwrap().seq));
        batch.finish();
    }
    received.sort_unstable();
    assert_eq!(received, expected);
    // Nor does it wait for what comes later.
    registry[1].comes_back();
    received.clear();
    while received.len() < 2 {
        seq += 1;
        producer.message(&pinged(seq)).partition(1).send().await.unwrap();
        let batch = within(60, "batch", batches.recv(3, Duration::ZERO)).await.unwrap();
        received.extend(batch.iter().map(|received| received.event().unwrap().seq).filter(|seq| *seq < 10));
        batch.finish();
    }
    assert_eq!(received, [2, 3]);
    batches.close(Duration::from_secs(10)).await.unwrap();
}

/// A source that has a use for no schema.
#[derive(Default)]
struct Useless {
    asked: AtomicU32,
}

impl SchemaSource for Useless {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Err(SchemaSourceError::unusable("neither Avro nor JSON Schema"))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_asked_for_as_often_as_it_may_come() {
    let (kafka, producer) = start().await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    // The patience is that of the codec that has the source, and of no use for a schema that is of no use.
    let (registry, useless) = (Registry::new(), Arc::new(Useless::default()));
    let hasty = Codec::confluent_avro().with_source(Arc::clone(&registry)).patience(Duration::ZERO);
    let patient = Codec::confluent_avro().with_source(Arc::clone(&useless)).patience(Duration::MAX);
    for (group, codec) in [("hasty", hasty), ("patient", patient)] {
        let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group(group)).await.unwrap();
        let mut consumer = consumer.with_codec(&Codec::json().also_reads(codec)).unwrap();
        let received = within(60, "rejection", consumer.recv()).await.unwrap();
        assert!(received.rejection().unwrap().error().is_unknown_schema(), "{received:?}");
    }
    assert_eq!((registry.asked(), useless.asked.load(Ordering::Relaxed)), (1, 1));
}

/// A source that answers when it is told to.
struct Held(watch::Sender<bool>);

impl SchemaSource for Held {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(async {
            self.0.subscribe().wait_for(|told| *told).await.unwrap();
            Ok(own_schema().into())
        })
    }

    fn schema_to_write<'a>(&'a self, _: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        Box::pin(std::future::ready(Err(SchemaSourceError::unknown())))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_nothing_else_to_do_waits_for_the_schema() {
    let (kafka, producer) = start().await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    let held = Arc::new(Held(watch::Sender::new(false)));
    let codec = Codec::confluent_avro().with_source(Arc::clone(&held));
    let consumer = consumer(&kafka, &codec).await;
    let handle = consumer.handle();
    let taken = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&taken);
    let runner = consumer.runner().handler_timeout(Duration::from_millis(500)).filter(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    let running = tokio::spawn(runner.run(async |_: Delivery<Pinged>| {}));
    until(60, "wait", || taken.load(Ordering::Relaxed) == 1 && !handle.is_ready()).await;
    // Nothing happens in the time of a look and of the first pauses.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((taken.load(Ordering::Relaxed), handle.is_ready()), (1, false));
    held.0.send_replace(true);
    until(60, "the event", || handle.counts().done() == 1).await;
    assert_eq!(taken.load(Ordering::Relaxed), 1, "it was not put back");
    handle.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().to_string(), "1 done");
}

/// A source that answers when it is told to: the first question in vain.
struct Slow {
    asked: AtomicU32,
    /// How many questions are answered.
    answered: watch::Sender<u32>,
}

impl SchemaSource for Slow {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(std::future::ready(Err(SchemaSourceError::unknown())))
    }

    fn schema_to_write<'a>(&'a self, _: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        Box::pin(async {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            self.answered.subscribe().wait_for(|answered| *answered >= number).await.unwrap();
            if number == 1 { Err(SchemaSourceError::unavailable("no answer")) } else { Ok(SchemaToWrite::new(ID)) }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_events_of_a_type_share_the_question_for_their_id() {
    let (kafka, producer) = start().await;
    let slow = Arc::new(Slow { asked: AtomicU32::new(0), answered: watch::Sender::new(0) });
    let framed = producer.with_codec(Codec::confluent_avro().with_source(Arc::clone(&slow)));
    let events: Vec<_> = (1..=100).map(pinged).collect();
    let all = async |answers| {
        let all = join_all(events.iter().map(|event| framed.enqueue(event)));
        tokio::join!(all, async { slow.answered.send_replace(answers) }).0
    };
    for failed in all(1).await {
        let error = failed.unwrap_err();
        assert!(error.is_not_sent(), "{error}");
    }
    assert_eq!(slow.asked.load(Ordering::Relaxed), 1, "and its failure");
    for enqueued in all(2).await {
        enqueued.unwrap().await.unwrap();
    }
    assert_eq!(slow.asked.load(Ordering::Relaxed), 2);
    let mut consumer = consumer(&kafka, &avro(ID)).await;
    for seq in 1..=100 {
        assert_eq!(consumer.recv().await.unwrap().event(), Some(&pinged(seq)), "in the order in which they were sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_message_does_not_wait_for_a_schema_that_nobody_knows() {
    let (kafka, producer) = start().await;
    let hour = Duration::from_secs(60 * 60);
    let producer = producer.with_codec(avro(ID));
    producer.message(&pinged(1)).timestamp(SystemTime::now() - 2 * hour).send().await.unwrap();
    let registry = Registry::new();
    let codec = Codec::confluent_avro().with_source(Arc::clone(&registry)).patience(hour);
    let mut consumer = consumer(&kafka, &codec).await;
    let received = within(60, "rejection", consumer.recv()).await.unwrap();
    assert!(received.rejection().unwrap().error().is_unknown_schema(), "{received:?}");
    assert_eq!(registry.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_for_schemas_leave_the_workers_to_others() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("pings", 12).unwrap();
    kafka.create_topic("others", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    let framed = producer.clone().with_codec(avro(ID));
    for partition in 0..12 {
        framed.message(&pinged(1)).partition(partition).send().await.unwrap();
    }
    let registry = Registry::away();
    let codec = Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let config = kafka.config().group("codec");
    let consumer = EventConsumer::<Pinged>::subscribe_to(&config, &["pings", "others"]).await.unwrap();
    let consumer = consumer.with_codec(&codec).unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().concurrency(1).run(async |_: Delivery<Pinged>| {}));
    until(60, "questions", || registry.asked() > 1).await;
    // One after the other, each when the last one was handled, while all others wait.
    for seq in 1..=30 {
        producer.send_to("others", &pinged(seq)).await.unwrap();
        until(10, "others", || handle.counts().done() == seq.unsigned_abs()).await;
    }
    handle.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().to_string(), "30 done");
}

/// A source that panics.
#[derive(Default)]
struct Panics {
    asked: AtomicU32,
}

impl SchemaSource for Panics {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { panic!("out of order") })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_panics_is_asked_with_pauses() {
    let (kafka, producer) = start().await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    let source = Arc::new(Panics::default());
    let mut consumer = consumer(&kafka, &Codec::confluent_avro().with_source(Arc::clone(&source))).await;
    within(60, "questions", async {
        while source.asked.load(Ordering::Relaxed) == 0 {
            let waiting = tokio::time::timeout(Duration::from_millis(100), consumer.recv()).await;
            assert!(waiting.is_err(), "{waiting:?}");
        }
    })
    .await;
    let waiting = tokio::time::timeout(Duration::from_millis(500), consumer.recv()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    let asked = source.asked.load(Ordering::Relaxed);
    assert!(asked < 30, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_has_the_schema_id_that_the_codec_saw() {
    let (kafka, _) = start().await;
    let id = guid().to_header().unwrap();
    let bare = (b"avro/binary", None);
    for ((content_type, id), value) in [
        ((b"binary/avro", Some(&id)), &b"\0\0\0\0\x08"[..]),
        ((b"binary/avro", None), b"\0\0\0\0\x08"),
        // A datum that begins like a frame.
        (bare, b"\0\0\0\0\x08"),
    ] {
        let mut headers = vec![("content-type", &content_type[..])];
        headers.extend(id.map(|id| (VALUE_SCHEMA_ID, &**id)));
        kafka.publish_bytes("pings", None, Some(value), &headers).await;
    }
    let mut consumer = consumer(&kafka, &avro(ID).also_reads(Codec::avro())).await;
    for expected in [Some(guid()), Some(SchemaId::Number(8)), None] {
        let received = consumer.recv().await.unwrap();
        assert_eq!(received.rejection().unwrap().schema_id(), expected, "{received:?}");
    }
    // JSON has none of these bytes before it.
    let mut plain = EventConsumer::<Pinged>::subscribe(&kafka.config().group("plain")).await.unwrap();
    let received = plain.recv().await.unwrap();
    assert_eq!(received.rejection().unwrap().schema_id(), Some(SchemaId::Number(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_of_keys_is_none_of_values() {
    let (kafka, producer) = start().await;
    let codec = avro(ID).for_keys();
    let problem = "a codec `for_keys` cannot be that of the values of messages";
    let error = producer.with_codec(codec.clone()).send(&pinged(1)).await.unwrap_err();
    assert!(error.is_config() && error.is_not_sent(), "{error}");
    assert!(error.to_string().contains(problem), "{error}");
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("codec")).await.unwrap();
    let error = consumer.with_codec(&codec).unwrap_err();
    assert_eq!(error.to_string(), problem);
}

/// Receives in vain until the registry was asked a few times.
async fn until_away(batches: &mut Batches<Pinged>, registry: &Registry) {
    within(60, "questions", async {
        while registry.asked() < 3 {
            let waiting =
                tokio::time::timeout(Duration::from_millis(100), batches.recv(4, Duration::from_secs(60))).await;
            assert!(waiting.is_err(), "{waiting:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_waits_for_a_schema_still_learns_its_end() {
    let (kafka, producer) = start().await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    let codec = Codec::confluent_avro().with_source(Registry::away());
    let mut consumer = consumer(&kafka, &codec).await;
    let waiting = tokio::time::timeout(Duration::from_millis(300), consumer.recv()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    let handle = consumer.handle();
    let closing = tokio::spawn(async move { handle.close(Duration::from_secs(30)).await });
    let error = within(60, "end", consumer.recv()).await.unwrap_err();
    assert!(error.to_string().contains("closed"), "{error}");
    closing.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_asks_for_the_id_of_each_topic_once() {
    let (kafka, producer) = start().await;
    let registry = Registry::away();
    let producer = producer.with_codec(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let error = producer.send(&pinged(1)).await.unwrap_err();
    assert!(error.is_not_sent() && !error.is_config() && !error.is_invalid(), "{error}");
    assert!(error.to_string().contains("no schema id for version 2 of event `pinged` in topic `pings`"), "{error}");
    let many = producer.send_all(&[pinged(1), pinged(2), pinged(3)]).await;
    assert!(many.iter().all(|outcome| outcome.as_ref().is_err_and(|error| error.is_not_sent() && !error.is_config())));
    assert_eq!(registry.asked(), 2);
    registry.comes_back();
    for outcome in producer.send_all(&[pinged(1), pinged(2)]).await {
        outcome.unwrap();
    }
    producer.send(&pinged(3)).await.unwrap();
    assert_eq!(registry.asked(), 3);
    let error = producer.send_to("pongs", &pinged(4)).await.unwrap_err();
    assert!(error.is_config() && error.is_not_sent(), "{error}");

    registry.add(ID, own_schema());
    let codec = Codec::confluent_avro().with_source(registry);
    let mut consumer = consumer(&kafka, &codec).await;
    for seq in 1..=3 {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&pinged(seq)), "{received:?}");
        assert_eq!(header(&received, "content-type"), Some("application/avro"));
    }
}

#[event_schema::event(name = "moved", key = to)]
struct MovedV1 {
    to: String,
}

#[event_schema::event(name = "moved", version = 2, previous = MovedV1, key = city)]
struct MovedV2 {
    city: String,
    zip: String,
}

#[event_schema::event(name = "moved", version = 3, previous = MovedV2, topic = "pings")]
#[derive(Debug, Clone, PartialEq)]
struct Moved {
    city: String,
    zip: i64,
}

impl From<MovedV1> for MovedV2 {
    fn from(MovedV1 { to }: MovedV1) -> Self {
        let (zip, city) = to.split_once(' ').unwrap_or(("", &to));
        Self { city: city.to_owned(), zip: zip.to_owned() }
    }
}

impl TryFrom<MovedV2> for Moved {
    type Error = std::num::ParseIntError;

    fn try_from(MovedV2 { city, zip }: MovedV2) -> Result<Self, Self::Error> {
        Ok(Self { city, zip: zip.parse()? })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_versions_in_one_topic_are_loaded_as_today_s() {
    let (kafka, producer) = start().await;
    let ids = [SchemaId::Number(1), SchemaId::Number(2), SchemaId::Number(3)];
    let with_ids = |codec: Codec| {
        let codec = codec.with_event::<MovedV1>(ids[0]).unwrap();
        codec.with_event::<MovedV2>(ids[1]).unwrap().with_event::<Moved>(ids[2]).unwrap()
    };
    let today = Moved { city: "Bonn".to_owned(), zip: 53111 };
    let registry = Registry::new();
    for (id, schema) in ids.into_iter().zip([Schema::of::<MovedV1>(), Schema::of::<MovedV2>(), Schema::of::<Moved>()]) {
        registry.add(id, schema.unwrap());
    }
    let documents = [MovedV1::json_schema(), MovedV2::json_schema(), Moved::json_schema()];
    for (id, document) in (11..).map(SchemaId::Number).zip(documents) {
        registry.add(id, WriterSchema::json(&document.to_value().to_string()));
    }
    let json_ids = |codec: Codec| {
        let codec = codec.with_event::<MovedV1>(SchemaId::Number(11)).unwrap();
        codec.with_event::<MovedV2>(SchemaId::Number(12)).unwrap().with_event::<Moved>(SchemaId::Number(13)).unwrap()
    };
    let writes = [
        (with_ids(Codec::confluent_avro()), true),
        (with_ids(Codec::confluent_avro()).ids_in_headers(), true),
        (json_ids(Codec::confluent_json()), true),
        (Codec::single_object(), true),
        (Codec::json(), false),
    ];
    let mut sent = 0;
    for (codec, has_schema) in writes {
        let with_type = producer.clone().with_codec(codec);
        // As programs write that know no CloudEvents.
        let with_schema_alone = with_type.clone().plain();
        for producer in [Some(with_type), has_schema.then_some(with_schema_alone)].into_iter().flatten() {
            producer.send_to("pings", &MovedV1 { to: "53111 Bonn".to_owned() }).await.unwrap();
            let second = MovedV2 { city: "Bonn".to_owned(), zip: "53111".to_owned() };
            producer.send_to("pings", &second).await.unwrap();
            producer.send(&today).await.unwrap();
            sent += 3;
        }
    }
    let config = kafka.config().group("codec");
    let codec = Codec::confluent_avro()
        .also_reads(Codec::confluent_json())
        .also_reads(Codec::single_object())
        .also_reads(Codec::json());
    let consumer = EventConsumer::<Moved>::subscribe(&config).await.unwrap();
    let mut consumer = consumer.with_codec(&codec.with_source(registry)).unwrap();
    for _ in 0..sent {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&today), "{received:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_a_version_have_the_one_that_their_schema_names_or_that_they_are_given() {
    let (kafka, producer) = start().await;
    producer.send_bytes("pings", None, br#"{"to": "53111 Bonn"}"#).await.unwrap();
    let id = SchemaId::Number(2);
    let second = Codec::confluent_avro().with_event::<MovedV2>(id).unwrap();
    let second = producer.plain().with_codec(second);
    second.send_to("pings", &MovedV2 { city: "Bonn".to_owned(), zip: "53111".to_owned() }).await.unwrap();
    let codec = Codec::confluent_avro().with_event::<MovedV2>(id).unwrap().also_reads(Codec::json());
    let consumer = EventConsumer::<Moved>::subscribe(&kafka.config().group("codec")).await.unwrap();
    let mut consumer = consumer.untyped_as(1).unwrap().with_codec(&codec).unwrap();
    for _ in 0..2 {
        let received = within(60, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&Moved { city: "Bonn".to_owned(), zip: 53111 }), "{received:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_passes_over_waits_for_no_schema() {
    let (kafka, producer) = start().await;
    producer.clone().with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    producer.send(&pinged(2)).await.unwrap();
    let registry = Registry::away();
    let codec = Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let runner = consumer(&kafka, &codec).await.runner().filter(|message| message.offset() > 0);
    let mut batches = runner.batches().unwrap();
    let batch = within(60, "batch", batches.recv(2, Duration::from_millis(100))).await.unwrap();
    assert_eq!(batch.iter().map(|received| received.event().unwrap().seq).collect::<Vec<_>>(), [2]);
    batch.finish();
    assert_eq!((registry.asked(), batches.counts().of(Outcome::Ignored)), (0, 1));
}

/// Nor does what is there for another group.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_redriven_for_another_group_waits_for_no_schema() {
    let (kafka, producer) = start().await;
    let framed = producer.clone().with_codec(avro(ID));
    framed.message(&pinged(1)).header("event-schema-redriven-for", b"pings/another").send().await.unwrap();
    producer.send(&pinged(2)).await.unwrap();
    let registry = Registry::away();
    let codec = Codec::json().also_reads(Codec::confluent_avro().with_source(Arc::clone(&registry)));
    let mut batches = consumer(&kafka, &codec).await.runner().batches().unwrap();
    let batch = within(60, "batch", batches.recv(2, Duration::from_millis(100))).await.unwrap();
    assert_eq!(batch.iter().map(|received| received.event().unwrap().seq).collect::<Vec<_>>(), [2]);
    batch.finish();
    assert_eq!((registry.asked(), batches.counts().of(Outcome::Ignored)), (0, 1));
}

#[event_schema::event(types, topic = "pings")]
#[derive(Debug)]
enum Ping {
    Pinged(Pinged),
    Other(OtherEvent),
}

/// Messages of another type, for which the source would be asked and which the codec cannot read.
async fn publish_memos(kafka: &EmbeddedKafka) {
    let headers: [(&str, &[u8]); 4] =
        [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/memos"), ("ce_type", b"memo.v1")];
    for value in [&b"{}"[..], b"no JSON", b"\0\0\0\0\x09{}"] {
        kafka.publish_bytes("pings", None, Some(value), &headers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_other_types_are_passed_over_unread() {
    let (kafka, producer) = start().await;
    publish_memos(&kafka).await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    let registry = Registry::away();
    let codec = avro(ID).with_source(Arc::clone(&registry));
    let runner = consumer(&kafka, &codec).await.runner().skip_other_types().until_end();
    let counts = within(60, "end of the run", runner.run(async |_: Delivery<Pinged>| {})).await.unwrap();
    assert_eq!((counts.to_string(), registry.asked()), ("1 done, 3 ignored".to_owned(), 0));
    // The same in batches.
    let group = kafka.config().group("batches");
    let batches = EventConsumer::<Pinged>::subscribe(&group).await.unwrap().with_codec(&codec).unwrap();
    let mut batches = batches.runner().skip_other_types().batches().unwrap();
    let batch = within(60, "batch", batches.recv(1, Duration::ZERO)).await.unwrap();
    assert_eq!(batch.iter().next().unwrap().event(), Some(&pinged(1)));
    batch.finish();
    assert_eq!((batches.counts().to_string(), registry.asked()), ("1 done, 3 ignored".to_owned(), 0));
    // Without that, they are rejected for their type.
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("strict")).await.unwrap();
    let mut consumer = consumer.with_codec(&codec).unwrap();
    for _ in 0..3 {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        assert!(received.rejection().unwrap().error().is_other_event(), "{received:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_takes_messages_that_the_codec_cannot_read() {
    let (kafka, producer) = start().await;
    publish_memos(&kafka).await;
    let json = Codec::confluent_json().with_event::<Pinged>(ID).unwrap();
    producer.with_codec(json.clone()).send(&pinged(1)).await.unwrap();
    let registry = Registry::away();
    let consumer = EventConsumer::<Ping>::subscribe(&kafka.config().group("codec")).await.unwrap();
    let mut consumer = consumer.with_codec(&json.with_source(Arc::clone(&registry))).unwrap();
    let mut bodies = Vec::new();
    for _ in 0..4 {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        bodies.push(match received.event() {
            Some(Ping::Other(other)) => (other.event_type().to_owned(), other.bytes().to_vec()),
            Some(Ping::Pinged(pinged)) => (pinged.seq.to_string(), Vec::new()),
            None => panic!("{received:?}"),
        });
    }
    let memo = |bytes: &[u8]| ("memo.v1".to_owned(), bytes.to_vec());
    assert_eq!(bodies, [memo(b"{}"), memo(b"no JSON"), memo(b"{}"), ("1".to_owned(), Vec::new())]);
    assert_eq!(registry.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_of_values_writes_and_reads_no_keys() {
    let (kafka, producer) = start().await;
    let values = Codec::confluent_avro().with_event::<PingKey>(ID).unwrap().ids_in_headers();
    let encoder = Encoder::new(&values).unwrap();
    let error = producer.message(&pinged(1)).key_with(&encoder, &PingKey(-3)).err().unwrap();
    assert!(error.to_string().contains("`for_keys`"), "{error}");
    let consumer = EventConsumer::<Pinged>::subscribe(&kafka.config().group("codec")).await.unwrap();
    let error = consumer.with_key_decoder(Arc::new(Decoder::<PingKey>::new(&values).unwrap())).err().unwrap();
    assert!(error.to_string().contains("`for_keys`"), "{error}");
    // Another key has no schema.
    let encoder = Encoder::new(&values.for_keys()).unwrap();
    producer.message(&pinged(1)).key_with(&encoder, &PingKey(-3)).unwrap().key(b"a").send().await.unwrap();
    let received = &kafka.received::<Pinged>("pings", 1).await[0];
    assert_eq!((received.key(), received.headers().get(KEY_SCHEMA_ID)), (Some(&b"a"[..]), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn untyped_messages_have_a_version_that_can_be_read() {
    let (kafka, _) = start().await;
    let config = kafka.config().group("codec");
    for (version, is_read) in [(1, false), (2, true)] {
        let consumer = EventConsumer::<Pinged>::subscribe(&config).await.unwrap();
        let error = consumer.untyped_as(version).err().map(|error| error.to_string());
        assert_eq!(error.is_none(), is_read, "{error:?}");
        assert!(error.is_none_or(|error| error.contains("cannot be read from version 1")));
    }
    let consumer = EventConsumer::<Ping>::subscribe(&config).await.unwrap();
    assert!(consumer.untyped_as(1).err().unwrap().to_string().contains("an enum of types"));
}

/// Panics once, and knows nothing.
#[derive(Default)]
struct PanicsOnce(AtomicBool);

impl SchemaSource for PanicsOnce {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        assert!(self.0.swap(true, Ordering::Relaxed), "as planned");
        Box::pin(async { Err(SchemaSourceError::unknown()) })
    }

    fn schema_to_write<'a>(&'a self, _: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        Box::pin(async { Err(SchemaSourceError::unknown()) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_panicked_may_know_a_schema_later_as_one_that_was_away() {
    const PATIENCE: Duration = Duration::from_secs(1);
    let (kafka, producer) = start().await;
    let old = SystemTime::now() - Duration::from_secs(3600);
    producer.with_codec(avro(ID)).message(&pinged(1)).timestamp(old).send().await.unwrap();
    let codec = Codec::confluent_avro().with_source(PanicsOnce::default()).patience(PATIENCE);
    let mut consumer = consumer(&kafka, &codec).await;
    let mut begun = None;
    let received = within(60, "message", async {
        loop {
            // From the first question on, or a little later.
            match tokio::time::timeout(Duration::from_millis(50), consumer.recv()).await {
                Ok(received) => break received.unwrap(),
                Err(_) if !consumer.handle().assigned().is_empty() => _ = begun.get_or_insert_with(Instant::now),
                Err(_) => {}
            }
        }
    })
    .await;
    assert!(received.rejection().unwrap().error().is_unknown_schema(), "{received:?}");
    // The first look at it may be a little later than the failure.
    assert!(begun.unwrap().elapsed() >= PATIENCE * 4 / 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_patience_of_a_codec_does_not_shorten_that_of_another() {
    let (kafka, producer) = start().await;
    producer.with_codec(avro(ID)).send(&pinged(1)).await.unwrap();
    let registry = Arc::new(Registry::default());
    let other = Codec::json().with_source(Arc::clone(&registry)).patience(Duration::from_millis(1));
    let codec = Codec::confluent_avro().with_source(Arc::clone(&registry)).also_reads(other);
    let mut consumer = consumer(&kafka, &codec).await;
    until(60, "questions", || {
        let _ = futures_util::FutureExt::now_or_never(consumer.recv());
        registry.asked() > 2
    })
    .await;
    // Each source has been asked more than once, which takes longer than that.
    registry.add(ID, own_schema());
    let received = within(60, "message", consumer.recv()).await.unwrap();
    assert_eq!(received.event(), Some(&pinged(1)), "{received:?}");
}
