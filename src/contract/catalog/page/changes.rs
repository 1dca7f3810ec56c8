//! The changes between the recorded revisions of a version, and between versions.

use std::collections::HashSet;
use std::path::Path;

use maud::{Markup, html};
use serde_json::Value;

use super::fields::Writer;
use super::paper::{LINE, id_of, id_of_version};
use super::secrets::Secrets;
use crate::contract::catalog::check::{compare, reason_of};
use crate::contract::catalog::error::CatalogError;
use crate::contract::catalog::folder::{Revision, read_revisions};
use crate::contract::catalog::recorded::Contract;
use crate::contract::compat::{Direction, Finding, rule, without_annotations};

/// How many characters of a side are shown.
const MAX_SIDE: usize = 160;

/// The changes from one revision or version to the next.
pub(super) struct Step {
    /// The heading.
    pub(super) title: String,
    /// The version before, if it is another, and the ids of its fields.
    before: Option<(u32, HashSet<String>)>,
    changes: Vec<Change>,
}

struct Change {
    finding: Finding,
    is_avro: bool,
    /// The reason of the recorded exception that accepts it.
    accepted: Option<String>,
}

/// The changes that led to a version, the latest first. What was sensitive before is added to `secrets`.
pub(super) fn history(
    contract: &Contract,
    before: Option<&Contract>,
    recorded: &Path,
    secrets: &mut Secrets,
) -> Result<Vec<Step>, CatalogError> {
    let mut steps = Vec::new();
    if let Some(before) = before {
        secrets.join(Secrets::of(&(before.shape)()));
        let version = before.descriptor.version();
        let changes = compare(contract, &Revision::of_today(before, recorded))?;
        let changes = changes.into_iter().filter(|(is_avro, _)| !is_avro);
        let changes = changes.map(|(is_avro, finding)| Change { finding, is_avro, accepted: None }).collect();
        let ids = Writer::write(&(before.shape)(), &id_of_version(version), None, secrets).ids;
        steps.push(Step { title: format!("From version {version}"), before: Some((version, ids)), changes });
    }
    let revisions = read_revisions(contract, recorded)?;
    let count = revisions.len();
    for (at, revision) in revisions.iter().enumerate() {
        secrets.add_recorded(&revision.documents);
        let next = revisions.get(at + 1);
        let later = next.map_or_else(|| contract.clone(), |next| contract.with(next.documents.clone()));
        let mut changes = Vec::new();
        for (is_avro, finding) in compare(&later, revision)? {
            let accepted = if finding.is_breaking() { reason_of(contract, recorded, &finding)? } else { None };
            changes.push(Change { finding, is_avro, accepted });
        }
        let title = match next {
            Some(_) => format!("From revision {} to revision {}", at + 1, at + 2),
            None if count == 1 => "Since it was recorded".to_owned(),
            None => format!("Since revision {count}"),
        };
        // What is recorded last is usually the contract of today.
        if next.is_some() || changes.iter().any(Change::is_shown) {
            steps.push(Step { title, before: None, changes });
        }
    }
    steps.reverse();
    Ok(steps)
}

impl Change {
    /// The id and the title of the document say what the page has elsewhere.
    fn is_shown(&self) -> bool {
        !matches!(self.finding.path(), "#/$id" | "#/title" | "#/description")
    }
}

impl Step {
    /// The number of changes, and of those that break programs.
    pub(super) fn summary(&self) -> String {
        let shown = self.changes.iter().filter(|change| change.is_shown());
        let (mut all, mut breaking) = (0, 0);
        for change in shown {
            all += 1;
            breaking += usize::from(change.finding.is_breaking());
        }
        match (all, breaking) {
            (0, _) => "no change of a field or rule".to_owned(),
            (1, 0) => "1 change, compatible".to_owned(),
            (1, _) => "1 change, incompatible".to_owned(),
            (all, 0) => format!("{all} changes, all compatible"),
            (all, breaking) => format!("{all} changes, {breaking} incompatible"),
        }
    }

