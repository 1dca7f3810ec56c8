//! Values in other formats than JSON, and in framings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use event_schema::avro::Schema;
use event_schema::format::cloudevents::{CloudEvent, Data};
use event_schema::format::framing::{Guid, KEY_SCHEMA_ID, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{Codec, CutOver, Decoder, Encoder};
use event_schema::kafka::{
    DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Outcome, Received, Retry,
};
use event_schema::prelude::*;
use event_schema::{Envelope, LoadOptions};

use crate::common::until;

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
    }

    let all = avro(ID).or(avro(guid())).or(json).or(Codec::single_object()).or(Codec::avro()).or(Codec::json());
    let mut consumer = consumer(&kafka, &all).await;
    for (seq, (codec, content_type, id)) in (1..).zip(&written) {
        for source in [None, None, Some("/own")] {
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

    let mut consumer = consumer(&kafka, &codec.or(avro(ID))).await;
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

    let mut consumer = consumer(&kafka, &avro(ID).or(Codec::avro()).or(Codec::json())).await;
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
    assert_eq!((rejection.schema_id(), rejection.bytes()[..6].to_vec()), (Some(8), b"\0\0\0\0\x08\x02".to_vec()));
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
    let runner = consumer.runner().retry(Retry::topics().backoff(Duration::from_millis(10), Duration::from_millis(10)));
    let seen = Arc::clone(&failures);
    let running = tokio::spawn(runner.run(move |ping: Delivery<Pinged>| {
        let seen = Arc::clone(&seen);
        async move {
            if ping.topic() == "pings" {
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
    assert_eq!(reason, "the message has a schema that is not known: GUID 09090909-0909-0909-0909-090909090909");
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
    let codec = avro(ID).with_schema(SchemaId::Number(3), earlier.unwrap()).or(Codec::json());
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
        let key = encoder.dump(&PingKey(-3)).unwrap();
        let mut message = producer.message(&pinged(1)).key(&key);
        if let Some((name, id)) = encoder.header() {
            message = message.header(name, id);
        }
        message.send().await.unwrap();
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
