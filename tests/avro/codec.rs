//! Messages in their framings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use apache_avro::GenericSingleObjectReader;
use apache_avro::types::Value as AvroValue;
use event_schema::LoadOptions;
use event_schema::avro::Schema;
use event_schema::format::framing::{FrameError, Guid, KEY_SCHEMA_ID, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{
    Codec, CutOver, Decoder, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, WriterSchema,
};
use event_schema::prelude::*;
use event_schema::serde_json::Value;

use crate::corpora::{bytes, rows};

#[event_schema::event(name = "r")]
#[derive(Debug, PartialEq)]
struct R<T> {
    f: T,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Ping {
    seq: i64,
    note: Option<String>,
}

/// A field that begins a bare datum with any byte that a test asks for.
#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Bytes {
    first: i64,
    rest: [u8; 16],
}

const ID: SchemaId = SchemaId::Number(7);

fn ping() -> Ping {
    Ping { seq: 7, note: Some("x".to_owned()) }
}

/// As `Ping` was before: another order and a smaller integer.
fn earlier() -> Schema {
    let text = r#"{"type": "record", "name": "Ping", "fields": [
        {"name": "note", "type": ["null", "string"]}, {"name": "seq", "type": "int"}
    ]}"#;
    Schema::parse(text).unwrap()
}

fn id_of(schema: &Schema) -> SchemaId {
    SchemaId::Fingerprint(schema.fingerprint())
}

fn framed(id: SchemaId, data: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    id.write_to(&mut message);
    message.extend_from_slice(data);
    message
}

fn row_bytes(row: &Value) -> Vec<u8> {
    bytes(row["hex"].as_str().unwrap())
}

fn row_id(row: &Value) -> SchemaId {
    SchemaId::Number(row["schema_id"].as_u64().unwrap().try_into().unwrap())
}

#[test]
fn every_frame_of_python_is_split_and_written_alike() {
    let mut ids = BTreeSet::new();
    let mut frames = 0;
    for row in rows("avro_wire.jsonl") {
        let name = row["id"].as_str().unwrap();
        let is_frame = row["encoding"] == "confluent_avro" || row["encoding"] == "confluent_json";
        if name.starts_with("neg-") || !is_frame || row["hex"].is_null() {
            continue;
        }
        let message = row_bytes(&row);
        let (id, data) = SchemaId::split(&message).unwrap();
        assert_eq!(id, Some(row_id(&row)), "{name}");
        assert_eq!(data, &message[5..], "{name}");
        assert_eq!(framed(row_id(&row), data), message, "{name}");
        ids.insert(row["schema_id"].as_u64());
        frames += 1;
    }
    assert!((frames, ids.contains(&Some(2_147_483_647))) == (84, true), "{frames} {ids:?}");
}

