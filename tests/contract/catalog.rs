//! The recorded contracts of a service: what is recorded, kept and refused.

use std::fs;
use std::path::Path;

use event_schema::contract::compat::{Direction, Finding};
use event_schema::contract::{Catalog, Deviation};
use event_schema::prelude::*;
use event_schema::serde_json::{self, Value, json};

/// The rules that only a catalog finds.
pub(crate) const RULES: [&str; 5] =
    ["AVRO_SCHEMA_REMOVED", "KEY_CHANGED", "LOGICAL_TYPE_CHANGED", "TOPIC_CHANGED", "VERSION_REMOVED"];

mod first {
    #[event_schema::event(name = "order.placed", version = 2)]
    pub(super) struct OrderPlaced {
        pub(super) id: u32,
    }
}

/// The same, in other words.
mod described {
    /// An order was placed.
    #[event_schema::event(name = "order.placed", version = 2)]
    pub(super) struct OrderPlaced {
        /// The number of the order.
        pub(super) id: u32,
    }
}

/// A field more, that readers of the first form do not know and do not refuse.
mod second {
    #[event_schema::event(name = "order.placed", version = 2)]
    pub(super) struct OrderPlaced {
        pub(super) id: u32,
        #[serde(default)]
        pub(super) note: Option<String>,
    }
}

/// As the second form, with a greater number.
mod third {
    #[event_schema::event(name = "order.placed", version = 2)]
    pub(super) struct OrderPlaced {
        pub(super) id: u64,
        #[serde(default)]
        pub(super) note: Option<String>,
    }
}

#[event_schema::event]
struct Shipped {
    id: u32,
}

fn of<E: EventSchema>() -> Catalog {
    Catalog::new("orders").event::<Shipped>().event::<E>()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.join("order.placed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn compatible_changes_are_recorded_as_revisions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let missing: Vec<String> =
        of::<first::OrderPlaced>().check(folder).unwrap().iter().map(ToString::to_string).collect();
    assert!(missing.iter().any(|text| text.contains("v2.json is missing")), "{missing:?}");

    of::<first::OrderPlaced>().export(folder).unwrap();
    assert_eq!(names(folder), ["v2.avsc", "v2.json"]);
    assert_eq!(of::<first::OrderPlaced>().check(folder).unwrap(), []);
    assert_eq!(of::<first::OrderPlaced>().export(folder).unwrap(), [""; 0].map(std::path::PathBuf::from));

    // Other words need no revision of their own.
    assert_ne!(of::<described::OrderPlaced>().check(folder).unwrap(), []);
    of::<described::OrderPlaced>().export(folder).unwrap();
    assert_eq!(names(folder), ["v2.avsc", "v2.json"]);
    of::<first::OrderPlaced>().export(folder).unwrap();

    let stale = of::<second::OrderPlaced>().check(folder).unwrap();
    assert!(!stale.is_empty() && stale.iter().all(|one| !one.is_incompatible()), "{stale:?}");
    of::<second::OrderPlaced>().export(folder).unwrap();
    assert_eq!(names(folder), ["v2.avsc", "v2.json", "v2.r1.avsc", "v2.r1.json", "v2.reader.json"]);
    let earlier: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("order.placed/v2.r1.json")).unwrap()).unwrap();
    let mut schema = first::OrderPlaced::json_schema();
    schema.insert("$id".to_owned(), json!("urn:event-schema:order.placed:v2:written"));
    schema.insert("x-event-schema".to_owned(), json!({"name": "order.placed", "version": 2, "form": "written"}));
    assert_eq!(earlier, schema.to_value());
    assert_eq!(of::<second::OrderPlaced>().check(folder).unwrap(), []);
}

