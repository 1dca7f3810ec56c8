//! Requests as Confluent documents them, and what becomes of the answers.

use event_schema::contract::compat::Compatibility;
use event_schema::format::SchemaSource;
use event_schema::format::framing::SchemaId;
use event_schema::registry::{
    Mode, RegistryError, SchemaReference, SchemaRegistry, SchemaText, SchemaType, SubjectNameStrategy,
};
use serde_json::{Value, json};

use super::server::{Reply, Request, Server, json as answer, wrong};
use super::{client, hasty};

const PING: &str =
    r#"{"type":"record","name":"Ping","namespace":"com.example","fields":[{"name":"seq","type":"long"}]}"#;
const GUID: &str = "0a1b2c3d-0000-4000-8000-0000000000ff";

/// A server with this one answer.
async fn server(reply: Reply) -> Server {
    Server::start(move |_| reply.clone()).await
}

fn sent(server: &Server) -> Vec<(String, Value)> {
    server.log().iter().map(|request| (request.line(), request.json())).collect()
}

#[tokio::test]
async fn schemas_are_found_by_number_and_by_guid_and_kept() {
    let server = Server::start(|request| match &*request.target {
        "/schemas/ids/7" => answer(200, &json!({ "schema": PING })),
        "/schemas/ids/8" => {
            answer(200, &json!({ "schema": "{}", "schemaType": "JSON", "references": null, "maxId": 9 }))
        }
        "/schemas/ids/9" => answer(200, &json!({ "schema": "", "schemaType": "PROTOBUF" })),
        "/schemas/ids/10" => answer(200, &json!({ "schema": "", "schemaType": "THRIFT" })),
        target => {
            assert_eq!(target, format!("/schemas/guids/{GUID}"));
            answer(200, &json!({ "schema": PING, "schemaType": "AVRO", "guid": GUID }))
        }
    })
    .await;
    let registry = client(&server.url());
    for _ in 0..3 {
        let ping = registry.schema_as_registered(SchemaId::Number(7)).await.unwrap();
        assert_eq!((ping.id(), ping.guid(), ping.subject(), ping.version()), (Some(7), None, None, None));
        assert_eq!((ping.schema().text(), ping.schema().schema_type()), (PING, SchemaType::Avro));
        assert_eq!(ping.schema().name().as_deref(), Some("com.example.Ping"));
        let by_guid = registry.clone().schema_as_registered(SchemaId::Guid(GUID.parse().unwrap())).await.unwrap();
        assert_eq!((by_guid.id(), by_guid.guid().unwrap().to_string()), (None, GUID.to_owned()));
        for (id, schema_type) in [(8, SchemaType::Json), (9, SchemaType::Protobuf), (10, SchemaType::Other)] {
            let found = registry.schema_as_registered(SchemaId::Number(id)).await.unwrap();
            assert_eq!(found.schema().schema_type(), schema_type);
        }
    }
    assert_eq!(server.count(), 5);
    assert!(server.log()[0].header("accept").unwrap().contains("application/vnd.schemaregistry.v1+json"));

    let error = registry.schema_as_registered(SchemaId::Fingerprint(7)).await.unwrap_err();
    assert!(error.is_unknown() && !error.is_transient());
    assert_eq!(error.to_string(), "a schema registry knows no fingerprint 0x0000000000000007");
    assert_eq!(server.count(), 5);
}

