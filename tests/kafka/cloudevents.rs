//! CloudEvents in Kafka messages: a corpus of messages and the events that they stand for, and what
//! the specification says beyond it.

use std::collections::BTreeSet;

use event_schema::format::cloudevents::{Attribute, CloudEvent, Data, Message, Mode};
use event_schema::serde_json::{self, Value, json};
use event_schema::{Envelope, serde_json::Map};
use proptest::prelude::*;
use proptest::{collection, option, sample};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/cloudevents.jsonl");

type Headers = Vec<(String, Option<Vec<u8>>)>;

struct Row {
    id: String,
    mode: String,
    direction: String,
    headers: Headers,
    key: Option<String>,
    value: Option<Vec<u8>>,
    /// None where the message is no CloudEvent.
    event: Option<Map<String, Value>>,
}

impl Row {
    fn parse(line: &str) -> Self {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let headers = row["headers"].as_array().unwrap().iter().map(|header| {
            (header[0].as_str().unwrap().to_owned(), header[1].as_str().map(|text| text.as_bytes().to_vec()))
        });
        let base64 = text("value_base64").map(|base64| decode(&base64));
        Self {
            id: text("id").unwrap(),
            mode: text("mode").unwrap(),
            direction: text("direction").unwrap(),
            headers: headers.collect(),
            key: text("key"),
            value: base64.or_else(|| text("value").map(String::into_bytes)),
            event: row["event"].as_object().cloned(),
        }
    }

    fn read(&self) -> Result<CloudEvent, String> {
        read(&self.headers, self.value.as_deref())
    }
}

fn read(headers: &Headers, value: Option<&[u8]>) -> Result<CloudEvent, String> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
    CloudEvent::read(headers, value).map_err(|error| error.to_string())
}

/// Base64, by way of an event.
fn decode(base64: &str) -> Vec<u8> {
    let event = json!({"specversion": "1.0", "id": "1", "source": "/", "type": "x", "data_base64": base64});
    let event = CloudEvent::read_json(event.to_string().as_bytes()).unwrap();
    event.data().unwrap().as_bytes().to_vec()
}

fn corpus() -> Vec<Row> {
    let text = std::fs::read_to_string(CORPUS).expect("a readable file");
    let rows: Vec<Row> = text.lines().map(Row::parse).collect();
    assert!(!rows.is_empty());
    rows
}

/// What is different between an event that was read and what the corpus says.
fn differences(read: &CloudEvent, row: &Row) -> Vec<String> {
    let mut expected = row.event.clone().unwrap();
    let data = expected.remove("data");
    let base64 = expected.remove("data_base64");
    let mut differences = Vec::new();

    let names: BTreeSet<&str> = read.attributes().map(|(name, _)| name).collect();
    // A null is an attribute that is not there.
    expected.retain(|_, value| !value.is_null());
    // What is implied in one format is said in the other.
    if data.is_some() && read.data_content_type() == Some("application/json") {
        expected.entry("datacontenttype").or_insert_with(|| "application/json".into());
    }
    let wanted: BTreeSet<&str> = expected.keys().map(String::as_str).collect();
    if names != wanted {
        differences.push(format!("attributes {names:?}, expected {wanted:?}"));
    }
    for (name, value) in &expected {
        let same = match (read.attribute(name), value, &*row.mode) {
            // Headers have no types.
            (Some(Attribute::String(found)), Value::Number(_) | Value::Bool(_), "binary") => {
                serde_json::from_str::<Value>(found).is_ok_and(|found| found == *value)
            }
            (Some(Attribute::String(found)), Value::String(value), _) => found == value,
            (Some(Attribute::Integer(found)), Value::Number(value), _) => value.as_i64() == Some((*found).into()),
            (Some(Attribute::Boolean(found)), Value::Bool(value), _) => found == value,
            _ => false,
        };
        if !same {
            differences.push(format!("{name}: {:?}, expected {value}", read.attribute(name)));
        }
    }
    let is_json = read.data_content_type().is_none_or(|media_type| media_type.contains("json"));
    let same = match (read.data(), data, base64) {
        (None, None, None) => true,
        (Some(Data::Binary(found)), None, Some(base64)) => *found == decode(base64.as_str().unwrap()),
        (Some(Data::Text(found)), Some(data), None) if is_json => serde_json::from_str::<Value>(found).unwrap() == data,
        (Some(Data::Text(found)), Some(data), None) => found.as_str() == data,
        _ => false,
    };
    if !same {
        differences.push(format!("data {:?}", read.data()));
    }
    differences
}

