//! Messages of several versions of an event, told apart by their schemas.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use event_schema::avro::Schema;
use event_schema::chrono::{DateTime, Utc};
use event_schema::format::framing::{Guid, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{
    Codec, Decoder, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite, WriterSchema,
};
use event_schema::serde_json::json;
use event_schema::uuid::Uuid;
use event_schema::{LoadOptions, contract};

#[event_schema::event(name = "moved")]
struct MovedV1 {
    to: String,
}

#[event_schema::event(name = "moved", version = 2, previous = MovedV1)]
struct MovedV2 {
    #[validate(length(min = 1))]
    city: String,
    zip: String,
}

#[event_schema::event(name = "moved", version = 3, previous = MovedV2)]
#[derive(Debug, PartialEq)]
struct Moved {
    address: Address,
    floor: i32,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Address {
    city: String,
    zip: String,
}

impl From<MovedV1> for MovedV2 {
    fn from(MovedV1 { to }: MovedV1) -> Self {
        let (zip, city) = to.split_once(' ').unwrap_or(("", &to));
        Self { city: city.to_owned(), zip: zip.to_owned() }
    }
}

impl From<MovedV2> for Moved {
    fn from(MovedV2 { city, zip }: MovedV2) -> Self {
        Self { address: Address { city, zip }, floor: 0 }
    }
}

fn moved() -> Moved {
    Moved { address: Address { city: "Bonn".to_owned(), zip: "53111".to_owned() }, floor: 0 }
}

/// The same event as each version writes it.
fn messages(codec: &Codec) -> [Vec<u8>; 3] {
    [
        Encoder::new(codec).unwrap().dump(&MovedV1 { to: "53111 Bonn".to_owned() }).unwrap(),
        Encoder::new(codec).unwrap().dump(&MovedV2 { city: "Bonn".to_owned(), zip: "53111".to_owned() }).unwrap(),
        Encoder::new(codec).unwrap().dump(&moved()).unwrap(),
    ]
}

const IDS: [SchemaId; 3] = [SchemaId::Number(11), SchemaId::Number(12), SchemaId::Number(13)];

/// A codec that is given the ids of all versions with their types.
fn with_events(codec: Codec) -> Codec {
    let codec = codec.with_event::<MovedV1>(IDS[0]).unwrap();
    codec.with_event::<MovedV2>(IDS[1]).unwrap().with_event::<Moved>(IDS[2]).unwrap()
}

fn avro() -> [WriterSchema; 3] {
    [Schema::of::<MovedV1>().unwrap(), Schema::of::<MovedV2>().unwrap(), Schema::of::<Moved>().unwrap()].map(Into::into)
}

fn json() -> [WriterSchema; 3] {
    use event_schema::schemars::generate::Contract::{Deserialize, Serialize};
    // What is written, and what is accepted, as a registry may have either.
    let documents = [
        contract::json_schema::<MovedV1>(&Serialize),
        contract::json_schema::<MovedV2>(&Deserialize),
        contract::json_schema::<Moved>(&Serialize),
    ];
    documents.map(|document| WriterSchema::json(&document.to_value().to_string()))
}

/// A registry that says what it is told to.
#[derive(Default)]
struct Registry {
    schemas: Mutex<HashMap<SchemaId, WriterSchema>>,
    asked: AtomicU32,
}

impl Registry {
    fn with(schemas: [WriterSchema; 3]) -> Arc<Self> {
        Arc::new(Self { schemas: Mutex::new(IDS.into_iter().zip(schemas).collect()), ..Self::default() })
    }
}

impl SchemaSource for Registry {
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let schema = self.schemas.lock().unwrap().get(&id).cloned();
        Box::pin(std::future::ready(schema.ok_or_else(SchemaSourceError::unknown)))
    }

    fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        let answer = match (subject.event().version(), subject.topic()) {
            (3, "moves") => Ok(SchemaToWrite::new(IDS[2])),
            // The latest of the subject is the one before.
            (3, "old-moves") => {
                let latest = r#"{"type": "record", "name": "Moved", "fields": [{"name": "floor", "type": "int"}]}"#;
                Ok(SchemaToWrite::new(IDS[1]).with_schema(Schema::parse(latest).unwrap()))
            }
            (3, _) => Err(SchemaSourceError::refused("not compatible")),
            _ => Err(SchemaSourceError::unavailable("connection refused")),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn an_id_that_was_given_with_its_event_names_the_version() {
    for codec in [Codec::confluent_avro(), Codec::confluent_json()] {
        let codec = with_events(codec);
        let decoder = Decoder::<Moved>::new(&codec).unwrap();
        for message in messages(&codec) {
            assert_eq!(decoder.load(&message).unwrap(), moved(), "{codec:?}");
        }
    }
}

#[test]
fn the_schema_of_a_version_names_it() {
    for (writes, schemas) in [(Codec::confluent_avro(), avro()), (Codec::confluent_json(), json())] {
        let messages = messages(&with_events(writes.clone()));
        let reads = IDS.into_iter().zip(schemas).fold(writes, |codec, (id, schema)| codec.with_schema(id, schema));
        let decoder = Decoder::<Moved>::new(&reads).unwrap();
        for message in messages {
            assert_eq!(decoder.load(&message).unwrap(), moved(), "{reads:?}");
        }
    }
}

#[test]
fn a_fingerprint_names_the_version() {
    let codec = Codec::single_object();
    let decoder = Decoder::<Moved>::new(&codec).unwrap();
    for message in messages(&codec) {
        assert_eq!(decoder.load(&message).unwrap(), moved());
    }
}

#[tokio::test]
async fn the_schemas_of_a_source_name_the_versions() {
    let guid = SchemaId::Guid(Guid::from([5; 16]));
    for (is_avro, writes, schemas) in
        [(true, Codec::confluent_avro(), avro()), (false, Codec::confluent_json(), json())]
    {
        let messages = messages(&with_events(writes.clone()));
        let registry = Registry::with(schemas);
        let reads = writes.with_source(Arc::clone(&registry));
        let decoder = Decoder::<Moved>::new(&reads).unwrap();
        for message in messages.iter().chain(&messages) {
            decoder.resolve([], message).await.unwrap();
            assert_eq!(decoder.load(message).unwrap(), moved());
        }
        assert_eq!(registry.asked.load(Ordering::Relaxed), 3, "each is asked for once");

        // In a header.
        let schema = registry.schemas.lock().unwrap()[&IDS[0]].clone();
        registry.schemas.lock().unwrap().insert(guid, schema);
        let header = guid.to_header().unwrap();
        let headers = [(VALUE_SCHEMA_ID, Some(&*header))];
        let error = decoder.load_message(headers, &messages[0][5..], &LoadOptions::new()).unwrap_err();
        assert!(error.is_unknown_schema(), "{error}");
        decoder.resolve(headers, &messages[0][5..]).await.unwrap();
        assert_eq!(decoder.load_message(headers, &messages[0][5..], &LoadOptions::new()).unwrap(), moved());

        // What is not known may be another time.
        let message = b"\0\0\0\0\x0E{}";
        let error = decoder.resolve([], message).await.unwrap_err();
        assert!(error.is_unknown(), "{error}");
        registry.schemas.lock().unwrap().insert(SchemaId::Number(14), WriterSchema::json(""));
        decoder.resolve([], message).await.unwrap();
        let error = decoder.load(message).unwrap_err();
        // It is known, but a codec of Avro alone has no use for a JSON Schema.
        assert!(!error.is_unknown_schema(), "{error}");
        assert_eq!((error.is_syntax(), error.is_invalid()), (is_avro, !is_avro), "{error}");
    }
}

#[test]
fn another_revision_of_a_version_is_read_as_that_if_it_is_told() {
    // A field more than the type has, one with another type, and none of those of today.
    let text = r#"{"type": "record", "name": "Moved", "fields": [
        {"name": "by", "type": "string"}, {"name": "zip", "type": "bytes"}, {"name": "city", "type": "string"}
    ]}"#;
    let schema = WriterSchema::from(Schema::parse(text).unwrap());
    let load = |schema, data: &[u8]| {
        let decoder = Decoder::<Moved>::new(&Codec::confluent_avro().with_schema(IDS[1], schema)).unwrap();
        decoder.load(&[b"\0\0\0\0\x0C", data].concat())
    };
    let data = b"\x04me\x0A53111\x08Bonn";
    let told = schema.clone().with_event_type("moved.v2");
    assert_eq!(load(told.clone(), data).unwrap(), moved());
    // The rules of that version count.
    let error = load(told, b"\x04me\x0A53111\0").unwrap_err();
    assert_eq!(error.to_string(), "1 violation\ncity: Shorter than minimum length 1.");
    // Untold, it is today's.
    let error = load(schema.clone(), data).unwrap_err();
    let messages = error.violations().unwrap().to_messages();
    let missing = ["Missing data for required field."];
    assert_eq!(messages, json!({"address": missing, "floor": missing}));

    // As by the type of CloudEvents.
    assert!(load(schema.clone().with_event_type("moved.v0"), data).unwrap_err().is_other_event());
    assert!(load(schema.clone().with_event_type("stayed.v1"), data).unwrap_err().is_other_event());
    let newer = load(schema.with_event_type("moved.v4"), data).unwrap_err();
    assert!(newer.is_unsupported_version() && newer.violations().is_some_and(|found| found.len() == 2), "{newer}");
}

#[event_schema::event(name = "ping", newer = "refuse")]
#[derive(Debug, PartialEq)]
struct Ping {
    seq: i64,
}

#[test]
fn a_newer_version_is_refused_unread_if_the_event_says_so() {
    let schema = WriterSchema::from(Schema::of::<Ping>().unwrap());
    for (event_type, is_read) in [("ping.v1", true), ("ping.v2", false)] {
        let codec = Codec::confluent_avro().with_schema(IDS[0], schema.clone().with_event_type(event_type));
        let loaded = Decoder::<Ping>::new(&codec).unwrap().load(b"\0\0\0\0\x0B\x0E");
        assert_eq!(loaded.as_ref().ok(), is_read.then_some(&Ping { seq: 7 }));
        assert_eq!(loaded.is_err_and(|error| error.is_unsupported_version()), !is_read);
    }
}

#[event_schema::event(types)]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum Either {
    Ping(Ping),
    Moved(Moved),
}

