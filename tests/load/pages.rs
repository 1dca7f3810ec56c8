//! The page of every type of the zoo: links lead to something, and every field of the contracts is there.

use event_schema::EventSchema;
use event_schema::contract::Catalog;
use event_schema::schemars::generate::Contract;
use event_schema::serde_json::Value;
use tempfile::TempDir;

use crate::site::Site;

fn names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(keywords) => {
            let fields = keywords.get("properties").and_then(Value::as_object);
            found.extend(fields.into_iter().flat_map(|fields| fields.keys()).cloned());
            keywords.values().for_each(|inner| names(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| names(inner, found)),
        _ => {}
    }
}

/// Whether a page has a name: as code of its own, as that of a tag before the variant, or in the schema of a type that only
/// schemars knows.
fn has_name(page: &str, name: &str) -> bool {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let (bare, quoted) = (escaped(name), escaped(&Value::from(name).to_string()));
    [
        format!("<code>{bare}</code>"),
        format!("<code>{quoted}</code>"),
        format!("<code>{bare}: "),
        format!("  {quoted}: "),
    ]
    .iter()
    .any(|text| page.contains(text))
}

fn page_of<E: EventSchema>() {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Catalog::new("zoo").sends::<E>().page(folder.path(), schemas.path()).unwrap();
    let site = Site::read(folder.path());
    site.check();
    // An enum of events has the pages of its events.
    let pages = site.0.keys().filter(|file| file.starts_with("events/"));
    let page: String = pages.map(|file| site.file(file)).collect();
    for schema in [E::json_schema(), E::json_schema_for(&Contract::Serialize)] {
        let mut found = Vec::new();
        names(schema.as_value(), &mut found);
        for name in found {
            assert!(has_name(&page, &name), "{name:?} is missing in\n{page}");
        }
    }
}

macro_rules! pages {
    ($($name:ident: $type:ty,)*) => {
        #[test]
        fn are_complete() {
            $(page_of::<$type>();)*
        }
    };
}

mod of_types {
    use super::page_of;
    use crate::zoo::*;

    every_type!(pages);
}

mod of_corners {
    use super::page_of;
    use crate::zoo::corners::*;
    use crate::zoo::*;

    every_corner!(pages);
}

mod of_oddities {
    use std::collections::BTreeSet;

    use super::page_of;
    use crate::zoo::oddities::*;
    use crate::zoo::{Colour, Inner};

    every_oddity!(pages);
}