#[test]
fn messages_are_read_as_the_corpus_says() {
    let rows = corpus();
    let (mut failures, mut count) = (Vec::new(), 0);
    for row in rows.iter().filter(|row| matches!(&*row.direction, "both" | "decode")) {
        count += 1;
        match (row.read(), &row.event) {
            (Ok(event), Some(_)) => {
                failures.extend(differences(&event, row).into_iter().map(|text| format!("{}: {text}", row.id)));
            }
            (Err(error), None) => println!("{}: {error}", row.id),
            (Ok(event), None) => failures.push(format!("{}: accepted as {event:?}", row.id)),
            (Err(error), Some(_)) => failures.push(format!("{}: refused: {error}", row.id)),
        }
    }
    println!("{count} messages read");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The value, of JSON without regard to blanks and order.
fn value(bytes: Option<&[u8]>) -> Result<Option<Value>, Option<&[u8]>> {
    match bytes {
        None => Ok(None),
        Some(bytes) => serde_json::from_slice(bytes).map(Some).map_err(|_| Some(bytes)),
    }
}

type TextHeaders = BTreeSet<(String, Option<String>)>;

fn written(message: &Message) -> (TextHeaders, Option<&[u8]>) {
    let headers = message.headers().iter().map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).ok()));
    (headers.collect(), message.value())
}

#[test]
fn events_are_written_as_the_corpus_says() {
    let rows = corpus();
    let mut count = 0;
    for row in rows.iter().filter(|row| matches!(&*row.direction, "both" | "encode")) {
        count += 1;
        let id = &row.id;
        let event = row.event.clone().unwrap_or_else(|| panic!("{id}: an event to write"));
        let event = CloudEvent::read_json(Value::from(event).to_string().as_bytes()).unwrap();
        let message = if row.mode == "binary" { event.to_binary() } else { event.to_structured().unwrap() };
        let (headers, written) = written(&message);
        let mut expected: BTreeSet<_> = row
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().and_then(|value| String::from_utf8(value).ok())))
            .collect();
        if row.mode == "structured" {
            // The charset is optional: JSON is UTF-8.
            expected = BTreeSet::from([(
                "content-type".to_owned(),
                Some("application/cloudevents+json; charset=UTF-8".to_owned()),
            )]);
        }
        assert_eq!(headers, expected, "{id}");
        assert_eq!(value(written), value(row.value.as_deref()), "{id}");
        if let Some(key) = event.partition_key() {
            assert_eq!(Some(key), row.key.as_deref(), "{id}");
        }
    }
    println!("{count} events written");
}

#[test]
fn what_is_written_in_either_mode_is_read_as_it_was() {
    let texts = [
        json!({"id": "1", "source": "/", "type": "x", "data": {"a": [1, null]}, "datacontenttype": "Application/JSON; charset=utf-8"}),
        json!({"id": "Zoë/世界 🌍", "source": "urn:a%20b", "type": "x", "data": "text", "datacontenttype": "text/plain"}),
        json!({"id": "1", "source": "/", "type": "x", "data_base64": "AP8=", "datacontenttype": "image/png"}),
        json!({"id": "1", "source": "?#", "type": "x", "data": null, "datacontenttype": "application/vnd.acme+json"}),
        json!({"id": "1", "source": "/", "type": "x", "time": "2018-04-05T17:31:00.000001-08:00", "dataschema": "a:b"}),
    ];
    for text in texts {
        let mut text = text;
        text["specversion"] = "1.0".into();
        let event = CloudEvent::read_json(text.to_string().as_bytes()).unwrap();
        for message in [event.to_binary(), event.to_structured().unwrap()] {
            let headers = message.headers().iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
            assert_eq!(read(&headers, message.value()).as_ref(), Ok(&event));
        }
    }
}

