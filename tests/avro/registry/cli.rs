//! The command `event-schema registry`.

use std::path::Path;
use std::process::Stdio;

use event_schema::registry::SchemaText;
use serde_json::{Value, json};

use super::server::{Reply, Request, Server, json as answer, text, wrong};

const PING: &str = r#"{"type":"record","name":"Ping","fields":[{"name":"seq","type":"long"}]}"#;
const GUID: &str = "0a1b2c3d-0000-4000-8000-0000000000ff";

fn confluent(request: &Request) -> Reply {
    let ping = json!({ "schema": PING, "id": 7, "version": 2, "subject": "pings-value", "guid": GUID });
    match (&*request.method, request.target.split('?').next().unwrap()) {
        ("GET", "/subjects") => answer(200, &json!(["pings-value", "orders-value"])),
        ("GET", "/subjects/pings-value/versions") => answer(200, &json!([1, 2])),
        ("GET", "/subjects/pings-value/versions/latest" | "/subjects/pings-value/versions/2") => answer(200, &ping),
        ("GET", "/schemas/ids/7") => answer(200, &json!({ "schema": PING, "guid": GUID })),
        ("GET", target) if target == format!("/schemas/guids/{GUID}") => answer(200, &json!({ "schema": PING })),
        ("GET", "/config") => answer(200, &json!({ "compatibilityLevel": "BACKWARD" })),
        ("GET", "/config/strict") => answer(200, &json!({ "compatibilityLevel": "FULL" })),
        ("GET", _) => wrong(40401, "Subject not found."),
        ("PUT", _) => answer(200, &request.json()),
        ("POST", "/compatibility/subjects/strict/versions") => {
            answer(200, &json!({ "is_compatible": false, "messages": ["first", "second"] }))
        }
        ("POST", "/subjects/strict/versions") => wrong(409, "incompatible with an earlier schema"),
        ("POST", "/subjects/broken/versions") => wrong(42201, "Invalid schema"),
        ("POST", target) if target.starts_with("/compat") => answer(200, &json!({ "is_compatible": true })),
        ("POST", _) => answer(200, &json!({ "id": 7 })),
        other => panic!("{other:?}"),
    }
}

async fn run(folder: &Path, url: &str, args: &[&str]) -> (i32, String, String) {
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_event-schema"));
    program.arg("registry").args(args).env("SCHEMA_REGISTRY_URL", url).env("SCHEMA_REGISTRY_MAX_RETRIES", "0");
    program.env("SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", "alice:hush").current_dir(folder).stdin(Stdio::null());
    let output = program.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains("hush") && !err.contains("hush"), "{out}{err}");
    (output.status.code().unwrap(), out, err)
}

#[tokio::test]
async fn what_is_registered_is_printed() {
    let server = Server::start(confluent).await;
    let folder = tempfile::tempdir().unwrap();
    let good = async |args: &[&str]| {
        let (code, out, err) = run(folder.path(), &server.url(), args).await;
        assert_eq!((code, &*err), (0, ""), "{args:?}");
        out
    };
    assert_eq!(good(&["subjects"]).await, "orders-value\npings-value\n");
    assert_eq!(good(&["versions", "pings-value"]).await, "1\n2\n");
    let latest = good(&["show", "pings-value"]).await;
    let (about, schema) = latest.split_once('\n').unwrap();
    assert_eq!(about, format!("subject pings-value, version 2, id 7, guid {GUID}, avro"));
    assert_eq!(serde_json::from_str::<Value>(schema).unwrap(), serde_json::from_str::<Value>(PING).unwrap());
    assert_eq!(good(&["show", "pings-value", "2"]).await, latest);
    assert!(good(&["show", "--id", "7"]).await.starts_with(&format!("id 7, guid {GUID}, avro\n{{")));
    assert!(good(&["show", "--id", GUID]).await.starts_with(&format!("guid {GUID}, avro\n{{")));

    let parsed = async |args: &[&str]| -> Value { serde_json::from_str(&good(args).await).unwrap() };
    assert_eq!(parsed(&["subjects", "--format", "json"]).await, json!({ "subjects": ["orders-value", "pings-value"] }));
    assert_eq!(
        parsed(&["versions", "pings-value", "--format", "json"]).await,
        json!({ "subject": "pings-value", "versions": [1, 2] })
    );
    assert_eq!(
        parsed(&["show", "pings-value", "--format", "json"]).await,
        json!({
            "id": 7, "guid": GUID, "subject": "pings-value", "version": 2, "type": "AVRO", "schema": PING, "references": []
        })
    );
    assert!(server.log().iter().all(|request| request.header("authorization").is_some()));
}

