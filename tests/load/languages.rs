//! Cases for programs in other languages, which `.ci/languages` reads: the recorded contracts of events of every shape,
//! messages that dump wrote, and changed messages with the verdicts of load and of the contract.
//!
//! `EVENT_SCHEMA_CASES=folder cargo test --test load languages::` writes them, the same in each run: a folder for each type,
//! with the contracts as a catalog records them, also in draft 7, and a line for each message in `messages.ndjson`. Changed
//! messages of dump have the verdict of the written contract, by an independent validator.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use event_schema::contract::Catalog;
use event_schema::prelude::*;
use event_schema::rust_decimal::Decimal;
use event_schema::semver::Version;
use event_schema::serde::de::DeserializeOwned;
use event_schema::serde_json::{self, Value, json};
use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use jsonschema::{Draft, Validator};

use crate::events::{OrderRequested, ReadingTaken};
use crate::processor::time_of;
use crate::zoo::differences::{told, with_schema, written_all_the_same};
use crate::zoo::json::Json;
use crate::zoo::message::{Choices, Maker};
use crate::zoo::words::Words;

/// So many messages of a type are written by dump, are accepted, and are refused.
const EACH: usize = 16;

#[event_schema::event(name = "invoice.sent", topic = "invoices", key = number)]
#[derive(Debug, Clone, PartialEq, Deserialize)]
/// An invoice.
///
/// It was sent to a customer.
#[serde(rename_all = "camelCase")]
struct InvoiceSent {
    /// Counts up within a year.
    #[schemars(example = "2026-0001", title = "Number")]
    #[validate(regex(path = *INVOICE_NUMBER))]
    number: String,
    issued_on: NaiveDate,
    sent_at: DateTime<Utc>,
    due_time: Option<NaiveTime>,
    /// In the currency of the customer.
    #[validate(range(min = Decimal::ZERO))]
    total: Decimal,
    discount: Option<Decimal>,
    #[event(sensitive)]
    #[validate(length(min = 15, max = 34))]
    iban: Option<String>,
    #[validate(length(min = 1), nested)]
    positions: Vec<Position>,
    program: Version,
    #[serde(default)]
    payment: Payment,
    #[event(each(length(min = 1, max = 8)))]
    labels: BTreeSet<String>,
    #[event(keys(length(min = 2, max = 2)), values(range(min = 0.0)))]
    rates: BTreeMap<String, f64>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    /// One of a few.
    #[event(one_of("piece", "hour"))]
    unit: String,
    #[validate(range(min = 1, max = 999))]
    count: u16,
    price: Decimal,
    #[deprecated]
    #[serde(default)]
    note: Option<String>,
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Deserialize)]
/// How it is paid.
#[derive(Default)]
#[serde(tag = "by", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Payment {
    /// In advance.
    #[default]
    Advance,
    /// By a card.
    Card {
        #[validate(length(equal = 4))]
        last_digits: String,
    },
    Transfer {
        #[validate(range(max = 90))]
        days: u8,
        reference: Option<String>,
    },
}

static INVOICE_NUMBER: std::sync::LazyLock<event_schema::regex::Regex> =
    std::sync::LazyLock::new(|| event_schema::regex::Regex::new("^[0-9]{4}-[0-9]{4}$").expect("a pattern"));

/// The contracts of an event as they are recorded, and what an independent validator says by them.
struct Recorded {
    accepted: Validator,
    written: Validator,
}

impl Recorded {
    /// Records them in this folder.
    fn of<E: EventSchema>(folder: &Path) -> Self {
        let event = E::descriptor();
        let catalog = Catalog::new("languages").sends::<E>();
        let files = [catalog.export(folder).unwrap(), catalog.export_draft07(folder).unwrap()].concat();
        assert!(!files.is_empty(), "{} has no contract", event.name());
        for draft in ["", ".draft07"] {
            let file = |form: &str| folder.join(event.name()).join(format!("v{}{form}{draft}.json", event.version()));
            let (written, accepted) = (file(""), file(".reader"));
            let accepted = if accepted.exists() { accepted } else { written.clone() };
            fs::copy(&accepted, folder.join(format!("accepted{draft}.json"))).unwrap();
            fs::copy(&written, folder.join(format!("written{draft}.json"))).unwrap();
        }
        fs::remove_dir_all(folder.join(event.name())).unwrap();
        Self { accepted: validator(&folder.join("accepted.json")), written: validator(&folder.join("written.json")) }
    }
}

