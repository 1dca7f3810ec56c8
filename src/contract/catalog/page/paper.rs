//! The frame of every page, and the names of places in them.

use std::fmt::Write as _;

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The folder of the events' pages.
pub(super) const EVENTS: &str = "events";

/// A mark of generated pages.
pub(super) const GENERATOR: &str = r#"<meta name="generator" content="event-schema">"#;

/// Pages load files of their own folder and nothing else, and run no script within the page.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/// A line end between blocks: a committed page has differences by line.
pub(super) const LINE: PreEscaped<&str> = PreEscaped("\n");

/// A page. `root` leads to the folder of the index.
pub(super) struct Paper<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) root: &'a str,
    pub(super) scripts: &'a [&'a str],
}

impl Paper<'_> {
    pub(super) fn print(&self, header: Option<&Markup>, main: &Markup) -> String {
        let page = html! {
            (DOCTYPE) (LINE)
            html lang="en" {
                (LINE)
                head {
                    (LINE) meta charset="utf-8";
                    (LINE) meta http-equiv="Content-Security-Policy" content=(POLICY);
                    (LINE) meta name="viewport" content="width=device-width, initial-scale=1";
                    (LINE) meta name="color-scheme" content="light dark";
                    (LINE) meta name="referrer" content="no-referrer";
                    (LINE) (PreEscaped(GENERATOR))
                    @if !self.description.is_empty() {
                        (LINE) meta name="description" content=(self.description);
                    }
                    (LINE) title { (self.title) }
                    (LINE) link rel="icon" type="image/svg+xml" href={ (self.root) "icon.svg" };
                    (LINE) link rel="stylesheet" href={ (self.root) "style.css" };
                    @for script in self.scripts {
                        (LINE) script src={ (self.root) (script) } defer {}
                    }
                    (LINE)
                }
                (LINE)
                body {
                    (LINE) a class="skip" href="#content" { "Skip to the content" }
                    @if let Some(header) = header { (LINE) header class="top" { (header) } }
                    (LINE) main id="content" tabindex="-1" { (main) (LINE) }
                    (LINE)
                }
                (LINE)
            }
            (LINE)
        };
        page.into_string()
    }
}

/// The name as a part of an id: letters, digits, `-` and `_`; each other byte is `~` and its number.
pub(super) fn id_of(name: &str) -> String {
    let mut id = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            id.push(char::from(byte));
        } else {
            let _ = write!(id, "~{byte:02x}");
        }
    }
    id
}

/// The id of a version, with which those of its fields begin.
pub(super) fn id_of_version(version: u32) -> String {
    format!("v{version}")
}

/// The page of an event, from the folder of the index. The names of events are those of files.
pub(super) fn place_of(event: &str) -> String {
    format!("{EVENTS}/{event}.html")
}

/// A block of code, which the keyboard can scroll.
pub(super) fn code_block(label: &str, text: &str) -> Markup {
    html! { pre tabindex="0" role="region" aria-label=(label) { code { (text) } } }
}

/// The link of a heading to itself.
pub(super) fn self_link(id: &str, label: &str) -> Markup {
    html! { a class="self" href={ "#" (id) } aria-label={ "Link to " (label) } { "#" } }
}
