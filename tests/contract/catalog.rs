//! The recorded contracts of a service: what is recorded, kept and refused.

use std::fs;
use std::path::Path;

use event_schema::contract::Catalog;
use event_schema::prelude::*;
use event_schema::serde_json::{self, Value};

mod first {
    #[event_schema::event(name = "order.placed", version = 2)]
    pub(super) struct OrderPlaced {
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

    let stale = of::<second::OrderPlaced>().check(folder).unwrap();
    assert!(!stale.is_empty() && stale.iter().all(|one| !one.is_incompatible()), "{stale:?}");
    of::<second::OrderPlaced>().export(folder).unwrap();
    assert_eq!(names(folder), ["v2.avsc", "v2.json", "v2.r1.json", "v2.reader.json"]);
    let earlier: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("order.placed/v2.r1.json")).unwrap()).unwrap();
    assert_eq!(earlier, first::OrderPlaced::json_schema().to_value());
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
    assert_eq!(names(folder).len(), 4);
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

#[test]
fn the_recorded_example_events_follow_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let catalog = Catalog::new("shop").event::<crate::events::OrderRequested>().event::<crate::events::ReadingTaken>();
    assert_eq!(catalog.check(&folder).unwrap(), []);
    assert!(catalog.diff(&folder).unwrap().iter().all(|(_, changes)| changes.is_empty()));
}