fn validator(file: &Path) -> Validator {
    let schema: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema).unwrap()
}

/// The lines of a case.
#[derive(Default)]
struct Lines {
    text: String,
    seen: BTreeSet<(&'static str, String)>,
    counts: BTreeMap<(&'static str, bool), usize>,
}

impl Lines {
    fn is_full(&self, form: &'static str, loads: bool) -> bool {
        self.counts.get(&(form, loads)).is_some_and(|count| *count >= EACH)
    }

    /// A message in one of the forms, whether load accepts it, and whether its contract does.
    fn add(&mut self, form: &'static str, loads: bool, schema: &Validator, text: &str) {
        if self.is_full(form, loads) || text.len() > 1500 || !self.seen.insert((form, text.to_owned())) {
            return;
        }
        let message: Value = serde_json::from_str(text).expect("JSON");
        *self.counts.entry((form, loads)).or_default() += 1;
        let mut keywords = BTreeSet::new();
        schema.iter_errors(&message).for_each(|error| keywords_of(&error, &mut keywords));
        let head = json!({"form": form, "loads": loads, "fits": schema.is_valid(&message), "keywords": keywords});
        // With the message as it is: a `Value` has no integers beyond 64 bits.
        let head = head.to_string();
        writeln!(self.text, r#"{},"message":{text}}}"#, head.trim_end_matches('}')).unwrap();
    }
}

/// The keywords that a message breaks; of formats and types with the name.
fn keywords_of(error: &ValidationError<'_>, keywords: &mut BTreeSet<String>) {
    match error.kind() {
        ValidationErrorKind::Format { format } => drop(keywords.insert(format!("format {format}"))),
        ValidationErrorKind::Type { kind } => drop(keywords.insert(format!("type {}", names(kind)))),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().for_each(|error| keywords_of(error, keywords));
        }
        _ => {
            let path = error.schema_path().as_str();
            let keyword = path.rsplit('/').find(|step| step.parse::<usize>().is_err());
            keywords.extend(keyword.map(str::to_owned));
        }
    }
}

/// The JSON types that a schema allows.
fn names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" "),
    }
}

/// Writes the cases of a type into the folder.
fn write<E: EventSchema + DeserializeOwned + PartialEq + Debug>(folder: &Path, name: &str) {
    // Its events have contracts; it has none.
    if name != "types" {
        let words = Words::of::<E>();
        write_from::<E>(&folder.join(name.replace('_', "-")), &Maker::new::<E>(&words));
    }
}

/// Likewise, of a type that serde does not read.
fn write_example<E: EventSchema>(folder: &Path) {
    let words = Words::of::<E>();
    write_from::<E>(folder, &Maker::without_serde::<E>(&words));
}

fn write_from<E: EventSchema>(folder: &Path, maker: &Maker<'_>) {
    let recorded = Recorded::of::<E>(folder);
    let mut random = fastrand::Rng::with_seed(16);
    let mut lines = Lines::default();
    for _ in 0..1200 {
        if ["accepted", "written"].iter().all(|form| lines.is_full(form, true) && lines.is_full(form, false)) {
            break;
        }
        let tape = (0..160).map(|_| random.u16(..)).collect();
        let json = maker.message(&mut Choices::new(tape));
        let text = json.to_text();
        // A validator sees an object after its repeated keys were dropped.
        if !json.repeated_keys().is_empty() || text.contains("$serde_json::private::") {
            continue;
        }
        let message: Value = serde_json::from_str(&text).expect("made as JSON");
        let loaded = E::load_str(&text);
        with_schema(&recorded.accepted, &text, &message, &loaded).unwrap();
        lines.add("accepted", loaded.is_ok(), &recorded.accepted, &text);
        if let Ok(event) = loaded {
            let dumped = String::from_utf8(event.dump().expect("it was loaded")).expect("JSON");
            let value: Value = serde_json::from_str(&dumped).expect("JSON");
            let refused = recorded.written.iter_errors(&value).find(|error| !written_all_the_same(error));
            assert!(refused.is_none(), "{dumped}: {}", told(&refused.unwrap()));
            lines.add("written", true, &recorded.written, &dumped);
            let mut changed = Json::parse(&dumped);
            maker.change(&mut changed, &mut Choices::new((0..160).map(|_| random.u16(..)).collect()));
            if changed.repeated_keys().is_empty() {
                let text = changed.to_text();
                let value: Value = serde_json::from_str(&text).expect("JSON");
                lines.add("written", recorded.written.is_valid(&value), &recorded.written, &text);
            }
        }
    }
    fs::write(folder.join("messages.ndjson"), lines.text).unwrap();
}