#[tokio::test]
async fn schemas_are_checked_and_registered_as_producers_write_them() {
    #[event_schema::event]
    struct Ping {
        #[serde(default)]
        seq: i64,
    }
    let server = Server::start(confluent).await;
    let folder = tempfile::tempdir().unwrap();
    let catalog = event_schema::contract::Catalog::new("pings").sends::<Ping>();
    catalog.export(folder.path()).unwrap();
    let (code, out, err) = run(folder.path(), &server.url(), &["register", "pings-value", "ping/v1.json"]).await;
    assert_eq!((code, &*out, &*err), (0, "subject pings-value, id 7, json\n", ""));
    let args = ["register", "pings-value", "ping/v1.avsc", "--format", "json", "--level", "BACKWARD"];
    // The server keeps no level for the subject.
    let (code, out, err) = run(folder.path(), &server.url(), &args).await;
    assert_eq!((code, &*out), (2, ""));
    assert!(err.contains("the compatibility level was set to BACKWARD, but is not set"), "{err}");
    let (code, out, _) = run(folder.path(), &server.url(), &args[..5]).await;
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()["id"].as_u64()), (0, Some(7)));
    let bodies: Vec<Value> = server
        .log()
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.json()["schema"].clone())
        .collect();
    assert_eq!(bodies, [SchemaText::json_of::<Ping>().text(), SchemaText::avro_of::<Ping>().unwrap().text()]);

    let (code, _, err) = run(folder.path(), &server.url(), &["register", "pings-value", "ping/v1.reader.json"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("ping/v1.reader.json: the accepted form of an event"), "{err}");

    let (code, out, _) = run(folder.path(), &server.url(), &["check", "pings-value", "ping/v1.avsc"]).await;
    assert_eq!((code, &*out), (0, "compatible\n"));
    let (code, out, _) = run(folder.path(), &server.url(), &["check", "strict", "ping/v1.avsc"]).await;
    assert_eq!((code, &*out), (1, "incompatible\n  first\n  second\n"));
    let (code, out, _) =
        run(folder.path(), &server.url(), &["check", "strict", "ping/v1.avsc", "--format", "json"]).await;
    assert_eq!(code, 1);
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap(),
        json!({ "compatible": false, "reasons": ["first", "second"] })
    );
    let (code, out, _) = run(folder.path(), &server.url(), &["register", "strict", "ping/v1.avsc"]).await;
    assert_eq!(code, 1);
    assert!(out.starts_with("incompatible\n  POST ") && out.contains("incompatible with an earlier schema"), "{out}");
    let (code, _, err) = run(folder.path(), &server.url(), &["register", "broken", "ping/v1.avsc"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("code 42201: Invalid schema"), "{err}");
}

#[tokio::test]
async fn answers_to_another_question_are_errors_and_late_ones_are_told() {
    let server = Server::start(|_| answer(200, &json!({ "schema": PING, "id": 7, "version": 2 }))).await;
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(folder.path(), &server.url(), &["show", "pings-value", "3"]).await;
    assert_eq!((code, &*out), (2, ""));
    assert!(err.contains("GET /subjects/pings-value/versions/3") && err.contains("it has version 2"), "{err}");

    // The program has no other credentials than those of the file.
    let inherits = folder.path().join("client.properties");
    let lines = "basic.auth.credentials.source=SASL_INHERIT\nsasl.username=bob\nsasl.password=hush";
    std::fs::write(&inherits, lines).unwrap();
    run(folder.path(), &server.url(), &["show", "pings-value", "--config", "client.properties"]).await;
    assert_eq!(server.log().pop().unwrap().header("authorization"), Some("Basic Ym9iOmh1c2g="));

    let silent = Server::asynchronous("127.0.0.1:0".parse().unwrap(), |_| std::future::pending()).await;
    let config = folder.path().join("hasty.properties");
    std::fs::write(&config, "http.read.timeout.ms=4000").unwrap();
    let (code, _, err) = run(folder.path(), &silent.url(), &["subjects", "--config", "hasty.properties"]).await;
    assert_eq!(code, 2);
    assert!(err.starts_with("no answer of the registry yet: [\"http://127.0.0.1:"), "{err}");
}

#[tokio::test]
async fn levels_are_printed_and_set() {
    let server = Server::start(confluent).await;
    let folder = tempfile::tempdir().unwrap();
    let level = async |args: &[&str]| run(folder.path(), &server.url(), &[&["level"], args].concat()).await;
    assert_eq!(level(&[]).await, (0, "BACKWARD\n".to_owned(), String::new()));
    assert_eq!(level(&["strict"]).await, (0, "FULL\n".to_owned(), String::new()));
    assert_eq!(level(&["pings-value"]).await, (0, "BACKWARD (the registry's)\n".to_owned(), String::new()));
    assert_eq!(level(&["strict", "--set", "full"]).await, (0, "FULL\n".to_owned(), String::new()));
    assert_eq!(level(&["--set", "BACKWARD"]).await, (0, "BACKWARD\n".to_owned(), String::new()));
    let (code, _, err) = level(&["strict", "--set", "NONE"]).await;
    assert_eq!((code, &*err), (2, "event-schema: the registry did not keep the level\n"));
    let (_, out, _) = level(&["pings-value", "--format", "json"]).await;
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap(),
        json!({ "subject": "pings-value", "level": "BACKWARD", "inherited": true })
    );
    let puts: Vec<_> =
        server.log().iter().filter(|one| one.method == "PUT").map(|one| (one.target.clone(), one.json())).collect();
    let put = |target: &str, level: &str| (target.to_owned(), json!({ "compatibility": level }));
    assert_eq!(puts, [put("/config/strict", "FULL"), put("/config", "BACKWARD"), put("/config/strict", "NONE")]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let server = Server::start(confluent).await;
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(folder.path(), &server.url(), &["versions", "unknown"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("code 40401: Subject not found."), "{err}");
    for (args, expected) in [
        (&["show"][..], "<SUBJECT"),
        (&["show", "--id", "seven"], "neither a number nor a GUID"),
        (&["show", "pings-value", "--id", "7"], "--id"),
        (&["level", "--set", "sideways"], "sideways"),
        (&["check", "pings-value", "missing.json"], "missing.json: "),
        (&["subjects", "--registry", "http://bob:hush@x"], "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO"),
        (&["subjects", "--config", "missing.properties"], "missing.properties: "),
    ] {
        let (code, _, err) = run(folder.path(), &server.url(), args).await;
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains(expected), "{args:?}: {err}");
    }
    let page = Server::start(|_| text(200, "hello")).await;
    let (code, _, err) = run(folder.path(), "http://127.0.0.1:1", &["subjects", "--registry", &page.url()]).await;
    assert_eq!(code, 2);
    assert!(err.contains("not the answer of a Schema Registry"), "{err}");
}
