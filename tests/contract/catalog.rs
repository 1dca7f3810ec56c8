//! The recorded contracts of a service: what is recorded, kept and refused.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use event_schema::__private::run_tool;
use event_schema::contract::compat::{Direction, Finding};
use event_schema::contract::{self, Catalog, Deviation, DeviationKind};
use event_schema::prelude::*;
use event_schema::schemars::generate::Contract as Form;
use event_schema::serde_json::{self, Value, json};

/// The rules that only a catalog finds.
pub(crate) const RULES: [&str; 5] =
    ["AVRO_SCHEMA_REMOVED", "KEY_CHANGED", "LOGICAL_TYPE_CHANGED", "TOPIC_CHANGED", "VERSION_REMOVED"];

macro_rules! order {
    ($module:ident: $($body:tt)*) => {
        mod $module {
            #[event_schema::event(name = "order.placed", version = 2)]
            pub(super) struct OrderPlaced { $($body)* }
        }
    };
}

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
    Catalog::new("orders").sends::<Shipped>().sends::<E>()
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
    // Once, with all files that it breaks with.
    let [text] = incompatible.as_slice() else { panic!("{incompatible:?}") };
    let files = text.lines().next().unwrap();
    assert!(["v2.r1.json", "v2.json", "v2.avsc", "v2.r1.avsc"].iter().all(|file| files.contains(file)), "{text}");
    assert_eq!(text.matches("#/properties/id/maximum: ").count(), 1, "{text}");
    assert_eq!(text.matches("version = 3, previous = OrderPlacedV2").count(), 1, "{text}");
    assert!(text.contains("consumers of the old schema"), "{text}");
    assert_eq!(error.to_string(), *text);
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
    assert!(
        of::<first::OrderPlaced>().check(folder).unwrap()[0]
            .to_string()
            .contains("differs from the type `OrderPlaced`")
    );
    fs::write(&file, "{").unwrap();
    let error = of::<first::OrderPlaced>().check(folder).unwrap_err();
    assert!(error.to_string().ends_with("v2.json is not JSON") && std::error::Error::source(&error).is_some());
    let markers = "{\n<<<<<<< HEAD\n=======\n>>>>>>> other\n";
    fs::write(&file, text.replacen("{\n", markers, 1)).unwrap();
    let error = of::<first::OrderPlaced>().check(folder).unwrap_err().to_string();
    let remedy = "restore the file of the target branch, and record the contracts again";
    assert!(error.ends_with(&format!("v2.json has the markers of a merge conflict: {remedy}")), "{error}");
    fs::write(&file, &text).unwrap();
    let exceptions = folder.join("order.placed/v2.exceptions.json");
    fs::write(&exceptions, "<<<<<<< HEAD\n[]\n=======\n[]\n>>>>>>> other\n").unwrap();
    let error = of::<first::OrderPlaced>().check(folder).unwrap_err().to_string();
    assert!(error.ends_with("merge conflict: keep the exceptions of both sides"), "{error}");
    fs::remove_file(exceptions).unwrap();
    fs::write(&file, "{\"items\": 7}").unwrap();
    assert!(
        of::<first::OrderPlaced>().check(folder).unwrap_err().to_string().contains("v2.json is not a usable schema")
    );
}

/// Incompatible changes with a reason that is recorded are accepted.
#[test]
fn exceptions_are_recorded_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("order.placed/v2.exceptions.json");
    of::<second::OrderPlaced>().export(folder).unwrap();
    let check = || of::<third::OrderPlaced>().check(folder);
    let refused = check().unwrap().into_iter().find(Deviation::is_incompatible).unwrap();
    order!(text: pub(super) id: String, #[serde(default)] pub(super) note: Option<String>);
    assert!(!check().unwrap().iter().any(|one| one.to_string().contains("accepted by")));
    // The text of the failure has them, to be pasted.
    let text = refused.to_string();
    let pasted: Value = serde_json::from_str(text.split_once("v2.exceptions.json:").unwrap().1).unwrap();
    let entries = |reason: &str| {
        let mut entries = pasted.clone();
        entries.as_array_mut().unwrap().iter_mut().for_each(|entry| entry["reason"] = reason.into());
        entries
    };
    let limit = json!({
        "rule": "MAXIMUM_DECREASED", "path": "#/properties/id/maximum", "direction": "forward", "reason": "",
        "old": u32::MAX, "new": u64::MAX,
    });
    assert!(pasted.as_array().unwrap().contains(&limit), "{pasted:#}");

    fs::write(&file, entries("").to_string()).unwrap();
    let texts: Vec<String> = check().unwrap().iter().map(ToString::to_string).collect();
    assert!(
        texts.iter().any(|text| text.contains("an exception without a reason, MAXIMUM_DECREASED at ")),
        "{texts:?}"
    );
    // Without a reason it covers nothing.
    assert!(of::<third::OrderPlaced>().export(folder).unwrap_err().is_incompatible());
    fs::write(&file, entries("nobody reads it yet").to_string()).unwrap();
    let stale = check().unwrap();
    assert!(stale.iter().all(|one| !one.is_incompatible()));
    let text = stale[0].to_string();
    assert!(text.contains("#/properties/id/maximum: changed, incompatible, accepted by an exception"), "{text}");
    assert!(!text.contains("incompatible\n") && !text.ends_with("incompatible"), "{text}");
    let changes = of::<third::OrderPlaced>().diff(folder).unwrap().remove(1).1;
    assert!(!changes.is_empty() && changes.iter().all(|change| !change.is_breaking()), "{changes:?}");
    assert!(
        changes[0]
            .to_string()
            .ends_with("v2.json: #/properties/id/maximum: changed, incompatible, accepted by an exception")
    );
    // With the file there, a further exception is added to its array.
    let text = incompatible(&of::<text::OrderPlaced>(), folder).concat();
    let (_, pasted) = text.split_once("add an exception with its reason to the array in ").unwrap();
    let (_, pasted) = pasted.split_once("v2.exceptions.json:\n\n").unwrap();
    let added: Vec<Value> = serde_json::from_str(&format!("[{pasted}]")).unwrap();
    assert!(!added.is_empty() && added.iter().all(|entry| entry["rule"].is_string()), "{text}");
    of::<third::OrderPlaced>().export(folder).unwrap();
    assert_eq!(check().unwrap(), []);

    // Some day they are needed no more.
    let mut more = entries("nobody reads it yet");
    let gone = json!({"rule": "TYPE_CHANGED", "path": "#/properties/id", "direction": "backward", "reason": "gone"});
    more.as_array_mut().unwrap().push(gone);
    fs::write(&file, more.to_string()).unwrap();
    let unused = check().unwrap();
    assert_eq!((unused.len(), unused[0].kind()), (1, DeviationKind::Exception));
    let text = unused[0].to_string();
    assert!(text.ends_with("contains an unused exception, TYPE_CHANGED at #/properties/id: remove it"), "{text}");
    fs::write(&file, "[\n  {},\n]").unwrap();
    let error = check().unwrap_err();
    assert!(error.to_string().contains("is not an array of exceptions"));
    // With its place.
    assert_eq!(error.source().unwrap().to_string(), "missing field `rule` at line 2 column 4");
    fs::write(&file, "[\n]]").unwrap();
    assert_eq!(check().unwrap_err().source().unwrap().to_string(), "trailing characters at line 2 column 2");
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
         schemas/order.placed/v2.json differs from the type `OrderPlaced`\n  \
         #/properties/note: added, compatible\n\
         schemas/order.placed/v2.reader.json is missing\n\
         schemas/order.placed/v2.avsc differs from the type `OrderPlaced`\n  \
         #/fields/note: added, compatible\n\n\
         Record the contracts and commit the files: run the test with UPDATE_SCHEMAS=1 in the environment, or the \
         command `export`.\n"
    );
    of::<second::OrderPlaced>().export(folder).unwrap();
    let incompatible = failure(&of::<third::OrderPlaced>(), folder).replace(&name, "schemas");
    println!("{incompatible}");
    for part in [
        "`order.placed` version 2 would break programs that exchange it: `OrderPlaced` is incompatible with \
         schemas/order.placed/v2.avsc, schemas/order.placed/v2.json, schemas/order.placed/v2.r1.avsc, \
         schemas/order.placed/v2.r1.json\n\n\
         #/properties/id/maximum: the reader's maximum is lower than the writer's [MAXIMUM_DECREASED]\n  \
         old (reader): 4294967295\n  new (writer): 18446744073709551615\n  consumers of the old schema refuse messages of the new one\n  \
         keep the limit, or choose one that allows less\n",
        "#[event_schema::event(name = \"order.placed\", version = 3, previous = OrderPlacedV2)]\n// Repeat",
        "impl From<OrderPlacedV2> for OrderPlaced {\n    fn from(old: OrderPlacedV2) -> Self {",
        "// Repeat `pub`, `#[derive(...)]` and the other attributes of OrderPlacedV2 and its fields: without `#[serde(...)]`\n\
         // the names on the wire change, and without `#[validate(...)]` the rules.\nstruct OrderPlaced {",
        "unless the service still sends that version, too: then the catalog has `sends::<OrderPlacedV2>()` beside.\n",
        "record an exception with its reason in schemas/order.placed/v2.exceptions.json:\n\n[\n  {",
    ] {
        assert!(incompatible.contains(part), "{part}\n\nis not in\n{incompatible}");
    }
}

