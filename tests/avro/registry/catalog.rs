//! The commands `register` and `check --registry` of a catalog's tool.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use event_schema::__private::run_tool;
use event_schema::contract::Catalog;
use event_schema::contract::compat::Compatibility;
use event_schema::format::{Codec, Encoder};
use event_schema::registry::{RegistryConfig, SchemaRegistry, SchemaText, SchemaType};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{Reply, Request, Server, json as answer, wrong};
use super::{client, hasty};

#[event_schema::event(name = "order.placed", version = 2, topic = "orders", previous = OrderPlacedV1)]
struct OrderPlaced {
    order_id: String,
    #[serde(default)]
    note: String,
}

#[event_schema::event(name = "order.placed", topic = "orders-1")]
struct OrderPlacedV1 {
    order_id: u32,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(OrderPlacedV1 { order_id }: OrderPlacedV1) -> Self {
        Self { order_id: order_id.to_string(), note: String::new() }
    }
}

#[event_schema::event(name = "order.paid", topic = "payments")]
struct OrderPaid {
    order_id: String,
}

#[event_schema::event(name = "order.refunded", topic = "payments")]
struct OrderRefunded {
    order_id: String,
}

#[event_schema::event(name = "stock.changed", topic = "stock")]
struct StockChanged {
    left: u32,
}

#[event_schema::event(name = "no.topic")]
struct NoTopic {
    seq: u32,
}

fn shop() -> Catalog {
    Catalog::new("shop").sends::<OrderPlaced>().sends::<OrderPaid>().receives::<StockChanged>()
}

/// A registry with these subjects, which answers as Confluent's does. It takes any schema, except under `refuses`.
#[derive(Default)]
struct Registry {
    subjects: BTreeMap<String, Vec<Value>>,
    levels: BTreeMap<String, String>,
    refuses: &'static str,
    reasons: &'static [&'static str],
    keeps_levels: bool,
    /// Whether the versions of a subject cannot be listed.
    hides_versions: bool,
}

/// A registry with an older schema of orders, which it calls incompatible.
fn refusing(schema: &str, level: Option<&str>, reasons: &'static [&'static str]) -> Registry {
    let old = json!({ "schema": schema, "schemaType": "AVRO" });
    let levels = level.map(|level| ("orders-value".to_owned(), level.to_owned())).into_iter().collect();
    let subjects = BTreeMap::from([("orders-value".to_owned(), vec![old; 3])]);
    Registry { subjects, levels, reasons, refuses: "orders-value", ..Registry::default() }
}

const REASON: &str = "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'order_id' ...'}";