#[test]
fn an_incompatible_change_is_refused_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    of::<first::OrderPlaced>().export(folder).unwrap();
    of::<second::OrderPlaced>().export(folder).unwrap();
    let before = fs::read_to_string(folder.join("order.placed/v2.json")).unwrap();

    // Readers of both revisions refuse what is above the maximum of `u32`.
    let error = of::<third::OrderPlaced>().export(folder).unwrap_err();
    assert!(error.is_incompatible());
    let incompatible: Vec<String> = of::<third::OrderPlaced>()
        .check(folder)
        .unwrap()
        .iter()
        .filter(|one| one.is_incompatible())
        .map(ToString::to_string)
        .collect();
    assert_eq!(incompatible.len(), 2, "{incompatible:?}");
    for (text, file) in incompatible.iter().zip(["v2.r1.json", "v2.json"]) {
        assert!(text.lines().next().unwrap().ends_with(file), "{text}");
        assert!(text.contains("#/properties/id/maximum") && text.contains("consumers of the old schema"), "{text}");
        assert!(text.contains("version = 3, previous = OrderPlacedV2"), "{text}");
    }
    assert_eq!(fs::read_to_string(folder.join("order.placed/v2.json")).unwrap(), before);
    assert_eq!(names(folder).len(), 5);
}

#[test]
fn an_edited_or_broken_record_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("order.placed/v2.json");
    of::<first::OrderPlaced>().export(folder).unwrap();
    let text = fs::read_to_string(&file).unwrap();

    fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    assert_eq!(of::<first::OrderPlaced>().check(folder).unwrap(), []);
    fs::write(&file, text.replace("\"title\": \"OrderPlaced\"", "\"title\": \"Other\"")).unwrap();
    assert!(of::<first::OrderPlaced>().check(folder).unwrap()[0].to_string().contains("is not the contract of today"));
    fs::write(&file, "{").unwrap();
    let error = of::<first::OrderPlaced>().check(folder).unwrap_err();
    assert!(error.to_string().ends_with("v2.json is not JSON") && std::error::Error::source(&error).is_some());
    fs::write(&file, "{\"items\": 7}").unwrap();
    assert!(of::<first::OrderPlaced>().check(folder).unwrap_err().to_string().contains("is not a usable JSON Schema"));
}

/// Incompatible changes with a reason that is recorded are accepted.
#[test]
fn exceptions_are_recorded_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("order.placed/v2.exceptions.json");
    of::<second::OrderPlaced>().export(folder).unwrap();
    let check = || of::<third::OrderPlaced>().check(folder);
    let incompatible = check().unwrap().into_iter().find(Deviation::is_incompatible).unwrap();
    let entries = |reason: &str| {
        let entry = |finding: &Finding| json!({"rule": finding.rule().id(), "path": finding.path(), "reason": reason});
        let mut entries: Vec<Value> = incompatible.findings().iter().map(entry).collect();
        entries.dedup();
        Value::from(entries)
    };
    // The text of the failure has them, to be pasted.
    assert!(incompatible.to_string().contains(&format!("{:#}", entries(""))), "{incompatible}");

    fs::write(&file, entries("").to_string()).unwrap();
    let texts: Vec<String> = check().unwrap().iter().map(ToString::to_string).collect();
    assert!(texts.iter().any(|text| text.contains("without a reason")), "{texts:?}");
    fs::write(&file, entries("nobody reads it yet").to_string()).unwrap();
    assert!(check().unwrap().iter().all(|one| !one.is_incompatible()));
    of::<third::OrderPlaced>().export(folder).unwrap();
    assert_eq!(check().unwrap(), []);

    // Some day they are needed no more.
    let mut more = entries("nobody reads it yet");
    more.as_array_mut().unwrap().push(json!({"rule": "TYPE_CHANGED", "path": "#/properties/id", "reason": "gone"}));
    fs::write(&file, more.to_string()).unwrap();
    let needless = check().unwrap();
    assert_eq!(needless.len(), 1);
    assert!(needless[0].to_string().ends_with("remove it: TYPE_CHANGED at #/properties/id"), "{}", needless[0]);
    fs::write(&file, "[{}]").unwrap();
    assert!(check().unwrap_err().to_string().contains("is not a list of exceptions"));
}