#[test]
fn one_of_several_events_is_named_by_its_schema() {
    let codec = Codec::single_object();
    let decoder = Decoder::<Either>::new(&codec).unwrap();
    for message in messages(&codec) {
        assert_eq!(decoder.load(&message).unwrap(), Either::Moved(moved()));
    }
    let ping = Encoder::new(&codec).unwrap().dump(&Ping { seq: 7 }).unwrap();
    assert_eq!(decoder.load(&ping).unwrap(), Either::Ping(Ping { seq: 7 }));
    // In the schema of them all.
    for event in [Either::Ping(Ping { seq: 7 }), Either::Moved(moved())] {
        let message = Encoder::new(&codec).unwrap().dump(&event).unwrap();
        assert_eq!(decoder.load(&message).unwrap(), event);
    }
}

#[event_schema::event(name = "stay")]
struct StayV1 {
    /// In seconds.
    since: i64,
    room: String,
}

#[event_schema::event(name = "stay", version = 2, previous = StayV1)]
struct StayV2 {
    since: DateTime<Utc>,
    room: String,
}

#[event_schema::event(name = "stay", version = 3, previous = StayV2)]
#[derive(Debug, PartialEq)]
struct Stay {
    since: DateTime<Utc>,
    room: Uuid,
}

impl From<StayV1> for StayV2 {
    fn from(StayV1 { since, room }: StayV1) -> Self {
        Self { since: DateTime::from_timestamp(since, 0).unwrap(), room }
    }
}