fn write_asyncapi(catalog: &Catalog, folder: &Path) {
    let folder = folder.join("asyncapi");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{}.json", catalog.service())), catalog.asyncapi("1.0.0").to_string()).unwrap();
}

macro_rules! write_all {
    ($($name:ident: $type:ty,)*) => {
        /// Writes the cases of all, and their AsyncAPI document.
        pub(super) fn write_all(folder: &std::path::Path, document: &str) {
            let catalog = event_schema::contract::Catalog::new(document)$(.sends::<$type>())*;
            super::write_asyncapi(&catalog, folder);
            $(super::write::<$type>(folder, stringify!($name));)*
        }

        /// A service that sends them, and one that receives them.
        pub(super) fn catalogs() -> [event_schema::contract::Catalog; 2] {
            let catalog = || event_schema::contract::Catalog::new("types");
            [catalog()$(.sends::<$type>())*, catalog()$(.receives::<$type>())*]
        }
    };
}

mod common {
    use crate::zoo::*;
    every_type!(write_all);
}

mod corner {
    use crate::zoo::Inner;
    use crate::zoo::corners::*;
    every_corner!(write_all);
}

/// In a module of its own: some are called as others are.
mod odd {
    use std::collections::BTreeSet;

    use crate::zoo::oddities::*;
    use crate::zoo::{Colour, Inner};
    every_oddity!(write_all);
}

#[test]
fn cases_for_other_languages() {
    let Some(folder) = std::env::var_os("EVENT_SCHEMA_CASES").map(PathBuf::from) else {
        eprintln!("skipped: EVENT_SCHEMA_CASES names no folder to write to");
        return;
    };
    write_example::<OrderRequested>(&folder.join("order-requested"));
    write_example::<ReadingTaken>(&folder.join("reading-taken"));
    write::<InvoiceSent>(&folder, "invoice");
    write_asyncapi(&crate::events::catalog(), &folder);
    write_asyncapi(&Catalog::new("invoices").sends::<InvoiceSent>(), &folder);
    write_asyncapi(&Catalog::new("billing").receives::<OrderRequested>().sends::<InvoiceSent>(), &folder);
    common::write_all(&folder, "common");
    corner::write_all(&folder, "corner");
    odd::write_all(&folder, "odd");
}

/// The recorded contracts of many events stay as they are, and checking them with their files takes less than a second.
#[test]
fn contracts_of_all_types_are_checked_with_their_files() {
    let catalogs: Vec<Catalog> =
        [common::catalogs(), corner::catalogs(), odd::catalogs()].into_iter().flatten().collect();
    let folders: Vec<_> = catalogs.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    for (catalog, folder) in catalogs.iter().zip(&folders) {
        assert!(!catalog.check(folder.path()).unwrap().is_empty());
        catalog.export(folder.path()).unwrap();
    }
    let check = || {
        for (catalog, folder) in catalogs.iter().zip(&folders) {
            let deviations = catalog.check(folder.path()).unwrap();
            // Some of them do not read what they write, on purpose.
            let other = deviations.iter().find(|one| !one.is_incompatible());
            assert!(other.is_none(), "{other:?}");
        }
    };
    let events: usize = catalogs.iter().map(|catalog| catalog.events().count()).sum();
    let time = (0..3).map(|_| time_of(check).1).min().unwrap();
    println!("{events} events are checked in {time:?}");
    assert!(events >= 200 && time < Duration::from_secs(1), "{events} events, {time:?}");
}