impl Registry {
    fn answer(&mut self, request: &Request) -> Reply {
        let path: Vec<&str> = request.target.split('?').next().unwrap().split('/').skip(1).collect();
        let id =
            |schemas: &[Value], schema: &Value| schemas.iter().position(|known| known["schema"] == schema["schema"]);
        match (&*request.method, path.as_slice()) {
            ("GET", ["config"]) => answer(200, &json!({ "compatibilityLevel": "BACKWARD" })),
            ("GET", ["config", subject]) => match self.levels.get(*subject) {
                Some(level) => answer(200, &json!({ "compatibilityLevel": level })),
                None => wrong(40408, "no level"),
            },
            ("PUT", ["config", subject]) => {
                let level = request.json()["compatibility"].as_str().unwrap().to_owned();
                if self.keeps_levels {
                    self.levels.insert((*subject).to_owned(), level.clone());
                }
                answer(200, &json!({ "compatibility": level }))
            }
            ("POST", ["compatibility", "subjects", subject, "versions"]) => match self.subjects.get(*subject) {
                None => wrong(40401, "Subject not found."),
                Some(_) if *subject == self.refuses => {
                    answer(200, &json!({ "is_compatible": false, "messages": self.reasons }))
                }
                Some(_) => answer(200, &json!({ "is_compatible": true })),
            },
            ("GET", ["subjects", _, "versions"]) if self.hides_versions => wrong(50001, "down"),
            ("GET", ["subjects", subject, "versions"]) => match self.subjects.get(*subject) {
                None => wrong(40401, "Subject not found."),
                Some(schemas) => answer(200, &json!((1..=schemas.len()).collect::<Vec<_>>())),
            },
            ("GET", ["subjects", subject, "versions", version]) => {
                answer(200, &self.subjects[*subject][version.parse::<usize>().unwrap() - 1])
            }
            ("POST", ["subjects", subject]) => match self.subjects.get(*subject) {
                None => wrong(40401, "Subject not found."),
                Some(schemas) => match id(schemas, &request.json()) {
                    None => wrong(40403, "Schema not found"),
                    Some(at) => answer(200, &json!({ "id": 100 + at, "version": at + 1, "subject": subject })),
                },
            },
            ("POST", ["subjects", subject, "versions"]) => {
                if *subject == self.refuses {
                    return wrong(409, "Schema being registered is incompatible with an earlier schema");
                }
                let schemas = self.subjects.entry((*subject).to_owned()).or_default();
                schemas.push(request.json());
                answer(200, &json!({ "id": 99 + schemas.len() }))
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn serve(registry: Registry) -> (Server, Arc<Mutex<Registry>>) {
    let registry = Arc::new(Mutex::new(registry));
    let shared = Arc::clone(&registry);
    (Server::start(move |request| shared.lock().unwrap().answer(request)).await, registry)
}

fn registry() -> Registry {
    Registry { keeps_levels: true, ..Registry::default() }
}

/// The requests that change something.
fn writes(server: &Server) -> Vec<String> {
    let is_write =
        |line: &String| line.starts_with("PUT") || line.starts_with("POST /subjects") && line.ends_with("/versions");
    server.lines().into_iter().filter(is_write).collect()
}

/// What the tool answers: the exit code, and its output. It is run in a runtime, as that of a service may be.
async fn tool(catalog: &Catalog, folder: &Path, args: &[&str]) -> (u8, String, String) {
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.insert(1, folder.display().to_string());
    let catalog = catalog.clone();
    let run = move || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let code = runtime.block_on(async { run_tool(&catalog, &args, &mut out, &mut err) });
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    tokio::task::spawn_blocking(|| std::thread::spawn(run).join().unwrap()).await.unwrap()
}

/// A folder with the recorded contracts.
fn recorded(catalog: &Catalog) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    catalog.export(folder.path()).unwrap();
    folder
}

const CURRENT: &str = "the recorded contracts are up to date\n";

#[tokio::test]
async fn recorded_contracts_are_registered_as_producers_look_them_up() {
    for (kind, codec) in [("avro", Codec::confluent_avro()), ("json", Codec::confluent_json())] {
        let (server, registry) = serve(registry()).await;
        let (catalog, url) = (shop(), server.url());
        let folder = recorded(&catalog);
        let run = async |command: &[&str]| {
            let (code, out, err) =
                tool(&catalog, folder.path(), &[command, &["--registry", &url, "--type", kind]].concat()).await;
            assert_eq!(err, "");
            (code, out.strip_prefix(CURRENT).unwrap().to_owned())
        };

        let would = "orders-value: order.placed version 2: would be registered, in a new subject\n\
                     payments-value: order.paid version 1: would be registered, in a new subject\n";
        assert_eq!(run(&["check"]).await, (0, would.to_owned()));
        assert_eq!(run(&["register", "--dry-run"]).await, (0, would.to_owned()));
        let would = would.replace('\n', "; the level would be set to FULL, before none of its own\n");
        assert_eq!(run(&["register", "--dry-run", "--level", "full"]).await, (0, would));
        assert_eq!(writes(&server), [""; 0]);

        let done = "orders-value: order.placed version 2: registered as id 100\n\
                    payments-value: order.paid version 1: registered as id 100\n";
        assert_eq!(run(&["register"]).await, (0, done.to_owned()));
        let unchanged = done.replace("registered as", "unchanged,");
        assert_eq!(run(&["register"]).await, (0, unchanged.clone()));
        assert_eq!(run(&["check"]).await, (0, unchanged.clone()));
        let versions = ["orders", "payments"].map(|topic| format!("POST /subjects/{topic}-value/versions"));
        assert_eq!(writes(&server), versions);

        // The level is set for schemas that are there, too, and only once.
        let set = unchanged.replace('\n', "; the level was set to FULL_TRANSITIVE, before none of its own\n");
        assert_eq!(run(&["register", "--level", "FULL_TRANSITIVE"]).await, (0, set));
        assert_eq!(run(&["register", "--level", "FULL_TRANSITIVE"]).await, (0, unchanged));
        assert_eq!(writes(&server)[2..], ["PUT /config/orders-value", "PUT /config/payments-value"]);
        assert_eq!(registry.lock().unwrap().levels["orders-value"], "FULL_TRANSITIVE");

        // A producer that registers nothing finds its schema.
        let config = hasty(&url).set("auto.register.schemas", "false");
        let codec = codec.with_source(SchemaRegistry::new(&config).unwrap());
        let encoder = Encoder::<OrderPlaced>::for_topic(&codec, "orders").await.unwrap();
        let order = OrderPlaced { order_id: "A-1".to_owned(), note: String::new() };
        assert_eq!(encoder.dump(&order).unwrap()[..5], [0, 0, 0, 0, 100]);
    }
}

#[tokio::test]
async fn both_languages_are_registered_under_names_of_records() {
    let (server, registry) = serve(registry()).await;
    let catalog = Catalog::new("shop").sends::<OrderPaid>().sends::<OrderRefunded>().sends::<NoTopic>();
    let folder = recorded(&catalog);
    let file = folder.path().join("client.properties");
    let text = format!("bootstrap.servers=x:1\nssl.ca.location=/nowhere.pem\nschema.registry.url={}\n", server.url());
    std::fs::write(&file, text).unwrap();
    let common = ["--config", file.to_str().unwrap(), "--type", "avro", "--type=json"];
    let run = async |args: &[&str]| {
        let (code, out, err) = tool(&catalog, folder.path(), &[&["register"], args, &common].concat()).await;
        assert_eq!(err, "");
        (code, out.strip_prefix(CURRENT).unwrap().to_owned())
    };

    let lines = "OrderPaid: order.paid version 1: registered as id 100\n\
                 OrderRefunded: order.refunded version 1: registered as id 100\n\
                 NoTopic: no.topic version 1: registered as id 100\n";
    let json = lines.replace("100", "101");
    assert_eq!(run(&["--strategy", "record"]).await, (0, format!("{lines}{json}")));
    let schemas = registry.lock().unwrap().subjects["OrderPaid"].clone();
    assert_eq!(schemas[0]["schema"], SchemaText::avro_of::<OrderPaid>().unwrap().text());
    assert_eq!(schemas[1]["schema"], SchemaText::json_of::<OrderPaid>().text());

    // Two events in a topic, and one without.
    let (code, out) = run(&[]).await;
    assert_eq!(code, 1);
    let refused = "payments-value: order.paid version 1: refused: `order.refunded` version 1 has the same subject: name \
                   subjects after topic and record\n\
                   payments-value: order.refunded version 1: refused: `order.paid` version 1 has the same subject: name \
                   subjects after topic and record\n\
                   no.topic version 1: refused: the event has no topic, after which its subject is named\n";
    assert_eq!(out, refused.repeat(2));
    let (code, out) = run(&["--strategy", "topic-record"]).await;
    assert_eq!(code, 1);
    assert!(out.starts_with("payments-OrderPaid: order.paid version 1: registered as id 100\n"), "{out}");
    // Confluent's registry takes them if nothing is checked.
    let (_, out) = run(&["--level", "none"]).await;
    assert!(out.contains("payments-value: order.refunded version 1: registered as id 101"), "{out}");
}

#[tokio::test]
async fn refusals_are_explained_and_do_not_end_it() {
    let (server, _) = serve(refusing("{}", Some("FULL_TRANSITIVE"), &[REASON])).await;
    let (catalog, url) = (shop(), server.url());
    let folder = recorded(&catalog);
    let run = async |command: &[&str]| {
        let (code, out, _) =
            tool(&catalog, folder.path(), &[command, &["--registry", &url, "--type", "avro"]].concat()).await;
        (code, out.strip_prefix(CURRENT).unwrap().to_owned())
    };
    let line = format!(
        "orders-value: order.placed version 2: incompatible with one of the versions 1 to 3 by the level \
         FULL_TRANSITIVE\n  {REASON}\n"
    );
    let next = "payments-value: order.paid version 1: would be registered, in a new subject\n";
    assert_eq!(run(&["check"]).await, (1, format!("{line}{next}")));
    assert_eq!(
        run(&["register"]).await,
        (1, format!("{line}{}", next.replace("would be registered, in a new subject", "registered as id 100")))
    );

    // The registry's own level, with the last version only; and a registry that does not keep levels.
    let (server, _) = serve(refusing("{}", None, &[REASON])).await;
    let url = server.url();
    let (code, out, _) = tool(&catalog, folder.path(), &["check", "--registry", &url, "--type", "json"]).await;
    assert_eq!(code, 1);
    assert!(out.contains("incompatible with version 3 by the level BACKWARD\n"), "{out}");
    let (code, out, _) =
        tool(&catalog, folder.path(), &["register", "--registry", &url, "--type", "json", "--level", "FULL"]).await;
    assert_eq!(code, 1);
    assert!(
        out.contains("refused: subject `payments-value`: the compatibility level was set to FULL, but is not set"),
        "{out}"
    );
    assert!(writes(&server).iter().all(|line| line.starts_with("PUT")), "{:?}", writes(&server));
}

#[tokio::test]
async fn a_registry_without_reasons_is_given_ours() {
    let old = r#"{"type":"record","name":"OrderPlaced","fields":[{"name":"order_id","type":"long"}]}"#;
    let (server, _) = serve(refusing(old, None, &[])).await;
    let (catalog, url) = (shop(), server.url());
    let folder = recorded(&catalog);
    for command in ["check", "register"] {
        let (code, out, _) = tool(&catalog, folder.path(), &[command, "--registry", &url, "--type", "avro"]).await;
        assert_eq!(code, 1);
        let reason = "incompatible with version 3 by the level BACKWARD\n  version 3: #/fields/order_id: ";
        assert!(out.contains(reason) && out.contains("[TYPE_MISMATCH]"), "{out}");
    }
}

/// The versions that it was compared with are no part of the verdict.
#[tokio::test]
async fn a_refusal_stands_if_nothing_else_can_be_asked() {
    let registry = Registry { hides_versions: true, ..refusing("{}", None, &[REASON]) };
    let (server, _) = serve(registry).await;
    let (catalog, url) = (shop(), server.url());
    let folder = recorded(&catalog);
    let file = folder.path().join("registry.properties");
    std::fs::write(&file, "max.retries=0\n").unwrap();
    for command in ["check", "register"] {
        let args = [command, "--registry", &url, "--type", "avro", "--config", file.to_str().unwrap()];
        let (_, out, _) = tool(&catalog, folder.path(), &args).await;
        let line = "orders-value: order.placed version 2: incompatible";
        assert!(out.contains(line) && out.contains(REASON), "{command}: {out}");
    }
}

#[tokio::test]
async fn a_registry_that_cannot_be_asked_is_no_verdict() {
    let catalog = shop();
    let folder = recorded(&catalog);
    let file = folder.path().join("registry.properties");
    std::fs::write(&file, "max.retries=0\nbasic.auth.user.info=alice:hush\n").unwrap();
    for (reply, expected) in [
        (wrong(50001, "down"), "status 500"),
        (wrong(401, "no"), "status 401"),
        (super::server::text(200, "hello"), "not the answer of a Schema Registry"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let url = server.url();
        let args = ["register", "--type", "avro", "--registry", &url, "--config", file.to_str().unwrap()];
        let (code, out, err) = tool(&catalog, folder.path(), &args).await;
        assert_eq!(code, 2);
        assert!(out.contains("orders-value: order.placed version 2: failed: ") && !out.contains("payments"), "{out}");
        assert!(err.contains(expected), "{err}");
        assert!(!out.contains("hush") && !err.contains("hush"));
        assert_eq!(server.count(), 1);
        assert!(server.log()[0].header("authorization").unwrap().starts_with("Basic "));
    }
}

#[tokio::test]
async fn nothing_is_asked_before_the_contracts_are_recorded() {
    let (server, _) = serve(registry()).await;
    let url = server.url();
    let folder = tempfile::tempdir().unwrap();
    for command in ["register", "check"] {
        let (code, out, _) = tool(&shop(), folder.path(), &[command, "--registry", &url, "--type", "avro"]).await;
        assert_eq!(code, 1);
        assert!(out.contains("order.placed/v2.json is missing") || out.contains("v2.json"), "{out}");
    }
    assert_eq!(server.count(), 0);
    // What is only received is another program's to register.
    let catalog = Catalog::new("stock").receives::<StockChanged>();
    let folder = recorded(&catalog);
    let (code, out, _) = tool(&catalog, folder.path(), &["register", "--registry", &url, "--type", "avro"]).await;
    assert_eq!((code, &*out), (0, &*format!("{CURRENT}the service sends no event\n")));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn wrong_arguments_are_named_and_credentials_refused() {
    let catalog = shop();
    let folder = recorded(&catalog);
    let url = ["--registry", "http://127.0.0.1:1"];
    for (args, expected) in [
        (&["register", "--type", "avro"][..], "`schema.registry.url` is missing"),
        // `check` looks for it in the same places.
        (&["check", "--type", "avro"], "`schema.registry.url` is missing"),
        (&["register", url[0], url[1]], "--type is missing"),
        (&["register", url[0], url[1], "--type", "protobuf"], "neither avro nor json"),
        (&["register", url[0], url[1], "--type", "avro", "--level", "sideways"], "sideways"),
        (&["register", url[0], url[1], "--type", "avro", "--strategy", "sideways"], "`value.subject.name.strategy`"),
        (&["register", url[0], url[1], "--type", "avro", "--dryrun"], "--dryrun is not known here"),
        (&["register", url[0], url[1], "--type", "avro", "other"], "other is not known here"),
        (&["check", url[0], url[1], "--type", "avro", "--dry-run"], "--dry-run is not known here"),
        (&["register", "--registry", "http://alice:hush@x", "--type", "avro"], "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO"),
        (&["register", "--config", "no-such.properties", "--type", "avro"], "no-such.properties: No such file"),
    ] {
        let (code, _, err) = tool(&catalog, folder.path(), args).await;
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains(expected) && !err.contains("hush"), "{args:?}: {err}");
    }
}

#[tokio::test]
async fn other_languages_have_no_schemas_of_events() {
    let registrations =
        shop().register(&client("http://127.0.0.1:1"), SchemaType::Protobuf, Some(Compatibility::Full)).await;
    assert_eq!(registrations.len(), 2);
    for registration in registrations {
        assert!(!registration.is_accepted() && !registration.is_incompatible() && registration.error().is_none());
        assert_eq!((registration.subject(), registration.registered()), (None, None));
        assert!(registration.to_string().ends_with("refused: events have schemas in Avro and JSON Schema only"));
    }
    assert!(RegistryConfig::from_properties_file("no-such.properties").unwrap_err().is_config());
}

/// While it waits, the program tells so, and then ends.
#[tokio::test]
async fn a_silent_registry_does_not_hold_up_the_tool() {
    let silent = Server::asynchronous("127.0.0.1:0".parse().unwrap(), |_| std::future::pending()).await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hasty.properties");
    std::fs::write(&config, "http.read.timeout.ms=4000\nmax.retries=0").unwrap();
    let mut tool = tokio::process::Command::new(env!("CARGO"));
    tool.args(["run", "--quiet", "--example", "contracts", "--", "check", "schemas/shop", "--type", "avro"])
        .args(["--registry", &silent.url(), "--config"])
        .arg(&config)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .kill_on_drop(true);
    let output =
        tokio::time::timeout(std::time::Duration::from_secs(300), tool.output()).await.expect("an end").unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("no answer of the registry yet: [\"http://127.0.0.1:"), "{err}");
}
