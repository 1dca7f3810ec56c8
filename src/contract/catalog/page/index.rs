//! The index of a catalog, and the data of its search.

use std::fmt::Write as _;

use maud::html;
use serde_json::json;

use super::paper::{LINE, Paper};
use crate::event::Descriptor;

/// An event in the index.
pub(super) struct Card {
    pub(super) event: Descriptor,
    /// The page, from the folder of the index.
    pub(super) place: String,
    pub(super) summary: String,
    pub(super) sends: bool,
    pub(super) receives: bool,
    /// The versions, the newest first.
    pub(super) versions: Vec<u32>,
}

/// A field of an event, as the search finds it.
pub(super) struct FoundField {
    pub(super) event: String,
    pub(super) page: String,
    pub(super) version: u32,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) text: String,
}

pub(super) fn page(service: &str, cards: &[Card]) -> String {
    let count = |is: fn(&Card) -> bool| cards.iter().filter(|card| is(card)).count();
    let (sends, receives) = (count(|card| card.sends), count(|card| card.receives));
    let events = |count| format!("{count} event{}", if count == 1 { "" } else { "s" });
    let summary = match (sends, receives) {
        (_, 0) => format!("{service} sends {}", events(sends)),
        (0, _) => format!("{service} receives {}", events(receives)),
        _ => format!("{}: {service} sends {sends} and receives {receives}", events(cards.len())),
    };
    let main = html! {
        (LINE) div class="head" {
            h1 { (service) " events" }
            p class="lead" { (summary) "." }
        }
        (LINE) search id="search" hidden {
            label for="query" { "Search events and fields" }
            input id="query" type="search" autocomplete="off" spellcheck="false" aria-describedby="hint" aria-controls="events fields";
            p id="hint" class="note" { "Press " kbd { "/" } " to search. All words must match: names, topics, fields, descriptions." }
            p id="status" class="note" role="status" {}
        }
        (LINE) section aria-labelledby="events-title" {
            h2 id="events-title" { "Events" }
            ul id="events" class="cards" {
                @for card in cards {
                    (LINE) li {
                        p class="name" { a href=(card.place) { (card.event.name()) } }
                        @if !card.summary.is_empty() { p { (card.summary) } }
                        p class="facts" {
                            @for version in &card.versions {
                                a href={ (card.place) "#v" (version) } aria-label={ (card.event.name()) " version " (version) } { "v" (version) }
                                " "
                            }
                            @if card.sends { span class="badge" { "sent" } " " }
                            @if card.receives { span class="badge" { "received" } " " }
                            @if let Some(topic) = card.event.topic() { span class="label" { "topic " } code { (topic) } " " }
                            @if let Some(key) = card.event.key() { span class="label" { "key " } code { (key) } }
                        }
                    }
                }
                (LINE)
            }
        }
        (LINE) section id="fields-section" aria-labelledby="fields-title" hidden {
            h2 id="fields-title" { "Fields" }
            ul id="fields" class="results" {}
        }
    };
    let title = format!("{service} events");
    let paper = Paper { title: &title, description: &summary, root: "", scripts: &["fields.js", "search.js"] };
    paper.print(None, &main)
}

/// The fields, as a script: a page that is opened from a disk loads no other data.
pub(super) fn data(found: &[FoundField]) -> String {
    let mut text = "\"use strict\";\nconst fieldsOfEvents = [\n".to_owned();
    for field in found {
        let place = format!("{}#{}", field.page, field.id);
        let entry = json!([field.event, field.version, field.path, place, field.text]);
        let _ = writeln!(text, "  {entry},");
    }
    text + "];\n"
}