#[tokio::test]
async fn a_schema_without_a_language_has_that_of_its_text() {
    let texts = [
        (r#"{"type": "object"}"#, SchemaType::Json),
        (r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"}"#, SchemaType::Json),
        (r##"{"$ref": "#/$defs/Ping"}"##, SchemaType::Json),
        ("true", SchemaType::Json),
        (r#"{"type": "string"}"#, SchemaType::Avro),
        (r#"["null", "com.example.Ping"]"#, SchemaType::Avro),
        (r#""long""#, SchemaType::Avro),
        (PING, SchemaType::Avro),
    ];
    let server = Server::start(move |request| {
        let id: usize = request.target.rsplit('/').next().unwrap().parse().unwrap();
        answer(200, &json!({ "schema": texts[id].0 }))
    })
    .await;
    let registry = client(&server.url());
    for (id, (text, schema_type)) in (0..).zip(texts) {
        let found = registry.schema_as_registered(SchemaId::Number(id)).await.unwrap();
        assert_eq!(found.schema().schema_type(), schema_type, "{text}");
    }
}

#[tokio::test]
async fn the_cache_is_bounded() {
    let server = server(answer(200, &json!({ "schema": PING }))).await;
    let registry = SchemaRegistry::new(&hasty(&server.url()).set("cache.capacity", "2")).unwrap();
    for id in [1, 2, 1, 3, 1, 2] {
        registry.schema_as_registered(SchemaId::Number(id)).await.unwrap();
    }
    let asked = ["1", "2", "3", "2"].map(|id| format!("GET /schemas/ids/{id}"));
    assert_eq!(server.lines(), asked);
}

#[tokio::test]
async fn a_schema_is_registered_once_and_then_known_by_its_id() {
    let server = server(answer(200, &json!({ "id": 7 }))).await;
    let registry = client(&format!("{}/apis/ccompat/v7/", server.url()));
    let address = SchemaReference::new("com.example.Address", "address-value", 3);
    let schema = SchemaText::avro(PING).with_references([address]);
    for _ in 0..2 {
        let registered = registry.register("pings/value ä", &schema).await.unwrap();
        assert_eq!((registered.id(), registered.subject()), (Some(7), Some("pings/value ä")));
        assert_eq!(registered.schema(), &schema);
        assert_eq!(registry.schema_as_registered(SchemaId::Number(7)).await.unwrap().schema(), &schema);
    }
    let reference = json!({ "name": "com.example.Address", "subject": "address-value", "version": 3 });
    let body = json!({ "schema": PING, "schemaType": "AVRO", "references": [reference] });
    let line = "POST /apis/ccompat/v7/subjects/pings%2Fvalue%20%C3%A4/versions".to_owned();
    assert_eq!(sent(&server), [(line, body)]);
    assert_eq!(server.log()[0].header("content-type"), Some("application/vnd.schemaregistry.v1+json"));
}

#[tokio::test]
async fn newer_registries_tell_more_about_what_was_registered() {
    let body = json!({ "id": 7, "version": 2, "guid": GUID, "schema": PING, "schemaType": "AVRO" });
    let server = server(answer(200, &body)).await;
    let registered = client(&server.url()).register("pings-value", &SchemaText::avro(PING)).await.unwrap();
    assert_eq!((registered.id(), registered.version()), (Some(7), Some(2)));
    assert_eq!(registered.guid().unwrap().to_string(), GUID);
}

#[tokio::test]
async fn schemas_are_looked_up_under_a_subject() {
    let body = json!({ "subject": "pings-value", "id": 7, "version": 2, "schema": PING });
    let server = server(answer(200, &body)).await;
    let registry = SchemaRegistry::new(&hasty(&server.url()).set("normalize.schemas", "true")).unwrap();
    let found = registry.look_up("pings-value", &SchemaText::json("{}")).await.unwrap();
    assert_eq!((found.id(), found.version()), (Some(7), Some(2)));
    // The registry's own text, which it normalized.
    assert_eq!(found.schema().text(), PING);
    let body = json!({ "schema": "{}", "schemaType": "JSON" });
    assert_eq!(sent(&server), [("POST /subjects/pings-value?normalize=true".to_owned(), body)]);
}

#[tokio::test]
async fn subjects_and_versions_are_listed() {
    let server = Server::start(|request| match &*request.target {
        "/subjects" => answer(200, &json!(["pings-value", "orders-value"])),
        "/subjects/pings-value/versions" => answer(200, &json!([1, 3])),
        "/schemas/ids/7/versions" => answer(200, &json!([{ "subject": "pings-value", "version": 3 }])),
        "/subjects/pings-value/versions/3" | "/subjects/pings-value/versions/latest" => {
            answer(200, &json!({ "subject": "pings-value", "id": 7, "version": 3, "schema": PING }))
        }
        "/subjects/pongs-value/versions/latest" => wrong(40401, "Subject 'pongs-value' not found."),
        "/subjects/pings-value/versions/2" => wrong(40402, "Version 2 not found."),
        target => panic!("{target}"),
    })
    .await;
    let registry = client(&server.url());
    assert_eq!(registry.subjects().await.unwrap(), ["pings-value", "orders-value"]);
    assert_eq!(registry.versions("pings-value").await.unwrap(), [1, 3]);
    let places = registry.versions_of(7).await.unwrap();
    assert_eq!((places[0].subject(), places[0].version()), ("pings-value", 3));

    let before = server.count();
    for _ in 0..2 {
        assert_eq!(registry.version("pings-value", 3).await.unwrap().id(), Some(7));
        // This one may change at any time.
        let latest = registry.latest("pings-value").await.unwrap();
        assert_eq!((latest.subject(), latest.version()), (Some("pings-value"), Some(3)));
    }
    assert_eq!(server.count() - before, 3);

    let error = registry.latest("pongs-value").await.unwrap_err();
    assert!(error.is_unknown());
    assert_eq!((error.status(), error.code()), (Some(404), Some(40401)));
    let url = server.url();
    assert_eq!(
        error.to_string(),
        format!(
            "GET {url}/subjects/pongs-value/versions/latest: status 404, code 40401: Subject 'pongs-value' not found."
        )
    );
    assert!(registry.version("pings-value", 2).await.unwrap_err().is_unknown());
    for subject in ["", ".", ".."] {
        assert!(registry.latest(subject).await.unwrap_err().is_config());
    }
}

#[tokio::test]
async fn compatibility_is_asked_and_the_reasons_are_told() {
    let server = Server::start(|request| match &*request.target {
        "/compatibility/subjects/pings-value/versions?verbose=true" => {
            answer(200, &json!({ "is_compatible": false, "messages": ["READER_FIELD_MISSING_DEFAULT_VALUE"] }))
        }
        "/compatibility/subjects/orders-value/versions?verbose=true" => answer(200, &json!({ "is_compatible": true })),
        _ => wrong(40401, "Subject not found."),
    })
    .await;
    let registry = client(&server.url());
    let schema = SchemaText::avro(PING);
    let verdict = registry.check_compatibility("pings-value", &schema).await.unwrap();
    assert!(!verdict.is_compatible());
    assert!(verdict.reasons().eq(["READER_FIELD_MISSING_DEFAULT_VALUE"]));
    assert!(registry.check_compatibility("orders-value", &schema).await.unwrap().is_compatible());
    assert!(registry.check_compatibility("new-value", &schema).await.unwrap().is_compatible());
    assert_eq!(server.log()[0].json()["schema"], PING);
}

#[tokio::test]
async fn levels_are_read_and_set() {
    let server = Server::start(|request| match (&*request.method, &*request.target) {
        ("GET", "/config/pings-value") => answer(200, &json!({ "compatibilityLevel": "FULL_TRANSITIVE" })),
        ("GET", "/config") => answer(200, &json!({ "compatibilityLevel": "BACKWARD" })),
        ("GET", _) => wrong(40408, "Subject 'new' does not have subject-level compatibility configured"),
        _ => answer(200, &json!({ "compatibility": "FORWARD" })),
    })
    .await;
    let registry = client(&server.url());
    assert_eq!(registry.compatibility("pings-value").await.unwrap(), Some(Compatibility::FullTransitive));
    assert_eq!(registry.compatibility("new").await.unwrap(), None);
    assert_eq!(registry.default_compatibility().await.unwrap(), Some(Compatibility::Backward));
    registry.set_compatibility("pings-value", Compatibility::Forward).await.unwrap();
    registry.set_default_compatibility(Compatibility::None).await.unwrap();
    assert_eq!(
        sent(&server)[3..],
        [
            ("PUT /config/pings-value".to_owned(), json!({ "compatibility": "FORWARD" })),
            ("PUT /config".to_owned(), json!({ "compatibility": "NONE" })),
        ]
    );
}

#[tokio::test]
async fn modes_are_read_and_set() {
    let server = Server::start(|request| match (&*request.method, &*request.target) {
        ("GET", "/mode/pings-value") => answer(200, &json!({ "mode": "READONLY" })),
        ("GET", "/mode/new") => wrong(40409, "Subject 'new' does not have subject-level mode configured"),
        _ => answer(200, &json!({ "mode": "READWRITE" })),
    })
    .await;
    let registry = client(&server.url());
    assert_eq!(registry.mode("pings-value").await.unwrap(), Some(Mode::ReadOnly));
    assert_eq!(registry.mode("new").await.unwrap(), None);
    assert_eq!(registry.default_mode().await.unwrap(), Mode::ReadWrite);
    registry.set_mode("pings-value", Mode::Import).await.unwrap();
    registry.set_default_mode(Mode::ReadWrite).await.unwrap();
    assert_eq!(
        sent(&server)[3..],
        [
            ("PUT /mode/pings-value".to_owned(), json!({ "mode": "IMPORT" })),
            ("PUT /mode".to_owned(), json!({ "mode": "READWRITE" })),
        ]
    );
}

#[tokio::test]
async fn the_level_is_set_and_verified_before_a_schema_is_registered() {
    let level = std::sync::Mutex::new("NONE".to_owned());
    let server = Server::start(move |request: &Request| {
        let mut level = level.lock().unwrap();
        match (&*request.method, &*request.target) {
            ("PUT", "/config/pings-value") => {
                request.json()["compatibility"].as_str().unwrap().clone_into(&mut level);
                answer(200, &json!({ "compatibility": &*level }))
            }
            ("GET", "/config/pings-value") => answer(200, &json!({ "compatibilityLevel": &*level })),
            ("POST", _) => answer(200, &json!({ "id": 7 })),
            // It says yes and does nothing.
            ("PUT", _) => answer(200, &json!({ "compatibility": "FULL" })),
            _ => wrong(40408, "not configured"),
        }
    })
    .await;
    let registry = client(&server.url());
    let schema = SchemaText::avro(PING);
    registry.register_with("pings-value", &schema, Compatibility::Full).await.unwrap();
    registry.register_with("pings-value", &schema, Compatibility::Full).await.unwrap();
    let methods: Vec<String> = server.log().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["GET", "PUT", "GET", "POST", "GET"]);

    let error = registry.register_with("deaf-value", &schema, Compatibility::Full).await.unwrap_err();
    assert_eq!(error.to_string(), "subject `deaf-value`: the compatibility level was set to FULL, but is not set");
    assert!(!server.lines().iter().any(|line| line.starts_with("POST /subjects/deaf-value")));
}

#[tokio::test]
async fn the_schema_to_write_with_is_chosen_by_the_configuration() {
    let other = r#"{"type":"record","name":"Ping","namespace":"com.example","fields":[]}"#;
    let server = Server::start(move |request| match &*request.line() {
        "POST /subjects/pings-value/versions" => answer(200, &json!({ "id": 1 })),
        "POST /subjects/pings-value" => answer(200, &json!({ "id": 2, "version": 1, "schema": PING })),
        "GET /subjects/pings-value/versions/latest" => answer(200, &json!({ "id": 3, "version": 5, "schema": other })),
        "GET /subjects/json-value/versions/latest" => {
            answer(200, &json!({ "id": 3, "version": 5, "schema": "{}", "schemaType": "JSON" }))
        }
        "GET /schemas/ids/9" => answer(200, &json!({ "schema": PING })),
        line => panic!("{line}"),
    })
    .await;
    let schema = SchemaText::avro(PING);
    let no_registering = || hasty(&server.url()).set("auto.register.schemas", "False");
    for (config, id, text) in [
        (hasty(&server.url()), 1, PING),
        (no_registering(), 2, PING),
        (no_registering().set("use.latest.version", "true"), 3, other),
        (no_registering().set("use.latest.version", "true").set("use.schema.id", "9"), 9, PING),
        (no_registering().set("use.schema.id", "-1"), 2, PING),
    ] {
        let registry = SchemaRegistry::new(&config).unwrap();
        let registered = registry.schema_to_write("pings-value", &schema).await.unwrap();
        assert_eq!((registered.id(), registered.schema().text()), (Some(id), text), "{config:?}");
    }
    let latest = SchemaRegistry::new(&no_registering().set("use.latest.version", "true")).unwrap();
    let error = latest.schema_to_write("json-value", &schema).await.unwrap_err();
    assert!(error.to_string().contains("another language"), "{error}");
}

#[tokio::test]
async fn references_are_found_and_put_into_the_schema() {
    let record = |name: &str, fields: &str| format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#);
    let server = Server::start(move |request| {
        let references = |all: &[(&str, &str)]| -> Value {
            all.iter().map(|(name, subject)| json!({ "name": name, "subject": subject, "version": 1 })).collect()
        };
        match &*request.target {
            "/schemas/ids/7" => answer(
                200,
                &json!({
                    "schema": record("com.Order", r#"{"name":"to","type":"com.Address"},{"name":"of","type":"com.City"}"#),
                    "references": references(&[("com.Address", "address"), ("com.City", "city")]),
                }),
            ),
            "/subjects/address/versions/1?deleted=true" => answer(
                200,
                &json!({
                    "subject": "address", "id": 5, "version": 1,
                    "schema": record("com.Address", r#"{"name":"city","type":"City"}"#),
                    "references": references(&[("com.City", "city")]),
                }),
            ),
            "/subjects/city/versions/1?deleted=true" => answer(
                200,
                &json!({
                    "subject": "city", "id": 4, "version": 1, "schema": record("com.City", ""),
                    // A circle, which no registry would take.
                    "references": references(&[("com.Address", "address")]),
                }),
            ),
            _ => wrong(40401, "Subject not found."),
        }
    })
    .await;
    let registry = client(&server.url());
    for _ in 0..2 {
        let order = registry.schema(SchemaId::Number(7)).await.unwrap();
        let schema = event_schema::avro::Schema::parse(order.schema().text()).unwrap();
        assert_eq!(schema.canonical_form().matches(r#""name":"com.City""#).count(), 1);
        assert!(order.schema().references().is_empty());
    }
    assert_eq!(server.count(), 3);
    // As it was registered.
    assert_eq!(registry.schema_as_registered(SchemaId::Number(7)).await.unwrap().schema().references().len(), 2);
}

/// Order refers to address, with the version that the reference names.
async fn refers(version: i64, address: Reply) -> Server {
    Server::start(move |request| match &*request.target {
        "/schemas/ids/7" => answer(
            200,
            &json!({
                "schema": r#"{"type":"record","name":"Order","fields":[{"name":"to","type":"Address"}]}"#,
                "references": [{ "name": "Address", "subject": "address", "version": version }],
            }),
        ),
        "/subjects/address/versions/1" => wrong(40402, "Version 1 not found."),
        "/subjects/address/versions/1?deleted=true" | "/subjects/address/versions/latest?deleted=true" => {
            address.clone()
        }
        target => panic!("{target}"),
    })
    .await
}

#[tokio::test]
async fn a_reference_is_found_though_it_was_deleted_softly() {
    let address = r#"{"type":"record","name":"Address","fields":[]}"#;
    for version in [1, -1] {
        let found = json!({ "subject": "address", "id": 5, "version": 1, "schema": address });
        let server = refers(version, answer(200, &found)).await;
        let registry = client(&server.url());
        let order = registry.schema(SchemaId::Number(7)).await.unwrap();
        assert!(order.schema().text().contains(r#""name":"Address""#), "{order:?}");
        // To others it is deleted.
        assert!(registry.version("address", 1).await.unwrap_err().is_unknown());
    }
}

#[tokio::test]
async fn a_reference_that_is_not_there_does_not_make_the_schema_unknown() {
    let server = refers(1, wrong(40402, "Version 1 not found.")).await;
    let registry = client(&server.url());
    let error = registry.schema(SchemaId::Number(7)).await.unwrap_err();
    assert!(!error.is_unknown() && !error.is_transient());
    assert_eq!(error.to_string(), "the schema refers to version 1 of subject `address`, which is not there");
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<RegistryError>().unwrap();
    assert_eq!(cause.code(), Some(40402));
    let error = SchemaSource::schema(&registry, SchemaId::Number(7)).await.unwrap_err();
    assert!(error.is_unknown(), "its messages do not wait for ever: {error}");
}

#[tokio::test]
async fn a_schema_that_cannot_hold_the_events_is_refused() {
    let avro = |kind: &str| {
        SchemaText::avro(format!(r#"{{"type":"record","name":"Ping","fields":[{{"name":"seq","type":"{kind}"}}]}}"#))
    };
    let document = |kind: &str| {
        let properties = json!({ "seq": { "type": kind } });
        SchemaText::json(json!({ "type": "object", "properties": properties, "required": ["seq"] }).to_string())
    };
    for (own, other, is_good) in [
        (avro("long"), avro("long"), true),
        (avro("int"), avro("long"), true),
        (avro("long"), avro("string"), false),
        (avro("long"), avro("int"), false),
        (document("integer"), document("number"), true),
        (document("integer"), document("string"), false),
        (document("integer"), SchemaText::json(r#"{"required":["id"]}"#), false),
    ] {
        let body = json!({ "id": 7, "version": 1, "schema": other.text(), "schemaType": other.schema_type() });
        let server = server(answer(200, &body)).await;
        for (key, value, strict) in [
            ("use.latest.version", "true", "latest.compatibility.strict"),
            ("use.schema.id", "7", "id.compatibility.strict"),
        ] {
            let config = hasty(&server.url()).set("auto.register.schemas", "false").set(key, value);
            let registry = SchemaRegistry::new(&config).unwrap();
            let found = registry.schema_to_write("pings-value", &own).await;
            assert_eq!(found.is_ok(), is_good, "{own:?} {other:?} {found:?}");
            if let Err(error) = found {
                assert!(error.is_incompatible() && !error.is_transient(), "{error}");
                assert!(error.to_string().starts_with("subject `pings-value`: events cannot be written"), "{error}");
            }
            let lax = SchemaRegistry::new(&config.set(strict, "false")).unwrap();
            assert!(lax.schema_to_write("pings-value", &own).await.is_ok());
        }
    }
}

#[test]
fn subjects_are_named_by_strategy() {
    let schema = SchemaText::avro(PING);
    let nameless = SchemaText::json("{}");
    for (strategy, subject) in [
        ("io.confluent.kafka.serializers.subject.TopicNameStrategy", "pings-value"),
        ("io.confluent.kafka.serializers.subject.RecordNameStrategy", "com.example.Ping"),
        ("topic_record_subject_name_strategy", "pings-com.example.Ping"),
    ] {
        for key in ["value.subject.name.strategy", "subject.name.strategy"] {
            let registry = SchemaRegistry::new(&hasty("http://127.0.0.1:1").set(key, strategy)).unwrap();
            assert_eq!(registry.value_subject("pings", &schema).unwrap(), subject);
            assert_eq!(registry.value_subject("pings", &nameless).is_err(), subject != "pings-value");
        }
        let of_keys = hasty("http://127.0.0.1:1").set("key.subject.name.strategy", strategy);
        let registry = SchemaRegistry::new(&of_keys).unwrap();
        assert_eq!(registry.key_subject("pings", &schema).unwrap(), subject.replace("-value", "-key"));
        assert_eq!(registry.value_subject("pings", &schema).unwrap(), "pings-value");
    }
    assert_eq!(SubjectNameStrategy::default(), SubjectNameStrategy::Topic);
}