/// `UPDATE_SCHEMAS=1 cargo test --test contract recorded` records them.
#[test]
fn the_contracts_of_the_examples_are_recorded() {
    for catalog in [crate::events::catalog(), crate::stock_service::catalog(), crate::hello_event::catalog()] {
        catalog.assert_recorded(Path::new("schemas").join(catalog.service()));
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
    Catalog::new("users").sends::<UserAdded>().export(folder.path()).unwrap();
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
    #[schemars(example = json!({"id": 7, "name": "a"}), example = json!({"id": 100, "name": "a"}))]
    struct Sample {
        #[validate(range(max = 9))]
        #[schemars(example = 9, example = 10)]
        id: u8,
        #[validate(length(min = 1))]
        #[schemars(example = "a", example = "", example = 7)]
        name: String,
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("samples").sends::<Sample>();
    let mut found = catalog.check(folder.path()).unwrap();
    found.retain(|one| one.kind() == DeviationKind::Example);
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    let places =
        ["#/examples/1: ", "#/properties/id/examples/1: ", "#/properties/name/examples/1: ", "name/examples/2: "];
    assert_eq!(texts.len(), places.len(), "{texts:?}");
    for (text, place) in texts.iter().zip(places) {
        assert!(text.contains("would contain an example that is not valid, ") && text.contains(place), "{text}");
    }
    // Nothing of that kind is recorded.
    let error = catalog.export(folder.path()).unwrap_err();
    assert!(!error.is_incompatible() && error.to_string() == texts.join("\n\n"), "{error}");
    assert!(!folder.path().join("sample").exists());
}

/// The contracts of the example events in draft 7 are those that the types have in it.
#[test]
fn contracts_are_exported_in_draft_7() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = crate::events::catalog();
    let run = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run_tool(&catalog, &args, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    let name = folder.path().to_str().unwrap();
    catalog.export(name).unwrap();
    let (code, out, _) = run(&["export", "--draft", "7", name]);
    assert!(code == 0 && out.contains("v2.draft07.json\n") && out.contains("v2.reader.draft07.json\n"), "{out}");
    let (code, out, _) = run(&["export", "--draft", "7", name]);
    assert_eq!((code, &*out), (0, "the contracts in draft 7 are up to date\n"));

    for (form, file) in [(Form::Serialize, "v1.draft07.json"), (Form::Deserialize, "v1.reader.draft07.json")] {
        let text = std::fs::read_to_string(folder.path().join("reading-taken").join(file)).unwrap();
        let mut found: Value = text.parse().unwrap();
        let id = found["$id"].take();
        assert!(id.as_str().is_some_and(|id| id.ends_with(":draft-07")), "{id}");
        let mut expected = contract::draft07::<crate::events::ReadingTaken>(&form).to_value();
        expected["$id"] = Value::Null;
        expected["x-event-schema"] = found["x-event-schema"].clone();
        assert_eq!(found, expected, "{file}");
    }
    let order = folder.path().join("order.requested/v2.draft07.json");
    let order: Value = std::fs::read_to_string(order).unwrap().parse().unwrap();
    assert!(order["definitions"].is_object() && !order.to_string().contains("$defs"), "{order:#}");
    // They are not among the recorded contracts.
    assert_eq!(run(&["check", name]), (0, "the recorded contracts are up to date\n".into(), String::new()));
    assert!(catalog.export(name).unwrap().is_empty());

    for (args, fault) in [
        (&["chek"][..], "unknown command `chek`; did you mean `check`?\ncommands:"),
        (&["dance"], "unknown command `dance`\ncommands:"),
        (&["asyncapi", "schemas"], "`schemas` is not a version\ncommands:"),
        (&[], "commands:"),
        (&["list", "extra"], "`extra` is not known here\ncommands:"),
        (&["check", name, "extra"], "`extra` is not known here\ncommands:"),
        (&["check", "-x"], "`-x` is not known here\ncommands:"),
        (
            &["diff", "--type", "avro"],
            if cfg!(feature = "registry") {
                "`--type` is not known here\ncommands:"
            } else {
                "`--type` is not known here, without the feature `registry` of event-schema\ncommands:"
            },
        ),
        (&["export", "--draft", "6", name], "`--draft 6` is not known: draft 7 is `--draft 7`\ncommands:"),
        (&["export", "--draft"], "`--draft` needs a number: `--draft 7`\ncommands:"),
        (&["export", "--draft", "7", name, "extra"], "`extra` is not known here\ncommands:"),
        (&["export", "--draft", "7", "--foo"], "`--foo` is not known here\ncommands:"),
        (&["export", "--foo"], "`--foo` is not known here\ncommands:"),
        (&["asyncapi", "1", "2"], "`2` is not known here\ncommands:"),
        (&["asyncapi", "--version"], "`--version` is not known here\ncommands:"),
    ] {
        let (code, out, err) = run(args);
        assert!(code == 2 && out.is_empty() && err.starts_with(fault), "{args:?}: {err}");
    }
    assert!(!Path::new("--dry-run").exists());
    for args in [&["--help"][..], &["export", "--help"], &["check", "-h"]] {
        let (code, out, _) = run(args);
        assert!(code == 0 && out.starts_with("commands:"), "{args:?}: {out}");
    }
    assert_eq!(run(&["diff", name]), (0, "no changes\n".into(), String::new()));
    // Nothing to compare with.
    let (code, out, _) = run(&["diff", "no such folder"]);
    assert_eq!((code, &*out), (1, "no such folder has no recorded contract of these events\n"));
}

/// A deviation names what changed: also what the reader accepts in addition, words, and marks of the record.
#[test]
fn a_file_that_differs_has_a_change() {
    order!(before: #[validate(range(max = 10))] pub(super) id: u32);
    order!(relaxed: #[validate(range(max = 20))] pub(super) id: u32);
    order!(free: pub(super) id: u32);
    order!(secret: #[validate(range(max = 10))] #[event(sensitive)] pub(super) id: u32);
    order!(sampled: #[validate(range(max = 10))] #[schemars(example = 7)] pub(super) id: u32);
    mod both {
        #[event_schema::event(name = "order.placed", version = 2)]
        #[schemars(title = "Another")]
        pub(super) struct OrderPlaced {
            #[validate(range(max = 20))]
            pub(super) id: u32,
        }
    }
    fn receiving<E: EventSchema>() -> Catalog {
        Catalog::new("billing").receives::<E>()
    }
    let folder = tempfile::tempdir().unwrap();
    receiving::<before::OrderPlaced>().export(folder.path()).unwrap();
    let file = folder.path().join("order.placed/v2.reader.json");
    for (catalog, line) in [
        (receiving::<relaxed::OrderPlaced>(), "#/properties/id/maximum: changed, compatible"),
        (receiving::<free::OrderPlaced>(), "#/properties/id/maximum: changed, compatible"),
        (
            receiving::<both::OrderPlaced>(),
            "#/title: changed, compatible\n  #/properties/id/maximum: changed, compatible",
        ),
        (
            receiving::<secret::OrderPlaced>(),
            "#/properties/id/x-event-schema: added, compatible\n  #/x-event-schema/sensitive: added, compatible",
        ),
        (receiving::<sampled::OrderPlaced>(), "#/properties/id/examples: added, compatible"),
    ] {
        let found = catalog.check(folder.path()).unwrap();
        let stale = found.iter().find(|one| one.path() == file).unwrap().to_string();
        assert!(stale.ends_with(&format!("differs from the type `OrderPlaced`\n  {line}")), "{stale}");
        if line.starts_with("#/properties/id/maximum") {
            let (_, changes) = catalog.diff(folder.path()).unwrap().remove(0);
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            assert_eq!(changes, [format!("{}: {line}", file.display())]);
        }
    }
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n")).unwrap();
    let found = receiving::<before::OrderPlaced>().check(folder.path()).unwrap();
    assert!(found[0].to_string().ends_with("\n  only the formatting: compatible"), "{found:?}");
}

/// The attributes that choose the names on the wire are not in the code to paste.
#[test]
fn a_new_version_keeps_its_form_and_names() {
    mod types {
        #[event_schema::event(name = "booking.made")]
        #[serde(rename_all = "camelCase", tag = "type")]
        pub(super) enum BookingMade {
            Seat { seat_number: u8 },
        }
        #[event_schema::event(name = "booking.made")]
        #[serde(rename_all = "camelCase", tag = "type")]
        pub(super) enum Changed {
            Seat { seat_number: String },
        }
        #[event_schema::event(name = "order.made")]
        #[serde(rename_all = "camelCase")]
        pub(super) struct OrderMadeV1 {
            pub(super) order_id: u32,
            pub(super) note: String,
        }
        #[event_schema::event(name = "order.made", version = 2, previous = OrderMadeV1)]
        pub(super) struct OrderMade {
            pub(super) order_id: String,
            pub(super) note: String,
        }
        impl From<OrderMadeV1> for OrderMade {
            fn from(old: OrderMadeV1) -> Self {
                Self { order_id: old.order_id.to_string(), note: old.note }
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("bookings").sends::<types::BookingMade>().export(folder.path()).unwrap();
    let found = incompatible(&Catalog::new("bookings").sends::<types::Changed>(), folder.path()).concat();
    for part in [
        " the other attributes of ChangedV1 and its variants: without `#[serde(...)]`\n",
        "\nenum Changed {\n    // the variants of version 2\n}\n",
        "        match old { /* each variant of version 1 */ }\n",
    ] {
        assert!(found.contains(part), "{part}\n\nis not in\n{found}");
    }

    let folder = tempfile::tempdir().unwrap();
    Catalog::new("orders").sends::<types::OrderMadeV1>().export(folder.path()).unwrap();
    let found = Catalog::new("orders").sends::<types::OrderMade>().check(folder.path()).unwrap();
    let hint = "/v2.json is missing: restore it if it was recorded before\n  the version before calls `order_id` `orderId`\n  \
                If that is not meant, add the `#[serde(rename_all = \"...\")]` of its type";
    assert!(found.iter().any(|one| one.to_string().ends_with(hint)), "{found:?}");
}

/// Without the file that the check compares with, it would find nothing.
#[test]
fn a_deleted_record_is_to_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    of::<second::OrderPlaced>().export(folder.path()).unwrap();
    for (name, text) in [
        ("v2.avsc", "v2.avsc is missing"),
        (
            "v2.json",
            "v2.json is missing, although other files of its version are there: restore it if it was recorded before",
        ),
        ("v2.reader.json", "v2.json is missing: restore it if it was recorded before"),
    ] {
        fs::remove_file(folder.path().join("order.placed").join(name)).unwrap();
        let found = of::<third::OrderPlaced>().check(folder.path()).unwrap();
        assert!(found.iter().any(|one| one.to_string().ends_with(text)), "{found:?}");
    }
}

/// In another directory the tool would begin a new history.
#[test]
fn the_tool_creates_no_folder_that_is_not_named() {
    const HERE: &str = "TOOL_WITHOUT_A_FOLDER";
    if std::env::var_os(HERE).is_none() {
        let folder = tempfile::tempdir().unwrap();
        let name = "catalog::the_tool_creates_no_folder_that_is_not_named";
        let mut program = Command::new(std::env::current_exe().unwrap());
        let done = program.args(["--exact", name]).env(HERE, "1").current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let run = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run_tool(&of::<first::OrderPlaced>(), &args, &mut out, &mut err);
        (code, String::from_utf8(err).unwrap())
    };
    for args in [&["export"][..], &["export", "--draft", "7"], &["check"], &["diff"]] {
        let (code, err) = run(args);
        let remedy = ": run the command in the directory that has it, or name the folder\n";
        assert!(code == 2 && err.starts_with("there is no folder `schemas` in ") && err.ends_with(remedy), "{err}");
        assert!(!Path::new("schemas").exists());
    }
    assert_eq!(run(&["export", "schemas"]), (0, String::new()));
    assert_eq!(run(&["check"]), (0, String::new()));
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

/// The texts of the deviations that are incompatible.
fn incompatible(catalog: &Catalog, folder: &Path) -> Vec<String> {
    let found = catalog.check(folder).unwrap();
    found.iter().filter(|one| one.is_incompatible()).map(ToString::to_string).collect()
}

/// Records the exceptions that a failed check prints, with a reason.
fn accept(catalog: &Catalog, folder: &Path) {
    for text in incompatible(catalog, folder) {
        let (before, entries) = text.rsplit_once(":\n\n").unwrap();
        let file = before.rsplit_once("its reason in ").unwrap().1;
        let mut entries: Value = serde_json::from_str(entries).unwrap();
        entries.as_array_mut().unwrap().iter_mut().for_each(|entry| entry["reason"] = "agreed".into());
        fs::write(file, entries.to_string()).unwrap();
    }
}

/// An exception covers one finding, not each later one of its rule at its place.
#[test]
fn an_exception_hides_no_later_change() {
    order!(small: pub(super) id: u32);
    order!(large: pub(super) id: u64);
    order!(tiny: pub(super) id: u16);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    of::<small::OrderPlaced>().export(folder).unwrap();
    accept(&of::<large::OrderPlaced>(), folder);
    of::<large::OrderPlaced>().export(folder).unwrap();
    assert_eq!(of::<large::OrderPlaced>().check(folder).unwrap(), []);
    let found = incompatible(&of::<tiny::OrderPlaced>(), folder);
    assert!(found[0].contains("#/properties/id/maximum: the reader's maximum is lower"), "{found:?}");
    assert!(of::<tiny::OrderPlaced>().export(folder).unwrap_err().is_incompatible());
}

mod addresses {
    #[event_schema::event]
    #[schemars(rename = "Address")]
    pub(super) struct Old {
        pub(super) street: u32,
    }
    #[event_schema::event]
    #[schemars(rename = "Address")]
    pub(super) struct New {
        pub(super) street: u64,
    }
}

/// The place of a change in a shared type is that of the type: another use of it does not move it.
#[test]
fn exceptions_of_shared_types_stay_in_place() {
    order!(before: pub(super) billing: super::addresses::Old, pub(super) shipping: super::addresses::Old);
    order!(after: pub(super) billing: super::addresses::New, pub(super) shipping: super::addresses::New);
    order!(more:
        pub(super) account: Option<super::addresses::New>,
        pub(super) billing: super::addresses::New,
        pub(super) shipping: super::addresses::New
    );
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    of::<before::OrderPlaced>().export(folder).unwrap();
    let found = incompatible(&of::<after::OrderPlaced>(), folder).concat();
    assert!(found.contains("#/$defs/Address/properties/street/maximum: "), "{found}");
    assert!(found.contains("\n  used at #/properties/billing, #/properties/shipping\n"), "{found}");
    accept(&of::<after::OrderPlaced>(), folder);
    of::<after::OrderPlaced>().export(folder).unwrap();
    of::<more::OrderPlaced>().export(folder).unwrap();
    assert_eq!(of::<more::OrderPlaced>().check(folder).unwrap(), []);
}

/// The sides of an exception are compared without the texts for readers.
#[test]
fn exceptions_stay_when_a_description_changes() {
    order!(before: pub(super) id: u32);
    order!(after: pub(super) id: String);
    order!(described:
        /// The number of the order.
        pub(super) id: String
    );
    let folder = tempfile::tempdir().unwrap();
    of::<before::OrderPlaced>().export(folder.path()).unwrap();
    accept(&of::<after::OrderPlaced>(), folder.path());
    assert_eq!(incompatible(&of::<described::OrderPlaced>(), folder.path()), [""; 0]);
}

#[test]
fn versions_and_events_that_go_away_are_told() {
    mod types {
        #[event_schema::event(name = "order.placed")]
        pub(super) struct First {
            pub(super) id: u32,
        }
        #[event_schema::event(name = "order.placed", version = 2, previous = First)]
        pub(super) struct Second {
            pub(super) id: u32,
        }
        impl From<First> for Second {
            fn from(first: First) -> Self {
                Self { id: first.id }
            }
        }
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct Forgetful {
            pub(super) id: u32,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let catalog = of::<types::Second>();
    catalog.export(folder).unwrap();
    // The version that `previous` names is recorded without a word of the catalog, which may name it.
    assert!(folder.join("order.placed/v1.json").exists());
    assert_eq!(catalog.events().map(|event| event.version()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(catalog.clone().sends::<types::First>().check(folder).unwrap(), []);

    for (catalog, event, version) in [
        (
            of::<types::Forgetful>(),
            "order.placed",
            "contains version 1 of `order.placed`, and no type of the catalog has it",
        ),
        (Catalog::new("orders").sends::<types::Second>(), "shipped", "contains version 1 of `shipped`"),
    ] {
        let mut found = catalog.check(folder).unwrap();
        found.retain(Deviation::is_incompatible);
        let [removed] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((removed.kind(), removed.path()), (DeviationKind::Removed, &*folder.join(event)));
        assert!(removed.to_string().contains(version) && removed.to_string().contains("`previous`"), "{removed}");
        assert!(catalog.export(folder).unwrap_err().is_incompatible());
        accept(&catalog, folder);
        catalog.export(folder).unwrap();
        assert!(catalog.check(folder).unwrap().iter().all(|one| one.kind() == DeviationKind::Exception));
        of::<types::Second>().export(folder).unwrap();
    }
    // They are back: the exceptions are unused.
    let back = catalog.check(folder).unwrap();
    assert!(back.iter().all(|one| one.kind() == DeviationKind::Exception) && back.len() == 2, "{back:?}");
}

/// A nested type that two versions share changes: a third version would not help the first.
#[test]
fn remedies_fit_the_accident() {
    mod types {
        #[event_schema::event]
        #[schemars(rename = "Address")]
        pub(super) struct Address {
            pub(super) street: String,
        }
        #[event_schema::event]
        #[schemars(rename = "Address")]
        pub(super) struct Stricter {
            pub(super) street: String,
            pub(super) city: String,
        }
        #[event_schema::event(name = "order.placed", topic = "orders-v1", key = order_id)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct OrderPlacedV1 {
            pub(super) order_id: u32,
            pub(super) to: Address,
        }
        #[event_schema::event(name = "order.placed", topic = "orders-v1", key = order_id)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct ChangedV1 {
            pub(super) order_id: u32,
            pub(super) to: Stricter,
        }
        #[event_schema::event(name = "order.placed", version = 2, previous = OrderPlacedV1)]
        pub(super) struct OrderPlaced {
            pub(super) to: Address,
        }
        #[event_schema::event(name = "order.placed", version = 2, previous = ChangedV1)]
        pub(super) struct Changed {
            pub(super) to: Stricter,
        }
        impl From<OrderPlacedV1> for OrderPlaced {
            fn from(first: OrderPlacedV1) -> Self {
                Self { to: first.to }
            }
        }
        impl From<ChangedV1> for Changed {
            fn from(first: ChangedV1) -> Self {
                Self { to: first.to }
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Catalog::new("orders").sends::<types::OrderPlaced>().export(folder).unwrap();
    let found = incompatible(&Catalog::new("orders").sends::<types::Changed>(), folder);
    let of_first = found.iter().find(|text| text.starts_with("`order.placed` version 1 ")).unwrap();
    assert!(of_first.contains("version 1 is frozen, for version 2 exists"), "{of_first}");
    assert!(!of_first.contains("version = 2"), "{of_first}");

    // The first accident of an event with a topic and a key.
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("orders").sends::<types::OrderPlacedV1>().export(folder.path()).unwrap();
    let found = incompatible(&Catalog::new("orders").sends::<types::ChangedV1>(), folder.path()).concat();
    let pasted = "#[event_schema::event(name = \"order.placed\", version = 2, previous = ChangedV1, topic = \"orders-v2\", \
                  key = order_id)]\n";
    assert!(found.contains(pasted), "{found}");
    assert!(found.contains("Keep the type `ChangedV1` as it was, and add:"), "{found}");
    assert!(found.contains("\nstruct Changed {\n    // the fields of version 2\n}\n"), "{found}");
    let nested = "The nested type `Address` changed: keep a copy of it as it was for `ChangedV1`, with \
                  `#[schemars(rename = \"Address\")]` if it has another name.";
    assert!(found.contains(nested) && of_first.contains(nested), "{found}\n{of_first}");
}

/// For an event of another program only the accepted form counts, in one direction.
#[test]
fn received_events_are_checked_as_their_consumer() {
    order!(before: pub(super) id: u32, pub(super) note: String);
    order!(tolerant: pub(super) id: Option<u32>);
    order!(strict: pub(super) id: u32, pub(super) note: String, pub(super) more: String);
    fn receiving<E: EventSchema>() -> Catalog {
        Catalog::new("billing").receives::<E>()
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    receiving::<before::OrderPlaced>().export(folder).unwrap();
    assert_eq!(names(folder), ["v2.reader.avsc", "v2.reader.json"]);
    assert_eq!(incompatible(&receiving::<tolerant::OrderPlaced>(), folder), [""; 0]);
    let found = incompatible(&receiving::<strict::OrderPlaced>(), folder).concat();
    assert!(found.contains("#/properties/more: ") && found.contains("v2.reader.json"), "{found}");
    let owners = "other programs send the event, and this service would refuse messages that it accepted. If the owner has \
                  published a new version, give it a type of its own, with `version = 3, previous = OrderPlacedV2`";
    assert!(found.contains(owners) && !found.contains("impl From"), "{found}");

    // With a copy of what its owner recorded, the check compares with that.
    let owner = tempfile::tempdir().unwrap();
    Catalog::new("orders").sends::<strict::OrderPlaced>().export(owner.path()).unwrap();
    for file in ["order.placed/v2.json", "order.placed/v2.avsc"] {
        fs::copy(owner.path().join(file), folder.join(file)).unwrap();
    }
    assert_eq!(incompatible(&receiving::<strict::OrderPlaced>(), folder), [""; 0]);
    receiving::<tolerant::OrderPlaced>().export(folder).unwrap();
    assert_eq!(receiving::<tolerant::OrderPlaced>().check(folder).unwrap(), []);

    // Sent and received: as an event that is sent, with both operations.
    let both = Catalog::new("retry").sends::<Topical>().receives::<Topical>();
    let operations = both.asyncapi("1")["operations"].clone();
    let operations: BTreeSet<_> = operations.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(Vec::from_iter(operations), ["receive.topical.v1", "send.topical.v1"]);
    let folder = tempfile::tempdir().unwrap();
    both.export(folder.path()).unwrap();
    assert!(folder.path().join("topical/v1.json").exists());
}

#[event_schema::event(topic = "topics", key = id)]
struct Topical {
    id: u32,
}

#[test]
fn an_enum_of_events_stands_for_them() {
    #[event_schema::event(types)]
    #[serde(untagged)]
    enum Either {
        Shipped(Shipped),
        Topical(Topical),
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("either").receives::<Either>();
    assert_eq!(catalog.events().map(|event| event.name()).collect::<Vec<_>>(), ["shipped", "topical"]);
    catalog.export(folder.path()).unwrap();
    assert!(!folder.path().join("either").exists() && folder.path().join("shipped/v1.reader.json").exists());
}

/// An Avro schema that a type lost, and a topic and a key that moved, break consumers.
#[test]
fn lost_avro_schemas_topics_and_keys_are_told() {
    mod types {
        use event_schema::serde_json::Value;

        #[event_schema::event(name = "topical")]
        pub(super) struct Moved {
            pub(super) id: u32,
        }
        #[event_schema::event(name = "topical", topic = "topics", key = id)]
        pub(super) struct Formless {
            pub(super) id: u32,
            #[serde(default)]
            pub(super) more: Option<Value>,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Catalog::new("topics").sends::<Topical>().export(folder).unwrap();
    let rules = |catalog: &Catalog| -> Vec<&str> {
        let found = catalog.check(folder).unwrap();
        found.iter().flat_map(Deviation::findings).map(|finding| finding.rule().id()).collect()
    };
    let moved = Catalog::new("topics").sends::<types::Moved>();
    assert_eq!(rules(&moved), ["TOPIC_CHANGED", "KEY_CHANGED"]);
    let formless = Catalog::new("topics").sends::<types::Formless>();
    assert_eq!(rules(&formless), ["AVRO_SCHEMA_REMOVED"]);
    let text = incompatible(&formless, folder).concat();
    assert!(text.contains("Avro schema: #: ") && text.contains("v1.avsc"), "{text}");
    // The reason of the type is there.
    assert!(text.contains("new (writer): \""), "{text}");
    let text = moved.check(folder).unwrap().iter().map(ToString::to_string).collect::<String>();
    assert!(text.contains("  old (reader): \"topics\"\n  consumers of the old topic\n"), "{text}");
    assert!(text.contains("\n  the topic \"topics\": removed, incompatible") && !text.contains("refuse"), "{text}");
    // A topic may be added.
    let folder = tempfile::tempdir().unwrap();
    moved.export(folder.path()).unwrap();
    let topical = Catalog::new("topics").sends::<Topical>();
    assert_eq!(incompatible(&topical, folder.path()), [""; 0]);
    let text = topical.check(folder.path()).unwrap()[0].to_string();
    assert!(
        text.contains("\n  the topic: added \"topics\", compatible\n  the key: added \"id\", compatible\n"),
        "{text}"
    );
}

#[test]
fn logical_types_of_avro_keep_their_meaning() {
    #[event_schema::event(name = "at")]
    struct At {
        at: event_schema::chrono::DateTime<event_schema::chrono::Utc>,
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("times").sends::<At>();
    catalog.export(folder.path()).unwrap();
    let file = folder.path().join("at/v1.avsc");
    let recorded = fs::read_to_string(&file).unwrap();
    let logical = ["timestamp-micros", "timestamp-millis", "timestamp-nanos"];
    let of_today = logical.into_iter().find(|name| recorded.contains(name)).unwrap();
    let other = if of_today == "timestamp-millis" { "timestamp-micros" } else { "timestamp-millis" };
    fs::write(&file, recorded.replace(of_today, other)).unwrap();
    let found = incompatible(&catalog, folder.path()).concat();
    assert!(found.contains("[LOGICAL_TYPE_CHANGED]"), "{found}");
}

fn stamped(mut value: Value) -> Value {
    value["note"] = 7.into();
    value
}

/// Fields that a hook adds are not in the schema: what the event writes is not closed.
#[test]
fn events_with_a_dump_hook_are_open() {
    mod types {
        #[event_schema::event(name = "order.placed", version = 2, post_dump = super::stamped)]
        pub(super) struct Before {
            pub(super) id: u32,
        }
        #[event_schema::event(name = "order.placed", version = 2, post_dump = super::stamped)]
        pub(super) struct After {
            pub(super) id: u32,
            pub(super) note: Option<String>,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    of::<types::Before>().export(folder.path()).unwrap();
    let found = incompatible(&of::<types::After>(), folder.path()).concat();
    assert!(found.contains("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"), "{found}");
}

/// The schema records that, for the type may lose its hook.
#[test]
fn messages_of_a_dump_hook_stay_open() {
    mod types {
        #[event_schema::event(name = "order.placed", version = 2, post_dump = super::stamped)]
        pub(super) struct Before {
            pub(super) id: u32,
        }
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct After {
            pub(super) id: u32,
            pub(super) note: Option<String>,
        }
        #[event_schema::event(name = "order.placed", version = 2, post_dump = super::stamped)]
        pub(super) struct Later {
            pub(super) id: u32,
            pub(super) more: Option<String>,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    of::<types::Before>().export(folder.path()).unwrap();
    let written: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("order.placed/v2.json")).unwrap()).unwrap();
    assert_eq!(written["x-event-schema"]["open"], true);
    let found = incompatible(&of::<types::After>(), folder.path()).concat();
    assert!(found.contains("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"), "{found}");
    // They stay in the history.
    of::<first::OrderPlaced>().export(folder.path()).unwrap();
    assert!(names(folder.path()).contains(&"v2.r1.json".to_owned()), "{:?}", names(folder.path()));
    let found = incompatible(&of::<types::After>(), folder.path()).concat();
    assert!(found.contains("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"), "{found}");
    // The messages of the time without a hook had no other fields.
    let folder = tempfile::tempdir().unwrap();
    of::<first::OrderPlaced>().export(folder.path()).unwrap();
    assert_eq!(incompatible(&of::<types::Later>(), folder.path()), [""; 0]);
}

/// Programs in other languages read by the recorded schema, also what this service itself could do without.
#[test]
fn consumers_of_the_recorded_schema_are_kept() {
    order!(always: pub(super) id: u8, #[serde(default)] pub(super) note: String);
    order!(never: pub(super) id: u8);
    mod sometimes {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            pub(super) id: u8,
            #[serde(default, skip_serializing_if = "String::is_empty")]
            pub(super) note: String,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    of::<always::OrderPlaced>().export(folder.path()).unwrap();
    for catalog in [of::<never::OrderPlaced>(), of::<sometimes::OrderPlaced>()] {
        let found = catalog.check(folder.path()).unwrap();
        let found = found.iter().find(|one| one.is_incompatible()).unwrap();
        let is_json = |path: &str| path.starts_with("#/properties") || path.starts_with("#/required");
        let json = found.findings().iter().filter(|finding| is_json(finding.path()));
        let json: Vec<_> = json.map(|finding| (finding.path(), finding.direction())).collect();
        assert_eq!(json, [(json[0].0, Direction::Forward)], "{found}");
        assert!(json[0].0.ends_with("/note") && found.to_string().contains("v2.json"), "{found}");
        let reason = "a field that is always written counts as required for consumers, also an `Option`\n";
        assert!(found.to_string().contains(reason), "{found}");
    }
}

/// A gap in the history, or a file without those beside it, is an error and not the end of the history.
#[test]
fn gaps_in_the_history_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    order!(fourth: pub(super) id: u32, pub(super) note: Option<String>, pub(super) more: Option<String>);
    of::<first::OrderPlaced>().export(folder).unwrap();
    of::<second::OrderPlaced>().export(folder).unwrap();
    of::<fourth::OrderPlaced>().export(folder).unwrap();
    let catalog = of::<fourth::OrderPlaced>();
    for missing in ["v2.r1.json", "v2.json"] {
        let path = folder.join("order.placed").join(missing);
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for error in [catalog.check(folder).unwrap_err(), catalog.export(folder).unwrap_err()] {
            assert!(error.to_string().contains(&format!("{missing} is missing, although")), "{error}");
        }
        fs::write(&path, text).unwrap();
    }
    assert_eq!(catalog.check(folder).unwrap(), []);
}

/// A file that is passed over would vanish from the history, and what it holds from the check.
#[test]
fn files_that_are_passed_over_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("order.placed");
    of::<first::OrderPlaced>().export(folder.path()).unwrap();
    of::<second::OrderPlaced>().export(folder.path()).unwrap();
    let catalog = of::<second::OrderPlaced>();
    let told = || catalog.check(folder.path()).unwrap_err().to_string();
    for name in ["v2.r01.json", "v2.r+1.json", "v02.r1.json", "V2.r1.json", "v2.r1.JSON", "v2.r0.json"] {
        fs::rename(event.join("v2.r1.json"), event.join(name)).unwrap();
        let text = told();
        assert!(
            text.contains(&format!(
                "{name} is not the name of a recorded contract; did you mean `v2.r1.json`? Rename or remove it"
            )),
            "{text}"
        );
        fs::rename(event.join(name), event.join("v2.r1.json")).unwrap();
    }
    fs::write(event.join("v9.exceptions.json"), "[]").unwrap();
    assert!(told().ends_with("v9.exceptions.json belongs to no recorded version: rename or remove it"), "{}", told());
    fs::remove_file(event.join("v9.exceptions.json")).unwrap();

    let (path, text) = (event.join("v2.json"), fs::read_to_string(event.join("v2.json")).unwrap());
    fs::write(&path, text.replace("\"order.placed\"", "\"order.paid\"")).unwrap();
    assert!(told().contains("v2.json describes `order.paid` version 2: restore the document"), "{}", told());
    fs::write(&path, &text).unwrap();
    #[cfg(unix)]
    {
        fs::rename(&path, event.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(told().contains("v2.json cannot be read"), "{}", told());
        fs::remove_file(&path).unwrap();
        fs::rename(event.join("elsewhere"), &path).unwrap();
    }
    assert_eq!(catalog.check(folder.path()).unwrap(), []);
}

/// The one that is to blame: the type of today, or the recorded file.
#[test]
fn unusable_schemas_are_told_before_they_are_recorded() {
    #[event_schema::event(name = "order.placed", version = 2)]
    #[schemars(extend("$ref" = "https://example.com/elsewhere"))]
    struct Elsewhere {
        id: u32,
    }
    let folder = tempfile::tempdir().unwrap();
    let error = of::<Elsewhere>().export(folder.path()).unwrap_err();
    let text = "the type `Elsewhere` has no usable schema; change its `#[schemars(...)]` attributes";
    assert_eq!(error.to_string(), text);
    assert!(!folder.path().join("order.placed").exists());
    of::<second::OrderPlaced>().export(folder.path()).unwrap();
    for name in ["v2.avsc", "v2.reader.json"] {
        let path = folder.path().join("order.placed").join(name);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, "{\"type\": \"strng\"}").unwrap();
        let error = of::<second::OrderPlaced>().check(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with(&format!("{name} is not a usable schema")), "{error}");
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn names_that_share_a_folder_are_refused() {
    #[event_schema::event(name = "Shipped")]
    struct Other {
        id: u32,
    }
    #[event_schema::event(name = "..")]
    struct Above {
        id: u32,
    }
    let error = |catalog: Catalog| catalog.check("schemas").unwrap_err().to_string();
    let twice = Catalog::new("names").sends::<Shipped>().sends::<Other>();
    assert_eq!(error(twice), "the event name \"Shipped\" differs from \"shipped\" in case only");
    assert_eq!(error(Catalog::new("names").sends::<Above>()), "the event name \"..\" is not the name of a folder");
}

/// `diff` has the verdict of `check`, for all three documents.
#[test]
fn diff_and_check_agree() {
    order!(before: pub(super) id: u32);
    order!(optional: pub(super) id: u32, #[serde(default)] pub(super) note: Option<String>);
    order!(required: pub(super) id: u32, pub(super) note: String);
    mod alias {
        #[event_schema::event(name = "order.placed", version = 2)]
        pub(super) struct OrderPlaced {
            #[serde(alias = "number")]
            pub(super) id: u32,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let changes = |catalog: &Catalog| {
        let all = catalog.diff(folder).unwrap();
        let (_, changes) = all.into_iter().find(|(event, _)| event.name() == "order.placed").unwrap();
        let breaking = changes.iter().any(event_schema::contract::Change::is_breaking);
        assert_eq!(breaking, !incompatible(catalog, folder).is_empty());
        changes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    of::<before::OrderPlaced>().export(folder).unwrap();
    assert_eq!(changes(&of::<before::OrderPlaced>()), [""; 0]);
    let compatible = changes(&of::<optional::OrderPlaced>()).concat();
    assert!(compatible.contains("v2.json: #/properties/note: added, compatible"), "{compatible}");
    assert!(!compatible.contains("refuse"), "{compatible}");
    let breaking = changes(&of::<required::OrderPlaced>()).concat();
    assert!(breaking.contains("consumers of the new schema refuse") && breaking.contains("v2.avsc"), "{breaking}");
    of::<alias::OrderPlaced>().export(folder).unwrap();
    let lost = changes(&of::<before::OrderPlaced>()).concat();
    assert!(lost.contains("v2.reader.json: #: changed, compatible"), "{lost}");
}

/// References to definitions whose names are not ASCII, or equal without what is not.
#[test]
fn asyncapi_has_no_siblings_of_references() {
    #[event_schema::event]
    struct Part {
        x: u8,
    }

    #[event_schema::event(topic = "parts")]
    struct Whole {
        /// Draft 7 ignores all that stands beside a reference.
        part: Part,
    }

    let document = Catalog::new("parts").sends::<Whole>().asyncapi("1");
    let part = &document["components"]["schemas"]["whole.v1"]["properties"]["part"];
    assert_eq!(part["allOf"][0], json!({"$ref": "#/components/schemas/whole.v1.Part"}), "{document:#}");
    assert!(part["description"].is_string());
}

#[test]
fn asyncapi_finds_definitions_of_any_name() {
    #[event_schema::event]
    #[schemars(rename = "Größe")]
    struct Size {
        a: u8,
    }
    #[event_schema::event]
    #[schemars(rename = "Gräße")]
    struct Greeting {
        b: u8,
    }
    #[event_schema::event]
    struct Both {
        size: Size,
        greeting: Greeting,
    }
    let document = Catalog::new("names").sends::<Both>().asyncapi("1");
    let schemas = &document["components"]["schemas"];
    let properties = |field: &str| {
        let reference = schemas["both.v1"]["properties"][field]["$ref"].as_str().unwrap();
        let target = document.pointer(&reference[1..]).unwrap();
        target["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!((properties("size"), properties("greeting")), (vec!["a".to_owned()], vec!["b".to_owned()]));
}

/// The event itself is recorded, whatever the names of its earlier versions.
#[test]
fn an_earlier_version_may_have_another_name() {
    mod types {
        #[event_schema::event]
        pub(super) struct OrderPlacedV1 {
            pub(super) id: u32,
        }
        #[event_schema::event(name = "order.placed", version = 2, previous = OrderPlacedV1)]
        pub(super) struct OrderPlaced {
            pub(super) id: u32,
        }
        impl From<OrderPlacedV1> for OrderPlaced {
            fn from(first: OrderPlacedV1) -> Self {
                Self { id: first.id }
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("orders").sends::<types::OrderPlaced>();
    assert_eq!(catalog.events().map(|event| event.name()).collect::<Vec<_>>(), ["order.placed"]);
    catalog.export(folder.path()).unwrap();
    for file in ["order.placed/v2.json", "order-placed-v1/v1.json"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

mod versions {
    #[event_schema::event(name = "order")]
    pub(super) struct First {
        pub(super) id: u32,
    }
    #[event_schema::event(name = "order", version = 2)]
    pub(super) struct Second {
        pub(super) id: u32,
    }
    #[event_schema::event(name = "order", version = 2, previous = First)]
    pub(super) struct Upcast {
        pub(super) id: u32,
    }
    impl From<First> for Upcast {
        fn from(first: First) -> Self {
            Self { id: first.id }
        }
    }
}

/// Each variant is an event of its own, also another version, and the enum is none, also with their name.
#[test]
fn an_enum_may_hold_two_versions_of_an_event() {
    #[event_schema::event(types)]
    enum Order {
        Second(versions::Second),
        First(versions::First),
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("orders").sends::<Order>();
    let events: Vec<_> = catalog.events().map(|event| (event.name(), event.version())).collect();
    assert_eq!(events, [("order", 2), ("order", 1)]);
    catalog.export(folder.path()).unwrap();
    assert_eq!(catalog.check(folder.path()).unwrap(), []);
    let first = fs::read_to_string(folder.path().join("order/v1.json")).unwrap();
    assert!(first.contains("\"title\": \"First\""), "{first}");
}

/// The earlier versions of an event that is sent and received have both roles, too.
#[test]
fn earlier_versions_have_the_roles_of_their_event() {
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("orders").sends::<versions::Upcast>().receives::<versions::Upcast>().export(folder.path()).unwrap();
    assert!(folder.path().join("order/v1.json").exists());
}

#[test]
fn other_events_are_not_recorded() {
    #[event_schema::event(types)]
    enum Any {
        Topical(Topical),
        Other(event_schema::OtherEvent),
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("any").receives::<Any>();
    assert_eq!(catalog.events().map(|event| event.name()).collect::<Vec<_>>(), ["topical"]);
    catalog.export(folder.path()).unwrap();
    let folders: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders, ["topical"]);
    let messages = catalog.asyncapi("1")["components"]["messages"].clone();
    assert_eq!(messages.as_object().unwrap().keys().collect::<Vec<_>>(), ["topical.v1"]);
}

/// What was recorded of the one role is compared and kept in the other.
#[test]
fn an_event_changes_its_role() {
    fn sending<E: EventSchema>() -> Catalog {
        Catalog::new("orders").sends::<E>()
    }
    fn receiving<E: EventSchema>() -> Catalog {
        Catalog::new("orders").receives::<E>()
    }
    order!(strict: pub(super) id: u32, pub(super) more: String);
    order!(fourth: pub(super) id: u32, pub(super) note: Option<String>, pub(super) more: Option<String>);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    receiving::<first::OrderPlaced>().export(folder).unwrap();
    receiving::<second::OrderPlaced>().export(folder).unwrap();
    let received = ["v2.r1.reader.avsc", "v2.r1.reader.json", "v2.reader.avsc", "v2.reader.json"];
    assert_eq!(names(folder), received);
    let found = incompatible(&sending::<strict::OrderPlaced>(), folder).concat();
    assert!(found.contains("v2.r1.reader.json") && found.contains("#/properties/more: "), "{found}");
    assert!(sending::<second::OrderPlaced>().diff(folder).is_ok());
    sending::<second::OrderPlaced>().export(folder).unwrap();
    assert_eq!(sending::<second::OrderPlaced>().check(folder).unwrap(), []);
    let sent = ["v2.avsc", "v2.json", "v2.r1.reader.avsc", "v2.r1.reader.json", "v2.reader.json"];
    assert_eq!(names(folder), sent);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    sending::<first::OrderPlaced>().export(folder).unwrap();
    sending::<second::OrderPlaced>().export(folder).unwrap();
    let found = incompatible(&receiving::<strict::OrderPlaced>(), folder).concat();
    assert!(found.contains("v2.r1.json") && found.contains("#/properties/more: "), "{found}");
    // Back again, with a revision as a receiver.
    for catalog in
        [receiving::<second::OrderPlaced>(), receiving::<fourth::OrderPlaced>(), sending::<fourth::OrderPlaced>()]
    {
        catalog.export(folder).unwrap();
        assert_eq!(catalog.check(folder).unwrap(), []);
    }
    assert!(names(folder).contains(&"v2.r2.reader.json".to_owned()), "{:?}", names(folder));
}

/// Other programs may send fields that a tolerant reader does not know.
#[test]
fn a_reader_that_closes_is_told() {
    order!(open: pub(super) id: u32);
    mod closed {
        #[event_schema::event(name = "order.placed", version = 2)]
        #[serde(deny_unknown_fields)]
        pub(super) struct OrderPlaced {
            pub(super) id: u32,
        }
    }
    let (open, closed) = (of::<open::OrderPlaced>(), of::<closed::OrderPlaced>());
    let folder = tempfile::tempdir().unwrap();
    open.export(folder.path()).unwrap();
    // All that is sent is known.
    assert_eq!(incompatible(&closed, folder.path()), [""; 0]);
    let both = closed.receives::<closed::OrderPlaced>();
    let receives = Catalog::new("billing").receives::<closed::OrderPlaced>();
    let billing = tempfile::tempdir().unwrap();
    Catalog::new("billing").receives::<open::OrderPlaced>().export(billing.path()).unwrap();
    for (catalog, folder) in [(both, folder.path()), (receives, billing.path())] {
        let found = incompatible(&catalog, folder).concat();
        assert!(found.contains("#/additionalProperties: ") && found.contains("_REMOVED]"), "{found}");
        assert!(catalog.export(folder).unwrap_err().is_incompatible());
    }
}

mod parts {
    #[event_schema::event]
    #[schemars(rename = "Address")]
    pub(super) struct Open {
        pub(super) street: String,
    }
    #[event_schema::event]
    #[schemars(rename = "Address")]
    #[serde(deny_unknown_fields)]
    pub(super) struct Closed {
        pub(super) street: String,
    }
    #[event_schema::event]
    #[schemars(rename = "Address")]
    pub(super) struct Wider {
        pub(super) street: String,
        pub(super) city: Option<String>,
    }
}

/// A part of a received event closes within a choice; and what a received event may come to know.
#[test]
fn parts_of_received_events_stay_open() {
    order!(open: pub(super) address: Option<super::parts::Open>, #[serde(alias = "order")] pub(super) id: u8);
    order!(closed: pub(super) address: Option<super::parts::Closed>, #[serde(alias = "order")] pub(super) id: u8);
    order!(wider:
        pub(super) address: Option<super::parts::Wider>,
        #[serde(alias = "order")] pub(super) id: u8,
        #[serde(alias = "text")] pub(super) note: Option<String>
    );
    fn receiving<E: EventSchema>() -> Catalog {
        Catalog::new("billing").receives::<E>()
    }
    let folder = tempfile::tempdir().unwrap();
    receiving::<open::OrderPlaced>().export(folder.path()).unwrap();
    assert_eq!(incompatible(&receiving::<wider::OrderPlaced>(), folder.path()), [""; 0]);
    let found = incompatible(&receiving::<closed::OrderPlaced>(), folder.path()).concat();
    assert!(found.contains("v2.reader.json"), "{found}");
    let folder = tempfile::tempdir().unwrap();
    let both = |catalog: Catalog| catalog.check(folder.path()).unwrap();
    Catalog::new("orders").sends::<open::OrderPlaced>().receives::<open::OrderPlaced>().export(folder.path()).unwrap();
    let found = both(Catalog::new("orders").sends::<closed::OrderPlaced>().receives::<closed::OrderPlaced>());
    assert!(found.iter().any(Deviation::is_incompatible), "{found:?}");
    let found = both(Catalog::new("orders").sends::<wider::OrderPlaced>().receives::<wider::OrderPlaced>());
    assert!(!found.iter().any(Deviation::is_incompatible), "{found:?}");
}

/// Text that becomes bytes of a number, or the reverse, is read by the rules of Avro, and means nothing.
#[test]
fn text_is_no_decimal() {
    fn catalog<E: EventSchema>() -> Catalog {
        Catalog::new("prices").sends::<E>()
    }
    mod types {
        use event_schema::rust_decimal::Decimal;

        #[event_schema::event(name = "price")]
        pub(super) struct Number {
            #[event(avro(precision = 12, scale = 2))]
            pub(super) price: Decimal,
        }
        #[event_schema::event(name = "price")]
        pub(super) struct Text {
            #[event(avro(string))]
            pub(super) price: Decimal,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    catalog::<types::Number>().export(folder.path()).unwrap();
    let found = incompatible(&catalog::<types::Text>(), folder.path()).concat();
    assert!(found.contains("[LOGICAL_TYPE_CHANGED]"), "{found}");
}

/// A decimal is read in more forms than it is written in. The reader's are known to contain the writer's.
#[test]
fn an_event_with_a_decimal_stays_compatible_with_itself() {
    use event_schema::rust_decimal::Decimal;

    #[event_schema::event(name = "price")]
    struct Price {
        #[event(avro(precision = 12, scale = 2))]
        total: Decimal,
        #[event(avro(string))]
        exact: Option<Decimal>,
        #[event(avro(string))]
        steps: Vec<Decimal>,
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("prices").sends::<Price>().receives::<Price>();
    catalog.export(folder.path()).unwrap();
    assert_eq!(incompatible(&catalog, folder.path()), [""; 0]);
}

/// Aliases are the reader's: a service that receives the event may rename a type, and one that sends it breaks its readers.
#[test]
fn a_renamed_type_is_received_by_its_alias() {
    mod before {
        #[event_schema::event(name = "parcel.sent")]
        pub(super) struct ParcelSent {
            pub(super) to: Place,
        }
        #[event_schema::event]
        pub(super) struct Place {
            pub(super) town: String,
        }
    }
    mod bare {
        #[event_schema::event(name = "parcel.sent")]
        pub(super) struct ParcelSent {
            pub(super) to: Address,
        }
        #[event_schema::event]
        pub(super) struct Address {
            pub(super) town: String,
        }
    }
    mod aliased {
        #[event_schema::event(name = "parcel.sent")]
        pub(super) struct ParcelSent {
            pub(super) to: Address,
        }
        #[event_schema::event(avro(alias = "Place"))]
        pub(super) struct Address {
            pub(super) town: String,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("parcels").receives::<before::ParcelSent>().export(folder.path()).unwrap();
    let found = incompatible(&Catalog::new("parcels").receives::<bare::ParcelSent>(), folder.path()).concat();
    assert!(found.contains("[NAME_MISMATCH]"), "{found}");
    let aliased = Catalog::new("parcels").receives::<aliased::ParcelSent>();
    assert_eq!(incompatible(&aliased, folder.path()), [""; 0]);

    let folder = tempfile::tempdir().unwrap();
    Catalog::new("parcels").sends::<before::ParcelSent>().export(folder.path()).unwrap();
    let found = incompatible(&Catalog::new("parcels").sends::<aliased::ParcelSent>(), folder.path()).concat();
    assert!(found.contains("[NAME_MISMATCH]") && found.contains("old readers do not know the new one"), "{found}");

    // An alias that is added says what changed, and breaks nobody.
    let folder = tempfile::tempdir().unwrap();
    Catalog::new("parcels").sends::<bare::ParcelSent>().export(folder.path()).unwrap();
    let found = Catalog::new("parcels").sends::<aliased::ParcelSent>().check(folder.path()).unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.len() == 1 && found[0].contains("v1.avsc"), "{found:?}");
}

/// A reader gives a number of the owner's a meaning; the one that it recorded itself has its meaning.
#[test]
fn an_owner_may_not_know_logical_types() {
    use event_schema::chrono::{DateTime, Utc};

    #[event_schema::event(name = "at")]
    struct At {
        at: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    }
    fn bare(schema: &Value) -> Value {
        match schema {
            Value::Object(entries) if entries.contains_key("logicalType") => entries["type"].clone(),
            Value::Object(entries) => entries.iter().map(|(name, value)| (name.clone(), bare(value))).collect(),
            Value::Array(items) => items.iter().map(bare).collect(),
            other => other.clone(),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::new("times").receives::<At>();
    catalog.export(folder.path()).unwrap();
    let own = folder.path().join("at/v1.reader.avsc");
    let owned = bare(&serde_json::from_str(&fs::read_to_string(&own).unwrap()).unwrap()).to_string();
    assert!(!owned.contains("timestamp"), "{owned}");
    fs::write(folder.path().join("at/v1.avsc"), &owned).unwrap();
    assert_eq!(incompatible(&catalog, folder.path()), [""; 0]);
    fs::remove_file(folder.path().join("at/v1.avsc")).unwrap();
    fs::write(own, owned).unwrap();
    assert!(incompatible(&catalog, folder.path()).concat().contains("[LOGICAL_TYPE_CHANGED]"));
}