#[test]
fn what_is_no_message_of_the_schema_is_refused() {
    let mut refused = Vec::new();
    for row in rows("avro_wire.jsonl").iter().filter(|row| row["id"].as_str().unwrap().starts_with("neg-")) {
        let schema = Schema::parse(&row["schema"].to_string()).unwrap();
        let decoder = Decoder::<R<String>>::new(&Codec::confluent_avro().with_schema(row_id(row), schema)).unwrap();
        let error = decoder.load(&row_bytes(row)).unwrap_err();
        assert!(error.is_syntax() && !error.is_unknown_schema(), "{error}");
        assert_eq!(error.to_problem()["status"], 400);
        refused.push((row["id"].as_str().unwrap().to_owned(), error.to_string(), error.is_truncated()));
    }
    let refused: Vec<_> = refused.iter().map(|(id, error, truncated)| (&**id, &**error, *truncated)).collect();
    assert_eq!(
        refused,
        [
            (
                "neg-empty",
                "the message has none of the framings that its codec reads; `Codec::also_reads` adds one",
                false
            ),
            ("neg-four-bytes", "the message is truncated in its schema id: it has 4 bytes, expected at least 5", true),
            // As Confluent's own reader does, which takes the magic byte 1 for that of a GUID.
            ("neg-bad-magic", "the message is truncated in its schema id: it has 11 bytes, expected at least 17", true),
            ("neg-truncated-body", "truncated Avro datum at byte 4", true),
            ("neg-negative-length", "not a valid Avro datum: a negative length at byte 0", false),
            ("neg-bad-utf8", "not a valid Avro datum: text that is not UTF-8 at byte 1", false),
            (
                "neg-json-not-framed",
                "the message has none of the framings that its codec reads; `Codec::also_reads` adds one",
                false
            ),
        ]
    );
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct OrderPlaced {
    id: String,
    #[validate(range(min = 1))]
    qty: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
}

#[test]
fn confluents_json_is_read_and_written() {
    let mut messages = 0;
    let mut answers = Vec::new();
    for row in rows("avro_wire.jsonl").iter().filter(|row| row["encoding"] == "confluent_json") {
        if row["hex"].is_null() {
            // Rows of values that the peer's validator accepts or refuses.
            let decoder = Decoder::<OrderPlaced>::new(&Codec::confluent_json()).unwrap();
            let loaded = decoder.load(&framed(ID, row["json_value"].to_string().as_bytes()));
            answers.push((loaded.map_err(|error| error.to_string()), row["peer"]["ok"] == true));
            continue;
        }
        let message = row_bytes(row);
        let codec = Codec::confluent_json().with_event::<OrderPlaced>(row_id(row)).unwrap();
        let event = Decoder::<OrderPlaced>::new(&codec).unwrap().load(&message).unwrap();
        assert_eq!(event, OrderPlaced::load_value(row["json_value"].clone()).unwrap());

        let written = Encoder::new(&codec).unwrap().dump(&event).unwrap();
        assert_eq!(written[..5], message[..5]);
        assert_eq!(OrderPlaced::load(&written[5..]).unwrap(), event);
        messages += 1;
    }
    assert_eq!(messages, 2);
    let refused = |text: &str| Err(format!("1 violation\n{text}"));
    assert_eq!(
        answers,
        [
            (refused("qty: Must be greater than or equal to 1."), false),
            (refused("extra: Unknown field."), false),
            // The one difference: an integer is written without a point here.
            (refused("qty: Not a valid integer."), true),
        ]
    );
}

#[test]
fn a_guid_in_a_header_is_the_key_s_schema() {
    let mut checked = 0;
    for row in rows("avro_wire.jsonl").iter().filter(|row| row["encoding"] == "confluent_guid_header") {
        let schema = Schema::parse(&row["schema"].to_string()).unwrap();
        let guid: Guid = row["guid"].as_str().unwrap().parse().unwrap();
        assert_eq!(row["guid"], guid.to_string());
        let (name, value) = (row["header"][0].as_str().unwrap(), bytes(row["header"][1].as_str().unwrap()));
        assert_eq!(name, KEY_SCHEMA_ID);
        let message = row_bytes(row);

        let codec = Codec::confluent_avro().with_schema(SchemaId::Guid(guid), schema).for_keys();
        let decoder = Decoder::<R<i32>>::new(&codec).unwrap();
        let options = LoadOptions::new();
        let loaded = decoder.load_message([(name, Some(&*value))], &message, &options).unwrap();
        assert_eq!(loaded, R { f: 0 });
        // The header of the value says nothing about the key.
        let error = decoder.load_message([(VALUE_SCHEMA_ID, Some(&*value))], &message, &options).unwrap_err();
        assert!(error.is_truncated(), "{error}");

        let codec = Codec::confluent_avro().with_event::<R<i32>>(SchemaId::Guid(guid)).unwrap();
        let encoder = Encoder::new(&codec.ids_in_headers().for_keys()).unwrap();
        assert_eq!(encoder.header(), Some((name, &*value)));
        assert_eq!(encoder.dump(&loaded).unwrap(), message);
        checked += 1;
    }
    assert_eq!(checked, 1);
}

#[test]
fn a_frame_that_breaks_off_says_so() {
    let guid = SchemaId::Guid(Guid::from([9; 16]));
    for (id, begins_at) in [(ID, 1), (guid, 1), (SchemaId::Fingerprint(3), 2)] {
        let frame = framed(id, b"");
        assert_eq!(SchemaId::split(&frame), Ok((Some(id), &b""[..])));
        for length in begins_at..frame.len() {
            let error = SchemaId::split(&frame[..length]).unwrap_err();
            let expected = format!("it has {length} bytes, expected at least {}", frame.len());
            assert!(error.is_truncated() && error.to_string().ends_with(&expected), "{error}");
        }
    }
    let lengths = |header: &[u8]| (0..header.len()).map(|length| header[..length].to_vec()).collect::<Vec<_>>();
    let longer = |header: &[u8]| [header, b"\0"].concat();
    let (number, guid) = (ID.to_header().unwrap(), guid.to_header().unwrap());
    let mut wrong = [lengths(&number), lengths(&guid)].concat();
    wrong.extend([longer(&number), longer(&guid), framed(SchemaId::Fingerprint(3), b""), b"\x02\0\0\0\x07".to_vec()]);
    for header in wrong {
        let error: FrameError = SchemaId::from_header(&header).unwrap_err();
        assert!(!error.is_truncated(), "{error}");
        assert!(error.to_string().contains(&format!("has {} bytes", header.len())), "{error}");
    }
}

/// A codec, a message of it with its header, and the content type.
type Encoded = (Codec, Vec<u8>, Option<Vec<u8>>, &'static str);

/// An event in every encoding.
fn encodings() -> Vec<Encoded> {
    let guid = SchemaId::Guid(Guid::from([9; 16]));
    let own = id_of(&Schema::of::<Ping>().unwrap());
    let (datum, json) = (b"\x0E\x02\x02x", br#"{"seq":7,"note":"x"}"#);
    let avro = |id| Codec::confluent_avro().with_event::<Ping>(id).unwrap();
    let confluent_json = |id| Codec::confluent_json().with_event::<Ping>(id).unwrap();
    vec![
        (Codec::json(), json.to_vec(), None, "application/json"),
        (confluent_json(ID), framed(ID, json), None, "application/octet-stream"),
        (confluent_json(guid), framed(guid, json), None, "application/octet-stream"),
        (confluent_json(guid).ids_in_headers(), json.to_vec(), guid.to_header(), "application/json"),
        (avro(ID), framed(ID, datum), None, "application/avro"),
        (avro(guid), framed(guid, datum), None, "application/avro"),
        (avro(ID).ids_in_headers(), datum.to_vec(), ID.to_header(), "avro/binary"),
        (avro(guid).ids_in_headers(), datum.to_vec(), guid.to_header(), "avro/binary"),
        (Codec::single_object(), framed(own, datum), None, "application/avro"),
        (Codec::avro(), datum.to_vec(), None, "avro/binary"),
    ]
}

#[test]
fn every_encoding_has_its_bytes_and_is_read_again() {
    for (codec, message, header, content_type) in encodings() {
        let encoder = Encoder::new(&codec).unwrap();
        assert_eq!(encoder.dump(&ping()).unwrap(), message, "{codec:?}");
        assert_eq!(encoder.header(), header.as_deref().map(|header| (VALUE_SCHEMA_ID, header)), "{codec:?}");
        assert_eq!(encoder.content_type(), content_type, "{codec:?}");

        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        let headers = [(VALUE_SCHEMA_ID, header.as_deref()), ("Content-Type", Some(content_type.as_bytes()))];
        assert_eq!(decoder.load_message(headers, &message, &LoadOptions::new()).unwrap(), ping(), "{codec:?}");
        // Nothing may follow the data.
        let longer = [&*message, b"\0"].concat();
        let error = decoder.load_message(headers, &longer, &LoadOptions::new()).unwrap_err();
        assert!(error.is_syntax(), "{codec:?}: {error}");
    }
}

#[test]
fn apache_avro_reads_the_single_object_encoding() {
    let schema = event_schema::contract::avro_schema::<Ping>().unwrap();
    let schema = apache_avro::Schema::parse(&schema).unwrap();
    let reader = GenericSingleObjectReader::builder().schema(schema).build().unwrap();
    let message = Encoder::new(&Codec::single_object()).unwrap().dump(&ping()).unwrap();
    let note = AvroValue::Union(1, Box::new(AvroValue::String("x".to_owned())));
    let expected = AvroValue::Record(vec![("seq".to_owned(), AvroValue::Long(7)), ("note".to_owned(), note)]);
    assert_eq!(reader.read_value(&mut &message[..]).unwrap(), expected);
}

#[test]
fn one_topic_holds_every_framing_that_can_be_told_apart() {
    let codec = Codec::confluent_avro()
        .with_event::<Ping>(SchemaId::Number(1))
        .unwrap()
        .with_schema(SchemaId::Number(2), earlier())
        .also_reads(Codec::confluent_json().with_event::<Ping>(SchemaId::Number(3)).unwrap())
        .also_reads(Codec::single_object().with_schema(id_of(&earlier()), earlier()))
        .also_reads(Codec::avro())
        .also_reads(Codec::json());
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    let (datum, before, json) = (&b"\x0E\x02\x02x"[..], &b"\x02\x02x\x0E"[..], &br#"{"seq":7,"note":"x"}"#[..]);
    for message in [
        framed(SchemaId::Number(1), datum),
        framed(SchemaId::Number(2), before),
        framed(SchemaId::Number(3), json),
        framed(id_of(&Schema::of::<Ping>().unwrap()), datum),
        framed(id_of(&earlier()), before),
        json.to_vec(),
    ] {
        assert_eq!(decoder.load(&message).unwrap(), ping(), "{message:?}");
    }
    let options = LoadOptions::new();
    for (name, value, message) in [
        (VALUE_SCHEMA_ID, &b"\0\0\0\0\x02"[..], before),
        (VALUE_SCHEMA_ID, b"\0\0\0\0\x03", json),
        ("content-type", b"avro/binary", datum),
        ("content-type", b"Avro/Binary; charset=none", datum),
    ] {
        assert_eq!(decoder.load_message([(name, Some(value))], message, &options).unwrap(), ping(), "{name}");
    }

    for unknown in [SchemaId::Number(4), SchemaId::Guid(Guid::from([0; 16])), SchemaId::Fingerprint(1)] {
        let error = decoder.load(&framed(unknown, datum)).unwrap_err();
        assert!(error.is_unknown_schema() && error.violations().is_none(), "{error}");
        assert!(error.to_string().ends_with(&format!(": {unknown}")), "{error}");
    }
    // A header without a value is none; a malformed one is not passed over.
    assert_eq!(decoder.load_message([(VALUE_SCHEMA_ID, None)], json, &options).unwrap(), ping());
    let error = decoder.load_message([(VALUE_SCHEMA_ID, Some(&b"7"[..]))], json, &options).unwrap_err();
    assert!(error.is_syntax() && error.to_string().starts_with("the header with the schema id"), "{error}");
}

#[test]
fn a_codec_reads_no_framing_that_it_was_not_given() {
    let (datum, json) = (&b"\x0E\x02\x02x"[..], &br#"{"seq":7,"note":"x"}"#[..]);
    let fingerprint = id_of(&Schema::of::<Ping>().unwrap());
    let avro = || Codec::confluent_avro().with_event::<Ping>(ID).unwrap();
    for (codec, message) in [
        (Codec::json(), framed(ID, json)),
        (Codec::json(), framed(fingerprint, datum)),
        (Codec::confluent_json(), json.to_vec()),
        (Codec::confluent_json(), framed(fingerprint, json)),
        // The id is another's, but nothing looks it up.
        (Codec::confluent_json(), framed(ID, datum)),
        (avro(), json.to_vec()),
        (avro(), datum.to_vec()),
        (avro(), framed(fingerprint, datum)),
        (avro(), framed(ID, json)),
        (Codec::single_object(), json.to_vec()),
        (Codec::single_object(), datum.to_vec()),
        (Codec::single_object(), framed(ID, datum)),
        (Codec::avro(), json.to_vec()),
        (Codec::avro(), framed(ID, datum)),
        (Codec::avro(), framed(fingerprint, datum)),
    ] {
        let loaded = Decoder::<Ping>::new(&codec).unwrap().load(&message);
        assert!(loaded.as_ref().is_err_and(LoadError::is_syntax), "{codec:?}, {message:?}: {loaded:?}");
    }
}

#[test]
fn bare_data_that_look_framed_need_a_word_or_a_place() {
    let check = |event: Bytes| {
        let bare = Encoder::new(&Codec::avro()).unwrap().dump(&event).unwrap();
        assert_eq!(Decoder::<Bytes>::new(&Codec::avro()).unwrap().load(&bare).unwrap(), event);

        let framing = Codec::confluent_avro().with_event::<Bytes>(ID).unwrap().also_reads(Codec::single_object());
        let mixed = Decoder::<Bytes>::new(&framing.clone().also_reads(Codec::avro())).unwrap();
        assert!(mixed.load(&bare).unwrap_err().is_unknown_schema());
        let headers = [("content-type", Some(&b"avro/binary"[..]))];
        assert_eq!(mixed.load_message(headers, &bare, &LoadOptions::new()).unwrap(), event);
        let id = ID.to_header().unwrap();
        let headers = [(VALUE_SCHEMA_ID, Some(&*id))];
        assert_eq!(mixed.load_message(headers, &bare, &LoadOptions::new()).unwrap(), event);

        let bare_before = CutOver::new().at("a", 0, 10).at("a", 2, 20).at("b", 0, 5);
        let decoder = Decoder::<Bytes>::new(&framing.clone().preceded_by(Codec::avro(), bare_before)).unwrap();
        let now = Encoder::new(&framing).unwrap().dump(&event).unwrap();
        for (topic, partition, first) in
            [("a", 0, 10), ("a", 2, 20), ("b", 0, 5), ("a", 1, 0), ("b", 2, 0), ("c", 0, 0)]
        {
            for offset in 0..30 {
                let message = if offset < first { &bare } else { &now };
                let loaded = decoder.at(topic, partition, offset).load(message);
                assert_eq!(loaded.unwrap(), event, "{topic}/{partition}@{offset}");
            }
        }
    };
    check(Bytes { first: 0, rest: [0; 16] });
    check(Bytes { first: -1, rest: [7; 16] });
    // C3 01 is the long that is -98.
    check(Bytes { first: -98, rest: [7; 16] });
}

/// A source with a schema for one id.
struct Only(SchemaId, Schema);

impl SchemaSource for Only {
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        let found = (id == self.0).then(|| self.1.clone().into());
        Box::pin(std::future::ready(found.ok_or_else(SchemaSourceError::unknown)))
    }
}

type Fault = fn() -> SchemaSourceError;
type Is = fn(&SchemaSourceError) -> bool;

/// A source that has this to say.
struct Says(Fault);

impl SchemaSource for Says {
    fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        Box::pin(std::future::ready(Err((self.0)())))
    }
}

#[tokio::test]
async fn a_joined_codec_keeps_what_both_read_with() {
    let (datum, before) = (&b"\x0E\x02\x02x"[..], &b"\x02\x02x\x0E"[..]);
    let (now, then) = (SchemaId::Number(1), SchemaId::Number(2));
    let own = Schema::of::<Ping>().unwrap();
    let one = Codec::confluent_avro().with_source(Only(now, own.clone()));
    let other = Codec::single_object().with_source(Only(then, earlier()));
    let cut_over = |codec: Codec, first| codec.preceded_by(Codec::avro(), CutOver::new().at("pings", 0, first));
    for codec in [
        // Both sources, and both cut-overs.
        cut_over(one.clone(), 10).also_reads(cut_over(other.clone(), 20)),
        cut_over(cut_over(one.also_reads(other), 20), 10),
    ] {
        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        for (id, data) in [(now, datum), (then, before)] {
            let message = framed(id, data);
            decoder.resolve([], &message).await.unwrap();
            assert_eq!(decoder.load(&message).unwrap(), ping());
        }
        let error = decoder.resolve([], &framed(ID, datum)).await.unwrap_err();
        assert!(error.is_unknown(), "{error}");
        for offset in [0, 9, 10, 19] {
            assert_eq!(decoder.at("pings", 0, offset).load(datum).unwrap(), ping(), "{offset}");
        }
        assert!(decoder.at("pings", 0, 20).load(datum).is_err());
    }

    // The next cut-over counts.
    let json_before = CutOver::new().at("pings", 0, 5);
    let codec = cut_over(Codec::confluent_avro(), 10).preceded_by(Codec::json(), json_before);
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    assert_eq!(decoder.at("pings", 0, 4).load(br#"{"seq":7,"note":"x"}"#).unwrap(), ping());
    assert_eq!(decoder.at("pings", 0, 5).load(datum).unwrap(), ping());
}

#[tokio::test]
async fn several_sources_do_not_know_a_schema_if_none_does() {
    let unavailable = || SchemaSourceError::unavailable("connection refused");
    let unusable = || SchemaSourceError::unusable("Protocol Buffers");
    let cases: [(Fault, Fault, Is); 4] = [
        (SchemaSourceError::unknown, unavailable, SchemaSourceError::is_unavailable),
        (unavailable, SchemaSourceError::unknown, SchemaSourceError::is_unavailable),
        (unusable, SchemaSourceError::unknown, SchemaSourceError::is_unusable),
        (unusable, unusable, SchemaSourceError::is_unusable),
    ];
    for (one, other, is) in cases {
        let codec = Codec::confluent_avro().with_source(Says(one)).with_source(Says(other));
        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        let error = decoder.resolve([], b"\0\0\0\0\x07\0").await.unwrap_err();
        assert!(is(&error), "{error}");
        assert!(decoder.load(b"\0\0\0\0\x07\0").unwrap_err().is_unknown_schema());
    }
    // Another source may have a different schema with the same id.
    let own = Schema::of::<Ping>().unwrap();
    for fault in [unavailable, unusable] {
        let codec =
            Codec::confluent_avro().with_source(Says(fault)).with_source(Only(SchemaId::Number(7), own.clone()));
        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        assert!(!decoder.resolve([], b"\0\0\0\0\x07\0").await.unwrap_err().is_unknown());
        assert!(decoder.load(b"\0\0\0\0\x07\x0E\x02\x02x").unwrap_err().is_unknown_schema());
    }
}

#[test]
fn the_format_of_an_event_s_id_is_that_of_the_framing() {
    // A service that still writes JSON, and reads Avro.
    let codec = Codec::json().also_reads(Codec::confluent_avro()).with_event::<Ping>(ID).unwrap();
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    assert_eq!(decoder.load(&framed(ID, b"\x0E\x02\x02x")).unwrap(), ping());
    let codec = Codec::single_object().also_reads(Codec::confluent_json()).with_event::<Ping>(ID).unwrap();
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    assert_eq!(decoder.load(&framed(ID, br#"{"seq":7,"note":"x"}"#)).unwrap(), ping());

    let both = Codec::confluent_avro().also_reads(Codec::confluent_json());
    let two = "event `ping` cannot be given id 7: both Avro and JSON are read with ids; give it to one codec, before \
               `also_reads`";
    let none = "event `ping` cannot be given id 7: the codec has none of Confluent's framings";
    let fingerprint = "event `ping` cannot be given fingerprint 0x0000000000000007: `Codec::single_object` computes it";
    for (codec, id, expected) in [
        (both, ID, two),
        (Codec::json(), ID, none),
        (Codec::single_object(), ID, none),
        (Codec::confluent_avro(), SchemaId::Fingerprint(7), fingerprint),
    ] {
        let error = codec.with_event::<Ping>(id).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_header_that_a_codec_of_json_cannot_use_is_passed_over() {
    let id = ID.to_header().unwrap();
    let headers = [(VALUE_SCHEMA_ID, Some(&*id))];
    let json = br#"{"seq":7,"note":"x"}"#;
    for codec in
        [Codec::json(), Codec::json().also_reads(Codec::single_object()), Codec::avro().also_reads(Codec::json())]
    {
        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        assert_eq!(decoder.load_message(headers, json, &LoadOptions::new()).unwrap(), ping(), "{codec:?}");
    }
    // But a datum is of the schema that is named.
    let headers = [headers[0], ("content-type", Some(&b"avro/binary"[..]))];
    for codec in [Codec::avro(), Codec::avro().also_reads(Codec::json())] {
        let decoder = Decoder::<Ping>::new(&codec).unwrap();
        let error = decoder.load_message(headers, b"\x0E\x02\x02x", &LoadOptions::new()).unwrap_err();
        assert!(error.is_syntax(), "{error}");
    }
}

#[test]
fn the_content_type_of_a_value_says_nothing_about_its_key() {
    let codec = Codec::json().also_reads(Codec::avro()).for_keys();
    let headers = [("content-type", Some(&b"avro/binary"[..]))];
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    let loaded = decoder.load_message(headers, br#"{"seq":7,"note":"x"}"#, &LoadOptions::new());
    assert_eq!(loaded.unwrap(), ping());
}

#[test]
fn an_id_of_another_format_is_no_unknown_one() {
    let known = Codec::confluent_json().with_schema(ID, earlier());
    let error = Decoder::<Ping>::new(&known).unwrap().load(&framed(ID, b"\x0E")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the message has none of the framings that its codec reads; `Codec::also_reads` adds one"
    );
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Blob(#[event(avro(bytes))] Vec<u8>);

#[tokio::test]
async fn bytes_without_a_record_have_no_framing_that_all_clients_share() {
    let blob = Blob(vec![1, 2, 3]);
    let problem = "has a schema of `bytes`, which Confluent's clients for Java write without a length: put the bytes into \
                   a record";
    let codec = Codec::confluent_avro().with_event::<Blob>(ID).unwrap();
    let error = Encoder::<Blob>::new(&codec).unwrap_err();
    assert_eq!(error.to_string(), format!("event `blob` {problem}"));
    let error = Decoder::<Blob>::new(&codec).unwrap_err();
    assert_eq!(error.to_string(), format!("id 7 {problem}"));

    let found = Codec::confluent_avro().with_source(Only(ID, Schema::parse("\"bytes\"").unwrap()));
    let decoder = Decoder::<Blob>::new(&found).unwrap();
    let error = decoder.resolve([], &framed(ID, &[1, 2, 3])).await.unwrap_err();
    assert!(error.is_unusable(), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), format!("id 7 {problem}"));

    for codec in [Codec::avro(), Codec::single_object()] {
        let bytes = Encoder::new(&codec).unwrap().dump(&blob).unwrap();
        assert_eq!(Decoder::<Blob>::new(&codec).unwrap().load(&bytes).unwrap(), blob);
    }
}

#[test]
fn no_error_quotes_the_message() {
    const SECRET: &[u8] = b"Jane-4711";
    let codec = Codec::confluent_avro()
        .with_event::<Ping>(ID)
        .unwrap()
        .also_reads(Codec::confluent_json())
        .also_reads(Codec::json());
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    let messages = [
        SECRET.to_vec(),
        framed(ID, SECRET),
        framed(SchemaId::Number(8), SECRET),
        [&b"\x01"[..], SECRET].concat(),
        [&b"\xC3\x01"[..], SECRET].concat(),
    ];
    for message in messages {
        let errors = [
            decoder.load(&message).map(drop),
            decoder.load_message([(VALUE_SCHEMA_ID, Some(&*message))], b"{}", &LoadOptions::new()).map(drop),
        ];
        for error in errors.into_iter().filter_map(Result::err) {
            let shown = format!("{error} {error:?} {}", error.to_problem());
            assert!(!shown.contains("Jane") && !shown.contains("4711"), "{shown}");
        }
    }
}

fn refuses<E: EventSchema + Debug>(codec: &Codec, expected: &str) {
    let error = Encoder::<E>::new(codec).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[event_schema::event]
#[derive(Debug)]
struct Extended {
    #[serde(flatten)]
    extra: BTreeMap<String, i64>,
}

#[test]
fn what_a_codec_cannot_write_is_refused_when_an_encoder_is_made() {
    let no_id = "the codec has no schema id for version 1 of event `ping`: give it one with `Codec::with_event`";
    refuses::<Ping>(&Codec::confluent_avro(), no_id);
    refuses::<Ping>(&Codec::confluent_json(), no_id);
    // An id of another event's is none.
    refuses::<Ping>(&Codec::confluent_json().with_event::<Bytes>(ID).unwrap(), no_id);
    refuses::<Extended>(&Codec::avro(), "event `extended` cannot be written as Avro");
    for codec in
        [Codec::avro(), Codec::single_object(), Codec::confluent_avro(), Codec::json().also_reads(Codec::avro())]
    {
        let error = Decoder::<Extended>::new(&codec).unwrap_err();
        assert_eq!(error.to_string(), "event `extended` cannot be written as Avro", "{codec:?}");
    }
    assert!(
        Encoder::<Extended>::new(&Codec::json()).is_ok() && Decoder::<Extended>::new(&Codec::confluent_json()).is_ok()
    );
    refuses::<Ping>(
        &Codec::single_object().ids_in_headers(),
        "event `ping` has a fingerprint, which no header has: headers hold numbers and GUIDs of a registry",
    );
}