/// The headers of an event in binary mode, with one of them changed, removed or added.
fn headers(name: &str, value: Option<&str>) -> Headers {
    let mut headers = vec![("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/a"), ("ce_type", "x")];
    headers.retain(|(known, _)| *known != name);
    let mut headers: Headers =
        headers.into_iter().map(|(name, value)| (name.to_owned(), Some(value.as_bytes().to_vec()))).collect();
    headers.extend(value.map(|value| (name.to_owned(), Some(value.as_bytes().to_vec()))));
    headers
}

#[test]
fn a_binary_event_that_breaks_a_rule_is_refused_with_the_rule() {
    for (name, value, error) in [
        ("ce_specversion", None, "required attribute `specversion` is missing"),
        ("ce_id", None, "required attribute `id` is missing"),
        ("ce_source", None, "required attribute `source` is missing"),
        ("ce_type", None, "required attribute `type` is missing"),
        ("ce_specversion", Some("0.3"), "attribute `specversion` is not `1.0`, the supported version"),
        ("ce_specversion", Some(""), "attribute `specversion` is empty"),
        ("ce_id", Some(""), "attribute `id` is empty"),
        ("ce_source", Some(""), "attribute `source` is empty"),
        ("ce_source", Some("a b"), "attribute `source` is not a URI reference"),
        ("ce_source", Some("/50%"), "attribute `source` is not a URI reference"),
        ("ce_source", Some("/%4x"), "attribute `source` is not a URI reference"),
        ("ce_type", Some(""), "attribute `type` is empty"),
        ("ce_subject", Some(""), "attribute `subject` is empty"),
        ("ce_dataschema", Some("/no/scheme"), "attribute `dataschema` is not a URI with a scheme"),
        ("ce_time", Some("2018-04-05"), "attribute `time` is not an RFC 3339 time"),
        ("ce_time", Some("2018-04-05T03:56:24"), "attribute `time` is not an RFC 3339 time"),
        ("ce_time", Some("2018-04-05_03:56:24Z"), "attribute `time` is not an RFC 3339 time"),
        ("ce_time", Some("2018-02-30T03:56:24Z"), "attribute `time` is not an RFC 3339 time"),
        ("content-type", Some("json"), "attribute `datacontenttype` is not a media type"),
        (
            "ce_My_Extension",
            Some("x"),
            "`My_Extension` is not a legal attribute name: use `a` to `z` and `0` to `9`; `data` is reserved",
        ),
        (
            "ce_data",
            Some("x"),
            "`data` is not a legal attribute name: use `a` to `z` and `0` to `9`; `data` is reserved",
        ),
        ("ce_note", Some("a\nb"), "attribute `note` contains a control character or a noncharacter"),
        ("ce_note", Some("\u{ffff}"), "attribute `note` contains a control character or a noncharacter"),
    ] {
        assert_eq!(read(&headers(name, value), Some(b"{}")), Err(error.to_owned()), "{name} {value:?}");
    }
    let mut not_utf8 = headers("", None);
    not_utf8.push(("ce_note".to_owned(), Some(vec![0xff])));
    assert_eq!(read(&not_utf8, None), Err("attribute `note` is not UTF-8".to_owned()));
}

