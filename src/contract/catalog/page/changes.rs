//! The changes between the recorded revisions of a version, and between versions.

use std::collections::HashSet;
use std::path::Path;

use maud::{Markup, html};
use serde_json::Value;

use super::fields::Writer;
use super::paper::{LINE, id_of_version};
use super::secrets::Secrets;
use super::spot::Spot;
use crate::contract::catalog::check::{Part, compare, is_of_event, is_requirement, reason_of};
use crate::contract::catalog::error::CatalogError;
use crate::contract::catalog::folder::{Revision, read_revisions};
use crate::contract::catalog::recorded::{Contract, Documents};
use crate::contract::compat::{Direction, Finding, rule};

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
    part: Part,
    spot: Spot,
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
        let earlier = Revision::of_today(before, recorded);
        let changes = compare(contract, &earlier)?;
        let changes = changes.into_iter().filter(|(part, _)| *part != Part::Avro);
        let change = |(part, finding)| Change::new(part, finding, &earlier.documents, contract);
        let changes = changes.map(change).collect();
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
        for (part, finding) in compare(&later, revision)? {
            let accepted = if finding.is_breaking() { reason_of(contract, recorded, &finding)? } else { None };
            changes.push(Change { accepted, ..Change::new(part, finding, &revision.documents, &later) });
        }
        let title = match next {
            Some(_) => format!("From revision {} to revision {}", at + 1, at + 2),
            None if count == 1 => "Since it was recorded".to_owned(),
            None => format!("Since revision {count}"),
        };
        // The last recorded contract is usually that of today.
        if next.is_some() || changes.iter().any(Change::is_shown) {
            steps.push(Step { title, before: None, changes });
        }
    }
    steps.reverse();
    Ok(steps)
}

impl Change {
    /// A change from documents to those of a contract.
    fn new(part: Part, finding: Finding, before: &Documents, after: &Contract) -> Self {
        // Variants are counted in the schema that writes.
        let document = match (part, finding.direction()) {
            (Part::Accepted, _) => &before.accepted,
            (_, Direction::Backward) => before.written.as_ref().unwrap_or(&before.accepted),
            (_, Direction::Forward) => after.written().unwrap_or(&after.documents.accepted),
        };
        let spot = Spot::of(finding.path(), if part == Part::Avro { &Value::Null } else { document });
        Self { finding, part, spot, accepted: None }
    }

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
        let (finding, spot) = (&change.finding, &change.spot);
        let keyword = match finding.rule() {
            changed if changed == rule::TOPIC_CHANGED => Some("topic".to_owned()),
            changed if changed == rule::KEY_CHANGED => Some("message key".to_owned()),
            _ => spot.keyword(),
        };
        // A field that is gone is that of the version before.
        let earlier = self.before.as_ref().map(|(before, ids)| (id_of_version(*before), ids));
        let versions =
            std::iter::once((version, ids)).chain(earlier.as_ref().map(|(before, ids)| (before.as_str(), *ids)));
        let id = spot.id(&versions.collect::<Vec<_>>());
        let is_secret = spot.names.iter().any(|name| secrets.has_name(name));
        let has_sides = !is_secret && !is_requirement(finding) && finding.rule() != rule::DESCRIPTION_CHANGED;
        let sides = [finding.before(), finding.after()].map(|side| side.map(|side| shown(side, spot, secrets)));
        let link = id.filter(|_| !spot.names.is_empty());
        // The page has the field.
        let is_elsewhere = link.as_ref().is_some_and(|(_, is_own)| *is_own) && keyword.is_none();
        html! {
            p class="facts" {
                @if let Some((id, _)) = &link { a href={ "#" (id) } { code { (spot.path) } } }
                @else if !spot.path.is_empty() { code { (spot.path) } }
                @else if keyword.is_none() { "the event" }
                @if let Some(keyword) = &keyword { " " (keyword) }
                " " (verb(change))
                @if finding.is_breaking() { " " span class="badge break" { "incompatible" } }
                @else { " " span class="badge ok" { "compatible" } }
                @if change.part == Part::Avro { " " span class="badge" { "Avro" } }
                @if is_secret { " " span class="badge warn" { "sensitive" } }
            }
            @if has_sides {
                @match &sides {
                    [Some(Some(before)), Some(Some(after))] => {
                        p class="sides" { span class="label" { "from " } code { (before) } " " span class="label" { "to " } code { (after) } }
                    }
                    [None, Some(Some(only))] | [Some(Some(only)), None] if !is_elsewhere => {
                        p class="sides" { code { (only) } }
                    }
                    _ => {}
                }
            }
            @if finding.is_breaking() {
                p class="why" { @if is_of_event(finding) { "The event itself: " } @else { (self.consumers(finding)) ": " }
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

/// How a change is called.
fn verb(change: &Change) -> &'static str {
    let finding = &change.finding;
    if is_requirement(finding) {
        let is_added = finding.rule() != rule::REQUIRED_ATTRIBUTE_REMOVED;
        return match (change.part, finding.direction(), is_added) {
            (Part::Written, Direction::Backward, true) => "now always written",
            (Part::Written, ..) | (_, Direction::Forward, _) => "may now be left out",
            (_, Direction::Backward, true) => "now required",
            (_, Direction::Backward, false) => "no longer required",
        };
    }
    match (finding.before(), finding.after()) {
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        _ => "changed",
    }
}

/// A side of a change as one line, without texts. None if it is a value with sensitive parts.
fn shown(side: &Value, spot: &Spot, secrets: &Secrets) -> Option<String> {
    let keyword = spot.keywords.last().map(String::as_str);
    let mut side = match keyword {
        Some("const" | "default" | "enum") if secrets.mask(side) != *side => return None,
        Some("const" | "default" | "enum") => side.clone(),
        _ => secrets.redact(side),
    };
    side.sort_all_objects();
    let text = match side {
        Value::String(text) => text,
        side => side.to_string(),
    };
    Some(match text.char_indices().nth(MAX_SIDE) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    })
}
