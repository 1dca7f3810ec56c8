//! The page of an event.

use std::path::Path;

use maud::{Markup, html};

use super::changes::history;
use super::fields::Writer;
use super::index::{Card, FoundField};
use super::markdown;
use super::paper::{LINE, Paper, code_block, id_of_version, place_of, self_link};
use super::rules::sorted;
use super::secrets::Secrets;
use crate::contract::catalog::error::CatalogError;
use crate::contract::catalog::folder::files;
use crate::contract::catalog::recorded::Contract;
use crate::contract::shape::{Kind, Notes};

/// A page, with what the index needs.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) card: Card,
    pub(super) fields: Vec<FoundField>,
}

/// A version on the page.
struct Section {
    /// The id, such as `v1`.
    id: String,
    version: u32,
    /// The types: name and id.
    types: Vec<(String, String)>,
    has_examples: bool,
    has_changes: bool,
    markup: Markup,
}

/// The page of the versions of an event, the oldest first.
pub(super) fn page(service: &str, versions: &[&Contract], recorded: &Path) -> Result<Page, CatalogError> {
    let newest = versions[versions.len() - 1];
    let event = newest.descriptor;
    let place = place_of(event.name());
    let mut sections = Vec::new();
    let mut fields: Vec<FoundField> = Vec::new();
    for (at, contract) in versions.iter().enumerate().rev() {
        let before = at.checked_sub(1).map(|before| versions[before]);
        let (section, found) = section(contract, before, at + 1 == versions.len(), recorded)?;
        // A field that a newer version has too is found there.
        for field in found {
            if !fields.iter().any(|known| known.path == field.path) {
                fields.push(FoundField { event: event.name().to_owned(), page: place.clone(), ..field });
            }
        }
        sections.push(section);
    }
    let description = notes(newest).description;
    let sends = versions.iter().any(|contract| contract.role.sends);
    let receives = versions.iter().any(|contract| contract.role.receives);
    let header = html! { nav aria-label="Catalog" { a href="../index.html" { (service) " events" } } };
    let main = html! {
        (LINE) div class="page" {
            (LINE) div class="head" {
                h1 { (event.name()) }
                @if !description.is_empty() { div class="doc lead" { (markdown::render(description)) } }
                (LINE) dl class="about" {
                    div { dt { "Current version" } dd { a href={ "#" (sections[0].id) } { (event.version()) } } }
                    @if let Some(topic) = event.topic() { div { dt { "Topic" } dd { code { (topic) } } } }
                    @if let Some(key) = event.key() { div { dt { "Message key" } dd { code { (key) } } } }
                    @if sends { div { dt { "Sent by" } dd { (service) } } }
                    @if receives { div { dt { "Received by" } dd { (service) } } }
                }
            }
            (LINE) nav class="contents" aria-label="On this page" {
                ul {
                    @for section in &sections {
                        (LINE) li {
                            a href={ "#" (section.id) } { "Version " (section.version) }
                            ul {
                                li { a href={ "#" (section.id) "~fields" } { "Fields" } }
                                @for (name, id) in &section.types { li { a href={ "#" (id) } { code { (name) } } } }
                                @if section.has_examples { li { a href={ "#" (section.id) "~examples" } { "Examples" } } }
                                @if section.has_changes { li { a href={ "#" (section.id) "~changes" } { "Changes" } } }
                            }
                        }
                    }
                }
            }
            (LINE) div class="versions" { @for section in &sections { (section.markup) } (LINE) }
        }
    };
    let summary = markdown::summary(description);
    let title = format!("{} · {service} events", event.name());
    let paper = Paper { title: &title, description: &summary, root: "../", scripts: &[] };
    let text = paper.print(Some(&header), &main);
    let card = Card {
        event,
        place: place.clone(),
        summary,
        sends,
        receives,
        versions: versions.iter().rev().map(|contract| contract.descriptor.version()).collect(),
    };
    Ok(Page { text, card, fields })
}

/// The documentation of the event's type.
fn notes(contract: &Contract) -> Notes {
    match (contract.shape)().kind() {
        Kind::Named(definition) => definition.notes,
        _ => Notes::NONE,
    }
}

fn section(
    contract: &Contract,
    before: Option<&Contract>,
    is_newest: bool,
    recorded: &Path,
) -> Result<(Section, Vec<FoundField>), CatalogError> {
    let event = contract.descriptor;
    let id = id_of_version(event.version());
    let shape = (contract.shape)();
    let mut secrets = Secrets::of(&shape);
    let steps = history(contract, before, recorded, &mut secrets)?;
    let written = Writer::write(&shape, &id, event.key(), &secrets);
    let notes = notes(contract);
    let examples = notes.examples.map(|examples| examples()).unwrap_or_default();
    let title = format!("Version {}", event.version());
    let files = recorded_files(contract, recorded);
    let markup = html! {
        (LINE) section class="version" id=(id) {
            h2 { (title) @if is_newest { " " span class="badge" { "current" } } " " (self_link(&id, &title)) }
            @if notes.deprecated { p { span class="badge warn" { "deprecated" } } }
            @if !is_newest {
                @if !notes.description.is_empty() { div class="doc" { (markdown::render(notes.description)) } }
                dl class="about" {
                    @if let Some(topic) = event.topic() { div { dt { "Topic" } dd { code { (topic) } } } }
                    @if let Some(key) = event.key() { div { dt { "Message key" } dd { code { (key) } } } }
                }
            }
            p class="note" {
                "Message type " code { (event.event_type()) } ". "
                @if files.is_empty() { "Not recorded yet." }
                @else {
                    "Recorded in "
                    @for (at, file) in files.iter().enumerate() { @if at > 0 { ", " } code { (file) } }
                    "."
                }
            }
            (LINE) h3 id={ (id) "~fields" } { "Fields" }
            (written.fields)
            @if !written.types.is_empty() {
                (LINE) h3 id={ (id) "~types" } { "Types" }
                @for (_, _, section) in &written.types { (section) }
            }
            @if !examples.is_empty() {
                (LINE) h3 id={ (id) "~examples" } { @if examples.len() == 1 { "Example" } @else { "Examples" } }
                @for (at, example) in examples.iter().enumerate() {
                    (LINE) (code_block(&format!("Example {}", at + 1), &format!("{:#}", sorted(&secrets.mask(example)))))
                }
            }
            @if !steps.is_empty() {
                (LINE) h3 id={ (id) "~changes" } { "Changes" }
                @for step in &steps {
                    (LINE) h4 { (step.title) }
                    p class="note" { (step.summary()) }
                    (step.print(&id, &written.ids, &secrets))
                }
            }
        }
    };
    let found = written.found.into_iter().map(|found| FoundField {
        event: String::new(),
        page: String::new(),
        version: event.version(),
        path: found.path,
        id: found.id,
        text: found.text,
    });
    let types = written.types.into_iter().map(|(name, id, _)| (name, id)).collect();
    let section = Section {
        version: event.version(),
        types,
        has_examples: !examples.is_empty(),
        has_changes: !steps.is_empty(),
        markup,
        id,
    };
    Ok((section, found.collect()))
}

/// The recorded files of the contract, from the folder of all.
fn recorded_files(contract: &Contract, recorded: &Path) -> Vec<String> {
    let files = files(contract, Path::new(""));
    let names = files.iter().filter(|file| file.document.is_some() && recorded.join(&file.path).is_file());
    names.map(|file| file.path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")).collect()
}