/// The reader of a field with aliases accepts one of its names, and the writer writes one.
#[test]
fn fields_with_aliases_follow_themselves() {
    mod before {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            pub(super) id: u8,
            pub(super) parent: Option<Box<OrderPlaced>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(super) note: Option<String>,
        }
    }
    mod after {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            #[serde(alias = "order", alias = "number")]
            pub(super) id: u8,
            #[serde(alias = "from")]
            pub(super) parent: Option<Box<OrderPlaced>>,
            #[serde(alias = "comment", skip_serializing_if = "Option::is_none")]
            pub(super) note: Option<String>,
        }
    }
    mod renamed {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            #[serde(alias = "id", alias = "number")]
            pub(super) order: u8,
            #[serde(alias = "parent")]
            pub(super) from: Option<Box<OrderPlaced>>,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    of::<before::OrderPlaced>().export(folder.path()).unwrap();
    of::<after::OrderPlaced>().export(folder.path()).unwrap();
    assert_eq!(of::<after::OrderPlaced>().check(folder.path()).unwrap(), []);
    // Readers of the earlier revision do not know the new names; today's reader knows the old ones.
    let found = of::<renamed::OrderPlaced>().check(folder.path()).unwrap();
    let findings: Vec<_> = found.iter().flat_map(Deviation::findings).collect();
    let json =
        |finding: &&&Finding| finding.path().starts_with("#/properties") || finding.path().starts_with("#/required");
    assert!(findings.iter().filter(json).count() > 0, "{findings:?}");
    assert!(findings.iter().filter(json).all(|finding| finding.direction() == Direction::Forward), "{findings:?}");
}

/// A type of another name is another one to Avro, and the same to JSON.
#[test]
fn avro_schemas_are_checked_too() {
    mod before {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            pub(super) line: Line,
        }
        #[event_schema::event]
        pub(super) struct Line {
            pub(super) sku: String,
        }
    }
    mod after {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            pub(super) line: OrderLine,
        }
        #[event_schema::event]
        pub(super) struct OrderLine {
            pub(super) sku: String,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    of::<before::OrderPlaced>().export(folder.path()).unwrap();
    let found = of::<after::OrderPlaced>().check(folder.path()).unwrap();
    let findings = found.iter().find(|one| one.is_incompatible()).unwrap().findings();
    let rules: Vec<_> = findings.iter().map(|finding| (finding.rule().id(), finding.path())).collect();
    assert_eq!(rules, [("NAME_MISMATCH", "#/fields/line/name"); 2]);
}

fn failure(catalog: &Catalog, folder: &Path) -> String {
    let failed = std::panic::catch_unwind(|| catalog.assert_recorded(folder)).unwrap_err();
    *failed.downcast::<String>().unwrap()
}

/// The text of a failed test is understood without the documentation.
#[test]
fn a_failed_test_says_what_to_do() {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        return println!("skipped: with UPDATE_SCHEMAS no record is stale");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let name = folder.display().to_string();
    of::<first::OrderPlaced>().export(folder).unwrap();
    let stale = failure(&of::<second::OrderPlaced>(), folder).replace(&name, "schemas");
    assert_eq!(
        stale,
        "\nThe contracts of `orders` in schemas:\n\n\
         schemas/order.placed/v2.json is not the contract of today; record it\n\
         schemas/order.placed/v2.reader.json is missing; record it\n\
         schemas/order.placed/v2.avsc is not the contract of today; record it\n\n\
         Record the contracts and commit the files: run the test with UPDATE_SCHEMAS=1 in the environment, or the \
         command `export`.\n"
    );
    of::<second::OrderPlaced>().export(folder).unwrap();
    let incompatible = failure(&of::<third::OrderPlaced>(), folder).replace(&name, "schemas");
    println!("{incompatible}");
    for part in [
        "`order.placed` version 2 would break programs that exchange it: `OrderPlaced` is incompatible with \
         schemas/order.placed/v2.json\n\n\
         #/properties/id/maximum: the reader's maximum is lower than the writer's [MAXIMUM_DECREASED]\n  \
         old: 4294967295\n  new: 18446744073709551615\n  consumers of the old schema refuse messages of the new one\n  \
         keep the limit, or choose one that allows less; or publish a new version\n",
        "#[event_schema::event(name = \"order.placed\", version = 3, previous = OrderPlacedV2)]\nstruct OrderPlaced {",
        "impl From<OrderPlacedV2> for OrderPlaced {\n    fn from(old: OrderPlacedV2) -> Self {",
        "record an exception with its reason in schemas/order.placed/v2.exceptions.json:\n\n[\n  {",
    ] {
        assert!(incompatible.contains(part), "{part}\n\nis not in\n{incompatible}");
    }
}

