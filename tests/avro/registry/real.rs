//! A real registry: `EVENT_SCHEMA_TEST_REGISTRY` has its URL. `.ci/registry` starts one.

use std::env;
use std::process::Command;

use event_schema::avro::Schema;
use event_schema::contract::Catalog;
use event_schema::contract::compat::Compatibility;
use event_schema::format::framing::SchemaId;
use event_schema::format::{Codec, Decoder, Encoder};
use event_schema::registry::{SchemaReference, SchemaRegistry, SchemaText, SchemaType};

use super::hasty;

fn url() -> Option<String> {
    let url = env::var("EVENT_SCHEMA_TEST_REGISTRY").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: no real registry");
    }
    url
}

/// No other run has it.
fn fresh(name: &str) -> String {
    format!("{name}-{:016x}", fastrand::u64(..))
}

#[event_schema::event(name = "order.placed")]
#[derive(Debug, PartialEq)]
struct OrderPlaced {
    order_id: String,
    quantity: u32,
}

#[tokio::test]
async fn schemas_go_there_and_back() {
    let Some(url) = url() else { return };
    let registry = SchemaRegistry::new(&hasty(&url)).unwrap();
    let avro = SchemaText::avro_of::<OrderPlaced>().unwrap();
    let json = SchemaText::json_of::<OrderPlaced>();
    for (schema, schema_type) in [(avro, SchemaType::Avro), (json, SchemaType::Json)] {
        let topic = fresh("orders");
        let subject = registry.value_subject(&topic, &schema).unwrap();
        let error = registry.look_up(&subject, &schema).await.unwrap_err();
        assert!(error.is_unknown(), "{error}");
        assert!(registry.latest(&subject).await.unwrap_err().is_unknown());

        let registered = registry.register_with(&subject, &schema, Compatibility::Full).await.unwrap();
        let id = registered.id().unwrap();
        assert_eq!(registry.compatibility(&subject).await.unwrap(), Some(Compatibility::Full));

        // A client with an empty cache.
        let other = SchemaRegistry::new(&hasty(&url)).unwrap();
        let found = other.schema(SchemaId::Number(id)).await.unwrap();
        // Some registries lay out the text anew.
        let value = |schema: &SchemaText| serde_json::from_str::<serde_json::Value>(schema.text()).unwrap();
        assert_eq!(value(found.schema()), value(&schema));
        assert_eq!(found.schema().schema_type(), schema_type);
        assert_eq!(other.look_up(&subject, &schema).await.unwrap().id(), Some(id));
        assert_eq!(other.register(&subject, &schema).await.unwrap().id(), Some(id));
        let latest = other.latest(&subject).await.unwrap();
        assert_eq!((latest.id(), latest.version()), (Some(id), Some(1)));
        assert_eq!(other.versions(&subject).await.unwrap(), [1]);
        assert!(other.subjects().await.unwrap().contains(&subject));
        let places = other.versions_of(id).await.unwrap();
        assert!(places.iter().any(|place| place.subject() == subject), "{places:?}");
        // Apicurio 3.3 answers 500 for JSON Schema of the current draft.
        if schema_type == SchemaType::Avro {
            assert!(other.check_compatibility(&subject, &schema).await.unwrap().is_compatible());
        }
        let to_write = hasty(&url).set("auto.register.schemas", "false").set("use.latest.version", "true");
        let to_write = SchemaRegistry::new(&to_write).unwrap();
        assert_eq!(to_write.schema_to_write(&subject, &schema).await.unwrap().id(), Some(id));
    }
}