    /// The changes; `ids` are those of the fields of this version, which begin with `version`.
    pub(super) fn print(&self, version: &str, ids: &HashSet<String>, secrets: &Secrets) -> Markup {
        html! {
            ul class="changes" {
                @for change in self.changes.iter().filter(|change| change.is_shown()) {
                    (LINE) li { (self.change(change, version, ids, secrets)) }
                }
                (LINE)
            }
        }
    }

    fn change(&self, change: &Change, version: &str, ids: &HashSet<String>, secrets: &Secrets) -> Markup {
        let finding = &change.finding;
        let mut spot = Spot::of(finding.path());
        if finding.rule() == rule::TOPIC_CHANGED {
            spot.keyword = Some("topic".to_owned());
        } else if finding.rule() == rule::KEY_CHANGED {
            spot.keyword = Some("message key".to_owned());
        }
        let id = spot.id(version);
        // A field that is gone is that of the version before.
        let id = match &self.before {
            Some((before, before_ids)) if !ids.contains(&id) => {
                Some(spot.id(&id_of_version(*before))).filter(|id| before_ids.contains(id))
            }
            _ => Some(id).filter(|id| ids.contains(id)),
        };
        let is_secret = spot.names.iter().any(|name| secrets.has_name(name));
        let sides = [finding.before(), finding.after()].map(|side| side.map(|side| shown(side, &spot, secrets)));
        let link = id.filter(|_| !spot.names.is_empty());
        // The page has the field.
        let is_elsewhere = link.is_some() && spot.keyword.is_none();
        html! {
            p class="facts" {
                @if let Some(id) = &link { a href={ "#" (id) } { code { (spot.path) } } }
                @else if !spot.path.is_empty() { code { (spot.path) } }
                @else if spot.keyword.is_none() { "the event" }
                @if let Some(keyword) = &spot.keyword { " " (keyword) }
                " " (verb(finding))
                @if finding.is_breaking() { " " span class="badge break" { "incompatible" } }
                @else { " " span class="badge ok" { "compatible" } }
                @if change.is_avro { " " span class="badge" { "Avro" } }
                @if is_secret { " " span class="badge warn" { "sensitive" } }
            }
            @if !is_secret && !is_requirement(finding) && !is_description(finding) {
                @match &sides {
                    [Some(before), Some(after)] => {
                        p class="sides" { span class="label" { "from " } code { (before) } " " span class="label" { "to " } code { (after) } }
                    }
                    [None, Some(only)] | [Some(only), None] if !is_elsewhere => {
                        p class="sides" { code { (only) } }
                    }
                    _ => {}
                }
            }
            @if finding.is_breaking() {
                p class="why" { @if !is_of_event(finding) { (self.consumers(finding)) ": " }
                    (finding.rule().reason()) ". " code class="rule" { (finding.rule().id()) } }
            }
            @if let Some(reason) = &change.accepted { p class="why" { "Accepted: " (reason) } }
        }
    }

    /// The consumers that fail.
    fn consumers(&self, finding: &Finding) -> String {
        match (&self.before, finding.direction()) {
            (None, Direction::Backward) => {
                "Consumers of the later revision refuse messages of the earlier one".to_owned()
            }
            (None, Direction::Forward) => {
                "Consumers of the earlier revision refuse messages of the later one".to_owned()
            }
            (Some((before, _)), Direction::Backward) => {
                format!("Messages of version {before} are no messages of this version")
            }
            (Some((before, _)), Direction::Forward) => {
                format!("Consumers of version {before} refuse messages of this version")
            }
        }
    }
}

/// The place of a change: a field or a type, and a keyword of its schema.
struct Spot {
    /// As readers know it, such as `Address.street`.
    path: String,
    /// The type, and the names of fields from there on.
    type_name: Option<String>,
    names: Vec<String>,
    keyword: Option<String>,
}