/// `UPDATE_SCHEMAS=1 cargo test --test contract recorded` records them.
#[test]
fn the_contracts_of_the_examples_are_recorded() {
    for catalog in [crate::events::catalog(), crate::order_service::catalog(), crate::hello_event::catalog()] {
        catalog.assert_recorded("schemas");
    }
}

/// A document of its own for each form, with what programs in other languages look for.
#[test]
fn recorded_documents_name_their_event() {
    #[event_schema::event(name = "user.added", version = 3, topic = "users", key = user_id)]
    #[serde(rename_all = "camelCase")]
    struct UserAdded {
        user_id: u32,
        #[event(sensitive)]
        #[serde(default)]
        pass_word: String,
    }
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("users").event::<UserAdded>().export(folder.path()).unwrap();
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.path().join("user.added").join(name)).unwrap()).unwrap()
    };
    let about = |form: &str| {
        json!({
            "name": "user.added", "version": 3, "form": form, "topic": "users", "key": "userId", "sensitive": ["passWord"],
        })
    };
    let (written, accepted) = (read("v3.json"), read("v3.reader.json"));
    assert_eq!((&written["x-event-schema"], &accepted["x-event-schema"]), (&about("written"), &about("accepted")));
    assert_eq!(written["$id"], "urn:event-schema:user.added:v3:written");
    // No format that JSON Schema does not know.
    assert_eq!(written["properties"]["userId"], json!({"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32}));
}

#[test]
fn examples_are_checked_against_the_rules() {
    #[event_schema::event]
    #[schemars(example = json!({"id": 7}), example = json!({"id": 100}))]
    struct Sample {
        #[validate(range(max = 9))]
        id: u8,
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("samples").event::<Sample>();
    catalog.export(folder.path()).unwrap();
    let texts: Vec<String> = catalog.check(folder.path()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("would have an example that is no valid event: #/examples/1: "), "{texts:?}");
}

/// The document of the example events; every reference in it leads somewhere.
#[test]
fn asyncapi_has_the_channels_messages_and_schemas() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(entries) => {
                found.extend(entries.get("$ref").and_then(Value::as_str).map(str::to_owned));
                entries.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = crate::events::catalog().asyncapi("2.0.0");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    assert_eq!(document["info"], json!({"title": "shop", "version": "2.0.0"}));
    assert_eq!(
        document["channels"]["order-request"],
        json!({
            "address": "order-request",
            "messages": {"order.requested.v2": {"$ref": "#/components/messages/order.requested.v2"}},
            "bindings": {"kafka": {"topic": "order-request", "bindingVersion": "0.5.0"}},
        })
    );
    let message = &document["components"]["messages"]["order.requested.v2"];
    assert_eq!(
        message["bindings"]["kafka"]["key"],
        json!({"type": "string", "format": "uuid", "description": "Made once by the shop, kept through retries."})
    );
    assert_eq!(message["payload"]["schema"], json!({"$ref": "#/components/schemas/order.requested.v2"}));
    let schema = &document["components"]["schemas"]["order.requested.v2"];
    assert_eq!(schema["properties"]["address"]["$ref"], "#/components/schemas/order.requested.v2.Address");
}
