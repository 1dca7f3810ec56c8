//! A registry as the source of a codec's schemas.

use event_schema::LoadOptions;
use event_schema::format::framing::{Guid, SchemaId, VALUE_SCHEMA_ID};
use event_schema::format::{Codec, Decoder, Encoder, SchemaSource, SchemaSourceError};
use event_schema::registry::{RegistryConfig, RegistryError, SchemaRegistry};
use serde_json::json;

use super::server::{Reply, Request, Server, json as answer, text, wrong};
use super::{client, hasty};

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Ping {
    seq: i64,
    #[serde(default)]
    note: String,
}

const EARLIER: &str = r#"{"type":"record","name":"Ping","fields":[{"name":"seq","type":"int"}]}"#;

fn ping(seq: i64) -> Ping {
    Ping { seq, note: String::new() }
}

fn codec(config: &RegistryConfig) -> Codec {
    Codec::confluent_avro().with_source(SchemaRegistry::new(config).unwrap())
}

#[tokio::test]
async fn messages_are_read_with_the_schema_of_their_writer() {
    let guid = "00000000-0000-0000-0000-000000000007";
    let server = Server::start(move |request| match &*request.target {
        "/schemas/ids/3" => answer(200, &json!({ "schema": EARLIER })),
        "/schemas/ids/4" => answer(200, &json!({ "schema": "{\"title\": \"Ping\"}", "schemaType": "JSON" })),
        "/schemas/ids/5" => answer(
            200,
            &json!({
                "schema": r#"{"type":"record","name":"Ping","fields":[{"name":"seq","type":"long"},{"name":"note","type":"com.Note"}]}"#,
                "references": [{ "name": "com.Note", "subject": "note", "version": 1 }],
            }),
        ),
        "/subjects/note/versions/1?deleted=true" => {
            let note = r#"{"type":"enum","name":"com.Note","symbols":["A","B"]}"#;
            answer(200, &json!({ "subject": "note", "version": 1, "id": 2, "schema": note }))
        }
        target => {
            assert_eq!(target, format!("/schemas/guids/{guid}"));
            answer(200, &json!({ "schema": EARLIER }))
        }
    })
    .await;
    let registry = client(&server.url());
    let codec = Codec::confluent_avro().also_reads(Codec::confluent_json()).with_source(registry);
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    let in_header = SchemaId::Guid(guid.parse().unwrap()).to_header().unwrap();
    for _ in 0..3 {
        for (header, message, expected) in [
            (None, &b"\0\0\0\0\x03\x0E"[..], ping(7)),
            (None, b"\0\0\0\0\x04{\"seq\": 8}", ping(8)),
            (None, b"\0\0\0\0\x05\x12\x02", Ping { seq: 9, note: "B".to_owned() }),
            (Some((VALUE_SCHEMA_ID, Some(&*in_header))), b"\x0E", ping(7)),
        ] {
            decoder.resolve(header, message).await.unwrap();
            assert_eq!(decoder.load_message(header, message, &LoadOptions::new()).unwrap(), expected);
        }
    }
    assert_eq!(server.count(), 5);
}

#[tokio::test]
async fn the_reason_why_there_is_no_schema_is_told_apart() {
    for (reply, is) in [
        (wrong(40403, "Schema 3 not found"), SchemaSourceError::is_unknown as fn(&_) -> _),
        (wrong(50001, "Error in the backend datastore"), SchemaSourceError::is_unavailable),
        (wrong(40101, "Unauthorized"), SchemaSourceError::is_refused),
        (text(404, "<html>Not Found</html>"), SchemaSourceError::is_refused),
        (answer(200, &json!({ "schema": "", "schemaType": "PROTOBUF" })), SchemaSourceError::is_unusable),
        (answer(200, &json!({ "schema": "{\"type\": \"record\"}" })), SchemaSourceError::is_unusable),
    ] {
        let server = server(reply).await;
        let error = SchemaSource::schema(&client(&server.url()), SchemaId::Number(3)).await.unwrap_err();
        assert!(is(&error), "{error}");
    }
}

#[tokio::test]
async fn an_id_that_no_registry_can_have_is_not_asked_for() {
    let server = server(wrong(404, "HTTP 404 Not Found")).await;
    let registry = client(&server.url());
    // Beyond Java's `int`, or none of a registry: it cannot be asked for.
    for id in [SchemaId::Number(u32::MAX), SchemaId::Fingerprint(7)] {
        let error = SchemaSource::schema(&registry, id).await.unwrap_err();
        assert!(error.is_unusable(), "{error}");
    }
    assert_eq!(server.count(), 0);
    // To a registry without GUIDs.
    let error = SchemaSource::schema(&registry, SchemaId::Guid(Guid::from([7; 16]))).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    let error = SchemaSource::schema(&registry, SchemaId::Number(7)).await.unwrap_err();
    assert!(error.is_refused(), "{error}");
}

async fn server(reply: Reply) -> Server {
    Server::start(move |_: &Request| reply.clone()).await
}