impl From<StayV2> for Stay {
    fn from(StayV2 { since, room }: StayV2) -> Self {
        Self { since, room: Uuid::from_u128(room.parse().unwrap()) }
    }
}

#[test]
fn logical_types_tell_versions_with_one_canonical_form_apart() {
    let stay = Stay { since: DateTime::from_timestamp(1_700_000_000, 0).unwrap(), room: Uuid::from_u128(12) };
    let schemas = [Schema::of::<StayV1>(), Schema::of::<StayV2>(), Schema::of::<Stay>()].map(Result::unwrap);
    assert!(schemas.iter().all(|schema| schema.fingerprint() == schemas[0].fingerprint()));
    let writes = Codec::confluent_avro().with_event::<StayV1>(IDS[0]).unwrap();
    let writes = writes.with_event::<StayV2>(IDS[1]).unwrap().with_event::<Stay>(IDS[2]).unwrap();
    let messages = [
        Encoder::new(&writes).unwrap().dump(&StayV1 { since: 1_700_000_000, room: "12".to_owned() }).unwrap(),
        Encoder::new(&writes).unwrap().dump(&StayV2 { since: stay.since, room: "12".to_owned() }).unwrap(),
        Encoder::new(&writes).unwrap().dump(&stay).unwrap(),
    ];
    let reads = IDS.into_iter().zip(schemas.clone());
    let reads = reads.fold(Codec::confluent_avro(), |codec, (id, schema)| codec.with_schema(id, schema));
    let decoder = Decoder::<Stay>::new(&reads).unwrap();
    for message in messages {
        assert_eq!(decoder.load(&message).unwrap(), stay, "{message:?}");
    }

    // A fingerprint cannot tell them apart: somebody has to.
    let error = Decoder::<Stay>::new(&Codec::single_object()).unwrap_err();
    let id = SchemaId::Fingerprint(schemas[0].fingerprint());
    assert_eq!(
        error.to_string(),
        format!(
            "`stay.v2` and `stay.v3` have the same {id}, but different logical types: say which of them has written, \
             with `Codec::with_schema` and `WriterSchema::with_event_type`"
        )
    );
    let first = WriterSchema::from(schemas[0].clone()).with_event_type("stay.v1");
    let message = Encoder::new(&Codec::single_object()).unwrap();
    let message = message.dump(&StayV1 { since: 1_700_000_000, room: "12".to_owned() }).unwrap();
    let decoder = Decoder::<Stay>::new(&Codec::single_object().with_schema(id, first)).unwrap();
    assert_eq!(decoder.load(&message).unwrap(), stay);
}