impl Spot {
    fn of(pointer: &str) -> Self {
        let decode = |token: &str| token.replace("~1", "/").replace("~0", "~");
        let mut tokens = pointer.trim_start_matches('#').split('/').skip(1).map(decode).peekable();
        let mut spot = Self { path: String::new(), type_name: None, names: Vec::new(), keyword: None };
        let mut keywords = Vec::new();
        while let Some(token) = tokens.next() {
            let ends = tokens.peek().is_none();
            match token.as_str() {
                "$defs" | "definitions" if !ends => {
                    let name = tokens.next().unwrap_or_default();
                    spot = Self { path: name.clone(), type_name: Some(name), names: Vec::new(), keyword: None };
                }
                "properties" | "required" | "patternProperties" if !ends => {
                    let name = tokens.next().unwrap_or_default();
                    if !spot.path.is_empty() {
                        spot.path.push('.');
                    }
                    spot.path += &name;
                    spot.names.push(name);
                    if token != "properties" {
                        keywords.push(token);
                    }
                }
                "items" if !ends => spot.path += "[]",
                "additionalProperties" if !ends => spot.path += "{}",
                "allOf" | "anyOf" | "oneOf" | "prefixItems" if !ends => {
                    let at = tokens.next().unwrap_or_default();
                    keywords.push(format!("{token} {at}"));
                }
                _ => keywords.push(token),
            }
        }
        spot.keyword = (!keywords.is_empty()).then(|| keywords.join(" "));
        spot
    }

    fn id(&self, version: &str) -> String {
        let names: Vec<String> = self.names.iter().map(|name| id_of(name)).collect();
        let start = match &self.type_name {
            Some(name) => format!("{version}:{}", id_of(name)),
            None => version.to_owned(),
        };
        // A field within a field without a type of its own has no place of its own.
        names.first().map_or_else(|| start.clone(), |name| format!("{start}.{name}"))
    }
}

fn is_requirement(finding: &Finding) -> bool {
    finding.path().rsplit('/').nth(1) == Some("required")
}

/// Whether the change is one of the event, and not of its messages.
fn is_of_event(finding: &Finding) -> bool {
    [rule::TOPIC_CHANGED, rule::KEY_CHANGED, rule::AVRO_SCHEMA_REMOVED].contains(&finding.rule())
}

fn is_description(finding: &Finding) -> bool {
    finding.rule() == rule::DESCRIPTION_CHANGED
}

fn verb(finding: &Finding) -> &'static str {
    let is_added = finding.rule().id().ends_with("ADDED");
    match (finding.before(), finding.after()) {
        _ if is_requirement(finding) => {
            if (finding.direction() == Direction::Backward) == is_added {
                "added"
            } else {
                "removed"
            }
        }
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        _ => "changed",
    }
}

/// A side of a change as one line, without texts and without what is sensitive.
fn shown(side: &Value, spot: &Spot, secrets: &Secrets) -> String {
    let is_value = spot.keyword.as_deref().is_some_and(|keyword| matches!(keyword, "default" | "const" | "enum"));
    let mut side = if is_value { secrets.mask(side) } else { without_annotations(side) };
    if !is_value {
        remove_defaults(&mut side, false);
    }
    side.sort_all_objects();
    let text = match side {
        Value::String(text) => text,
        side => side.to_string(),
    };
    match text.char_indices().nth(MAX_SIDE) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}

/// Removes the defaults in a schema, which may be those of sensitive fields. In an object of schemas by name, `default` is one
/// of the names.
fn remove_defaults(schema: &mut Value, by_name: bool) {
    match schema {
        Value::Object(entries) => {
            if !by_name {
                entries.remove("default");
            }
            for (key, inner) in entries {
                let names = ["$defs", "definitions", "patternProperties", "properties"];
                remove_defaults(inner, !by_name && names.contains(&key.as_str()));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove_defaults(item, false)),
        _ => {}
    }
}