#[tokio::test]
async fn codecs_find_schemas_and_ids() {
    let Some(url) = url() else { return };
    let topic = fresh("orders");
    for codec in [Codec::confluent_avro, Codec::confluent_json] {
        let codec = || codec().with_source(SchemaRegistry::new(&hasty(&url)).unwrap());
        let order = OrderPlaced { order_id: "A-1".to_owned(), quantity: 2 };
        let bytes = Encoder::for_topic(&codec(), &topic).await.unwrap().dump(&order).unwrap();
        let decoder = Decoder::<OrderPlaced>::new(&codec()).unwrap();
        decoder.resolve([], &bytes).await.unwrap();
        assert_eq!(decoder.load(&bytes).unwrap(), order);
        let error = decoder.resolve([], b"\0\x77\0\0\0\0").await.unwrap_err();
        assert!(error.is_unknown(), "{error}");
    }
}

#[tokio::test]
async fn python_reads_and_is_read() {
    let Some(url) = url() else { return };
    let python = |arguments: &[&str]| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/avro/registry/python.py");
        let output = Command::new("python3").arg(script).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    if !Command::new("python3")
        .args(["-c", "import confluent_kafka.schema_registry"])
        .output()
        .unwrap()
        .status
        .success()
    {
        eprintln!("skipped: no confluent-kafka for python3");
        return;
    }
    let topic = fresh("orders");
    let order = OrderPlaced { order_id: "A-1".to_owned(), quantity: 2 };
    let written = python(&[&url, &topic, "write"]);
    for line in written.lines() {
        let (kind, hex) = line.split_once(' ').unwrap();
        let codec = if kind == "avro" { Codec::confluent_avro() } else { Codec::confluent_json() };
        let codec = codec.with_source(SchemaRegistry::new(&hasty(&url)).unwrap());
        let decoder = Decoder::<OrderPlaced>::new(&codec).unwrap();
        let theirs: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        decoder.resolve([], &theirs).await.unwrap();
        assert_eq!(decoder.load(&theirs).unwrap(), order);

        // Beside theirs, a second version of the subject.
        let encoder = Encoder::for_topic(&codec, &format!("{topic}-{kind}")).await.unwrap();
        let digits = encoder.dump(&order).unwrap().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let ours: String = digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect();
        let read: serde_json::Value = serde_json::from_str(&python(&[&url, &topic, "read", kind, &ours])).unwrap();
        assert_eq!(read, serde_json::json!({ "order_id": "A-1", "quantity": 2 }));
    }
    assert_eq!(written.lines().count(), 2);
}

#[event_schema::event(name = "stock.counted", topic = "stock-of-catalog")]
struct StockCounted {
    article: String,
    count: u32,
}

mod changed {
    #[event_schema::event(name = "stock.counted", topic = "stock-of-catalog")]
    pub(super) struct StockCounted {
        pub(super) article: u64,
        pub(super) shelf: String,
    }
}

#[tokio::test]
async fn catalogs_are_registered() {
    let Some(url) = url() else { return };
    let registry = SchemaRegistry::new(&hasty(&url)).unwrap();
    let catalog = Catalog::new("stock").sends::<StockCounted>();
    let checked = catalog.check_registry(&registry, SchemaType::Avro, None).await;
    assert!(checked[0].is_accepted(), "{}", checked[0]);
    let level = Some(Compatibility::Full);
    let registered = catalog.register(&registry, SchemaType::Avro, level).await;
    let id = registered[0].registered().unwrap_or_else(|| panic!("{}", registered[0])).id();
    let again = catalog.register(&SchemaRegistry::new(&hasty(&url)).unwrap(), SchemaType::Avro, level).await;
    assert!(again[0].is_unchanged() && again[0].registered().unwrap().id() == id, "{}", again[0]);
    assert_eq!(registry.compatibility("stock-of-catalog-value").await.unwrap(), level);

    let changed = Catalog::new("stock").sends::<changed::StockCounted>();
    for tried in [
        changed.check_registry(&registry, SchemaType::Avro, None).await,
        changed.register(&registry, SchemaType::Avro, None).await,
    ] {
        assert!(tried[0].is_incompatible(), "{}", tried[0]);
        assert!(tried[0].to_string().contains("incompatible with version 1 by the level FULL\n  "), "{}", tried[0]);
    }
    assert_eq!(registry.versions("stock-of-catalog-value").await.unwrap(), [1]);
}