#[test]
fn a_structured_event_that_breaks_a_rule_is_refused_with_the_rule() {
    for (members, error) in [
        (r#", "specversion": "0.3""#, "the JSON object has a duplicate member"),
        (r#", "rate": 1.5"#, "attribute `rate` is neither a string nor a boolean nor a 32-bit integer"),
        (r#", "rate": 2147483648"#, "attribute `rate` is neither a string nor a boolean nor a 32-bit integer"),
        (r#", "rate": {}"#, "attribute `rate` is neither a string nor a boolean nor a 32-bit integer"),
        (r#", "time": 5"#, "attribute `time` is not a string"),
        (r#", "data": 1, "datacontenttype": "text/plain""#, "`data` must be a string if `datacontenttype` is not JSON"),
        (r#", "data_base64": "%""#, "`data_base64` is not Base64 text"),
        (r#", "data_base64": 5"#, "`data_base64` is not Base64 text"),
        (r#", "data": null, "data_base64": "AA==""#, "`data` and `data_base64` exclude each other"),
        (r#", "Data": 5"#, "`Data` is not a legal attribute name: use `a` to `z` and `0` to `9`; `data` is reserved"),
        (r#", "x""#, "not valid JSON at line 1 column 66"),
    ] {
        let document = format!(r#"{{"specversion": "1.0", "id": "1", "source": "/", "type": "x"{members}}}"#);
        let error_found = CloudEvent::read_json(document.as_bytes()).unwrap_err().to_string();
        assert_eq!(error_found, error, "{document}");
    }
    for (document, error) in [
        ("", "not valid JSON at line 1 column 0"),
        ("[{}]", "a CloudEvent must be a JSON object"),
        ("7", "a CloudEvent must be a JSON object"),
        ("{", "not valid JSON at line 1 column 1"),
    ] {
        assert_eq!(CloudEvent::read_json(document.as_bytes()).unwrap_err().to_string(), error, "{document}");
    }
}

#[test]
fn unset_attributes_of_a_structured_event_may_be_null() {
    let document =
        br#"{"specversion": "1.0", "id": "1", "source": "/", "type": "x", "subject": null, "data_base64": null}"#;
    let event = CloudEvent::read_json(document).unwrap();
    assert_eq!((event.subject(), event.data()), (None, None));
}

#[test]
fn the_media_type_has_no_case_and_the_last_header_of_a_name_counts() {
    for name in ["content-type", "Content-Type"] {
        let structured = [(name.to_owned(), Some(b"APPLICATION/CloudEvents+JSON;charset=utf-8".to_vec()))];
        let headers = structured.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        assert_eq!(Mode::of(headers), Mode::Structured);
        let document = br#"{"specversion": "1.0", "id": "1", "source": "/", "type": "x"}"#;
        assert_eq!(read(&structured.to_vec(), Some(document)).unwrap().id(), "1");
    }
    let mut twice = headers("ce_id", Some("first"));
    twice.push(("ce_id".to_owned(), Some(b"last".to_vec())));
    assert_eq!(read(&twice, None).unwrap().id(), "last");
}

#[test]
fn formats_other_than_json_and_batches_are_not_handled() {
    for media_type in ["application/cloudevents-batch+json", "application/cloudevents+avro", "application/cloudevents"]
    {
        let headers = vec![("content-type".to_owned(), Some(media_type.as_bytes().to_vec()))];
        let error = read(&headers, Some(b"[]")).unwrap_err();
        assert_eq!(error, format!("the event format `{media_type}` is not supported"));
    }
}

#[test]
fn an_envelope_is_that_of_its_event() {
    let event = CloudEvent::new("A-1", "/shop", "order.placed.v3")
        .and_then(|event| event.with("time", "1970-01-01T00:00:07Z"))
        .and_then(|event| event.with("causationid", "B-2"))
        .and_then(|event| event.with("traceparent", "00-1-2-01"))
        .unwrap();
    let envelope = Envelope::from(&event);
    assert_eq!((envelope.id(), envelope.source()), ("A-1", Some("/shop")));
    assert_eq!((envelope.event_type(), envelope.version()), (Some("order.placed.v3"), Some(3)));
    assert_eq!((envelope.causation(), envelope.trace_parent()), (Some("B-2"), Some("00-1-2-01")));
    assert_eq!(envelope.time(), event.time());
}

#[test]
fn ids_sort_in_the_order_in_which_they_were_made() {
    let ids: Vec<String> = (0..10_000).map(|_| Envelope::new().id().to_owned()).collect();
    assert!(ids.is_sorted_by(|earlier, later| earlier < later));
}

/// Headers as they may come, most of them near what is right.
fn any_headers() -> impl Strategy<Value = Headers> {
    let name = prop_oneof![
        sample::select(vec![
            "ce_specversion",
            "ce_id",
            "ce_source",
            "ce_type",
            "ce_time",
            "ce_subject",
            "content-type"
        ])
        .prop_map(str::to_owned),
        "ce_[a-zA-Z_]{0,5}",
        any::<String>(),
    ];
    let value = prop_oneof![
        sample::select(vec![
            "1.0",
            "/a",
            "2018-04-05T17:31:00Z",
            "application/cloudevents+json",
            "text/xml",
            "A/J+json"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        any::<Vec<u8>>(),
    ];
    let rest = collection::vec((name, option::of(value)), 0..8);
    (any::<bool>(), rest).prop_map(|(is_complete, rest)| {
        let required = if is_complete { headers("", None) } else { Vec::new() };
        required.into_iter().chain(rest).collect()
    })
}

/// Values as they may come: bytes, JSON, and documents of the JSON event format.
fn any_value() -> impl Strategy<Value = Option<Vec<u8>>> {
    let member = sample::select(vec![
        r#""specversion":"1.0""#,
        r#""id":"1""#,
        r#""source":"/a""#,
        r#""type":"x""#,
        r#""data":[1, null]"#,
        r#""data":"text""#,
        r#""data_base64":"AP8=""#,
        r#""datacontenttype":"text/plain""#,
        r#""count":7"#,
        r#""flag":true"#,
        r#""x":null"#,
        r#""y":{"#,
    ]);
    let document = sample::subsequence((0..12).collect::<Vec<_>>(), 0..12);
    let document = (document, collection::vec(member, 12)).prop_map(|(places, members)| {
        let mut all = vec![r#""specversion":"1.0""#, r#""id":"1""#, r#""source":"/a""#, r#""type":"x""#];
        all.extend(places.into_iter().take(3).map(|place| members[place]));
        format!("{{{}}}", all.join(",")).into_bytes()
    });
    option::of(prop_oneof![any::<Vec<u8>>(), document, Just(b"{}".to_vec())])
}

/// What is the same in either mode: types of attributes are not.
fn content(event: &CloudEvent) -> (Vec<(String, String)>, Option<Vec<u8>>) {
    let attributes = event.attributes().filter(|(name, _)| *name != "datacontenttype");
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_string()));
    (attributes.collect(), event.data().map(|data| data.as_bytes().to_vec()))
}

/// A megabyte of names takes moments; a comparison of each with all others would take minutes.
#[test]
fn a_document_of_many_members_is_read_at_once() {
    let members: Vec<String> = (0..100_000).map(|number| format!(r#""a{number}":1"#)).collect();
    let members = members.join(",");
    let document = format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"x",{members}}}"#);
    let event = CloudEvent::read_json(document.as_bytes()).unwrap();
    assert_eq!(event.attributes().count(), 100_004);
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_read_can_be_written(headers in any_headers(), value in any_value()) {
        if let Ok(event) = read(&headers, value.as_deref()) {
            let structured = event.to_structured().ok();
            for message in [Some(event.to_binary()), structured].into_iter().flatten() {
                let headers = message.headers().iter().map(|(name, value)| (name.clone(), Some(value.clone())));
                let again = read(&headers.collect(), message.value()).unwrap();
                prop_assert_eq!(content(&again), content(&event));
            }
        }
    }
}