#[tokio::test]
async fn events_are_written_with_the_id_of_their_subject() {
    let server = Server::start(|request| match &*request.line() {
        "POST /subjects/pings-value/versions" => answer(200, &json!({ "id": 1 })),
        "POST /subjects/pings-key/versions" => answer(200, &json!({ "id": 2 })),
        "POST /subjects/Ping" => answer(200, &json!({ "id": 3, "version": 1, "schema": request.json()["schema"] })),
        "GET /subjects/pings-value/versions/latest" => {
            answer(200, &json!({ "id": 4, "version": 9, "schema": EARLIER }))
        }
        "POST /subjects/bad-value/versions" => wrong(409, "Schema being registered is incompatible"),
        _ => wrong(40401, "Subject not found."),
    })
    .await;
    let registering = hasty(&server.url());
    let by_record = hasty(&server.url())
        .set("auto.register.schemas", "false")
        .set("value.subject.name.strategy", "RecordNameStrategy");
    let latest = hasty(&server.url())
        .set("auto.register.schemas", "false")
        .set("use.latest.version", "true")
        .set("latest.compatibility.strict", "false");
    for (codec, expected) in [
        (codec(&registering), &b"\0\0\0\0\x01\x0E\0"[..]),
        (codec(&registering).for_keys(), b"\0\0\0\0\x02\x0E\0"),
        (codec(&by_record), b"\0\0\0\0\x03\x0E\0"),
        // In the schema of the latest version, which has no note.
        (codec(&latest), b"\0\0\0\0\x04\x0E"),
        (Codec::confluent_json().with_source(client(&server.url())), b"\0\0\0\0\x01{\"seq\":7,\"note\":\"\"}"),
    ] {
        let encoder = Encoder::for_topic(&codec, "pings").await.unwrap();
        assert_eq!(encoder.dump(&ping(7)).unwrap(), expected);
    }
    let json = server.log().pop().unwrap().json();
    assert_eq!(json["schemaType"], "JSON");
    assert!(json["schema"].as_str().unwrap().contains("\"title\":\"Ping\""));

    for (config, topic, is) in [
        (&registering, "bad", SchemaSourceError::is_refused as fn(&_) -> _),
        (&latest, "new", SchemaSourceError::is_unknown),
    ] {
        let error = Encoder::<Ping>::for_topic(&codec(config), topic).await.unwrap_err();
        assert!(error.source_error().is_some_and(is), "{error:?}");
    }
}

#[tokio::test]
async fn the_cause_of_an_error_is_within_reach() {
    let server = server(wrong(40101, "Unauthorized")).await;
    let codec = codec(&hasty(&server.url()));
    let error = Encoder::<Ping>::for_topic(&codec, "pings").await.unwrap_err();
    let error = error.source_error().unwrap();
    assert_eq!(error.to_string(), "the schema is refused");
    let cause = std::error::Error::source(error).unwrap().downcast_ref::<RegistryError>().unwrap();
    assert!(cause.is_denied() && cause.code() == Some(40101), "{cause}");

    // Which subject the registry does not know.
    let server = self::server(wrong(40401, "Subject 'pings-value' not found.")).await;
    let codec = self::codec(&hasty(&server.url()).set("auto.register.schemas", "false"));
    let error = Encoder::<Ping>::for_topic(&codec, "pings").await.unwrap_err();
    let error = error.source_error().unwrap();
    assert!(error.is_unknown());
    let cause = std::error::Error::source(error).unwrap().to_string();
    let expected = format!("POST {}/subjects/pings-value: status 404, code 40401: Subject ", server.url());
    assert!(cause.starts_with(&expected), "{cause}");

    // A decoder says it, too.
    let decoder = Decoder::<Ping>::new(&codec).unwrap();
    let error = decoder.resolve([], b"\0\0\0\0\x07\x0E").await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<RegistryError>().unwrap();
    assert!(error.is_unknown() && cause.code() == Some(40401), "{cause}");
}

const GUID: &str = "0a1b2c3d-0000-4000-8000-0000000000ff";

#[tokio::test]
async fn an_id_in_a_header_is_the_guid_if_the_registry_has_one() {
    let header = |id: SchemaId| Some((VALUE_SCHEMA_ID, id.to_header().unwrap()));
    let guid = SchemaId::Guid(GUID.parse().unwrap());
    for (registered, by_id, expected) in [
        (json!({ "id": 7, "guid": GUID }), json!({}), guid),
        (json!({ "id": 7 }), json!({ "schema": EARLIER, "guid": GUID }), guid),
        (json!({ "id": 7 }), json!({ "schema": EARLIER }), SchemaId::Number(7)),
    ] {
        let server = Server::start(move |request| match &*request.line() {
            "POST /subjects/pings-value/versions" => answer(200, &registered),
            "GET /schemas/ids/7" => answer(200, &by_id),
            line => panic!("{line}"),
        })
        .await;
        let codec = codec(&hasty(&server.url()));
        let encoder = Encoder::<Ping>::for_topic(&codec.clone().ids_in_headers(), "pings").await.unwrap();
        let found = encoder.header().map(|(name, id)| (name, id.to_vec()));
        assert_eq!(found, header(expected));
        assert_eq!(encoder.dump(&ping(7)).unwrap(), b"\x0E\0");
        // Before the data it is a number, as Confluent writes it.
        let encoder = Encoder::<Ping>::for_topic(&codec, "pings").await.unwrap();
        assert_eq!(encoder.dump(&ping(7)).unwrap(), b"\0\0\0\0\x07\x0E\0");
    }
}