#[tokio::test]
async fn operators_ask_by_the_program() {
    let Some(url) = url() else { return };
    let subject = fresh("pings-value");
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_event-schema"));
        let output =
            program.args([&["registry", "--registry", &url], args].concat()).current_dir(folder.path()).output();
        let output = output.unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    };
    let write = |field: &str| {
        let schema =
            format!(r#"{{"type": "record", "name": "Ping", "fields": [{{"name": "{field}", "type": "long"}}]}}"#);
        std::fs::write(folder.path().join("ping.avsc"), schema).unwrap();
    };
    write("seq");
    let (code, text) = run(&["register", &subject, "ping.avsc", "--level", "FULL"]);
    assert!(code == 0 && text.starts_with(&format!("subject {subject}, ")), "{text}");
    let id = text.split("id ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(run(&["level", &subject]), (0, "FULL\n".to_owned()));
    assert_eq!(run(&["versions", &subject]), (0, "1\n".to_owned()));
    assert!(run(&["subjects"]).1.lines().any(|line| line == subject));
    for args in [&["show", "--id", &id][..], &["show", &subject], &["show", &subject, "1"]] {
        let (code, text) = run(args);
        assert!(code == 0 && text.contains("\"name\": \"seq\""), "{args:?}: {text}");
    }
    assert_eq!(run(&["check", &subject, "ping.avsc"]), (0, "compatible\n".to_owned()));
    write("other");
    for command in ["check", "register"] {
        let (code, text) = run(&[command, &subject, "ping.avsc"]);
        assert!(code == 1 && text.starts_with("incompatible\n"), "{command}: {text}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let Some(url) = url() else { return };
    let registry = SchemaRegistry::new(&hasty(&url)).unwrap();
    let subject = fresh("pings-value");
    let record = |fields: &str| SchemaText::avro(format!(r#"{{"type":"record","name":"Ping","fields":[{fields}]}}"#));
    let error = registry.schema(SchemaId::Number(2_000_000_000)).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");

    let error = registry.register(&subject, &SchemaText::avro("{\"type\": \"record\"}")).await.unwrap_err();
    assert!(error.is_invalid(), "{error}");

    let seq = r#"{"name":"seq","type":"long"}"#;
    registry.register_with(&subject, &record(seq), Compatibility::Backward).await.unwrap();
    let incompatible = record(&format!(r#"{seq},{{"name":"note","type":"string"}}"#));
    assert!(!registry.check_compatibility(&subject, &incompatible).await.unwrap().is_compatible());
    let error = registry.register(&subject, &incompatible).await.unwrap_err();
    assert!(error.is_incompatible() && !error.is_transient(), "{error}");
    let compatible = record(&format!(r#"{seq},{{"name":"note","type":"string","default":""}}"#));
    assert!(registry.check_compatibility(&subject, &compatible).await.unwrap().is_compatible());
    registry.register(&subject, &compatible).await.unwrap();
    assert_eq!(registry.versions(&subject).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn references_are_resolved() {
    let Some(url) = url() else { return };
    let registry = SchemaRegistry::new(&hasty(&url)).unwrap();
    let subject = fresh("city-value");
    let city = SchemaText::avro(
        r#"{"type":"record","name":"City","namespace":"geo","fields":[{"name":"name","type":"string"}]}"#,
    );
    registry.register(&subject, &city).await.unwrap();
    let order = SchemaText::avro(r#"{"type":"record","name":"Order","fields":[{"name":"to","type":"geo.City"}]}"#)
        .with_references([SchemaReference::new("geo.City", subject, 1)]);
    let id = registry.register(&fresh("order-value"), &order).await.unwrap().id().unwrap();

    let other = SchemaRegistry::new(&hasty(&url)).unwrap();
    let found = other.schema(SchemaId::Number(id)).await.unwrap();
    let schema = Schema::parse(found.schema().text()).unwrap();
    assert!(schema.canonical_form().contains(r#""name":"geo.City""#), "{schema:?}");
}