#[event_schema::event(name = "seat")]
struct SeatV1 {
    id: Uuid,
}

#[event_schema::event(name = "seat", version = 2, previous = SeatV1)]
#[derive(Debug, PartialEq)]
struct Seat {
    number: Uuid,
}

impl From<SeatV1> for Seat {
    fn from(SeatV1 { id }: SeatV1) -> Self {
        Self { number: id }
    }
}

#[test]
fn a_schema_without_logical_types_is_that_of_the_only_version_with_its_canonical_form() {
    let plain = r#"{"type": "record", "name": "Seat", "fields": [{"name": "id", "type": "string"}]}"#;
    let codec = Codec::confluent_avro().with_schema(IDS[0], Schema::parse(plain).unwrap());
    let id = Uuid::from_u128(7);
    let mut message = b"\0\0\0\0\x0B\x48".to_vec();
    message.extend_from_slice(id.to_string().as_bytes());
    assert_eq!(Decoder::<Seat>::new(&codec).unwrap().load(&message).unwrap(), Seat { number: id });
}

#[test]
fn a_json_schema_with_an_id_of_its_own_names_its_version() {
    use event_schema::schemars::generate::Contract::Serialize;
    let mut document = contract::json_schema::<MovedV1>(&Serialize).to_value();
    document["$id"] = json!("https://example.com/moved.json");
    let codec = Codec::confluent_json().with_schema(IDS[0], WriterSchema::json(&document.to_string()));
    let message = b"\0\0\0\0\x0B{\"to\": \"53111 Bonn\"}";
    assert_eq!(Decoder::<Moved>::new(&codec).unwrap().load(message).unwrap(), moved());
}

#[tokio::test]
async fn an_id_depends_on_event_and_topic() {
    let codec = Codec::confluent_avro().with_source(Registry::with(avro()));
    let own = Encoder::for_topic(&codec, "moves").await.unwrap().dump(&moved()).unwrap();
    assert_eq!(own, b"\0\0\0\0\x0D\x08Bonn\x0A53111\0");
    let latest = Encoder::for_topic(&codec, "old-moves").await.unwrap().dump(&moved()).unwrap();
    assert_eq!(latest, b"\0\0\0\0\x0C\0");

    let error = Encoder::<Moved>::for_topic(&codec, "pings").await.unwrap_err();
    assert!(error.source_error().is_some_and(SchemaSourceError::is_refused));
    assert_eq!(error.to_string(), "no schema id for version 3 of event `moved` in topic `pings`");
    let error = Encoder::<Ping>::for_topic(&codec, "pings").await.unwrap_err();
    assert!(error.source_error().is_some_and(SchemaSourceError::is_unavailable));
    assert!(Encoder::<Moved>::new(&codec).is_err(), "there is nobody to ask at once");

    // An id that was given is not asked for, and framings without an id need none.
    let given = codec.with_event::<Ping>(IDS[0]).unwrap();
    let given = Encoder::for_topic(&given, "pings").await.unwrap().dump(&Ping { seq: 7 }).unwrap();
    assert_eq!(given, b"\0\0\0\0\x0B\x0E");
    let bare = Codec::avro().with_source(Registry::with(avro()));
    assert_eq!(Encoder::for_topic(&bare, "pings").await.unwrap().dump(&Ping { seq: 7 }).unwrap(), b"\x0E");
}
