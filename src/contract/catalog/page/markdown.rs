//! Doc comments, which are Markdown.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// The doc comment as HTML. HTML in it is shown as text, and images are their descriptions. Links lead to websites: one to a
/// Rust item is its text.
pub(super) fn render(text: &str) -> Markup {
    let mut resolve = resolve;
    let parser = Parser::new_with_broken_link_callback(text, Options::empty(), Some(&mut resolve));
    // Whether each open link is one to a website.
    let mut links = Vec::new();
    let events = parser.filter_map(|event| {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            // The outline of the page is its own.
            Event::Start(Tag::HtmlBlock | Tag::Heading { .. }) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock | TagEnd::Heading(_)) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::CodeBlock(_)) => Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let schemes = ["https://", "http://", "mailto:"];
                links.push(schemes.iter().any(|scheme| dest_url.starts_with(scheme)));
                links.last().is_some_and(|is_site| *is_site).then_some(event)?
            }
            Event::End(TagEnd::Link) => links.pop().is_some_and(|is_site| is_site).then_some(event)?,
            event => event,
        })
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    PreEscaped(out)
}

/// The first paragraph as plain text.
pub(super) fn summary(text: &str) -> String {
    let mut summary = String::new();
    let mut resolve = resolve;
    for event in Parser::new_with_broken_link_callback(text, Options::empty(), Some(&mut resolve)) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => summary += &text,
            Event::SoftBreak | Event::HardBreak => summary.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) => break,
            _ => {}
        }
    }
    summary
}

/// Links to Rust items have no address.
#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "the signature of a callback")]
fn resolve(_: BrokenLink<'_>) -> Option<(CowStr<'_>, CowStr<'_>)> {
    Some((CowStr::Borrowed(""), CowStr::Borrowed("")))
}
