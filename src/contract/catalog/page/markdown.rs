//! Doc comments, which are Markdown.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd};

/// The doc comment as HTML. HTML in it is shown as text, images are their description, and links lead to websites only: a link
/// to a Rust item is its text.
pub(super) fn render(text: &str) -> Markup {
    let mut out = String::new();
    // The ends of open links: some have none.
    let mut links = Vec::new();
    let mut resolve = |_: BrokenLink<'_>| Some((CowStr::Borrowed(""), CowStr::Borrowed("")));
    for event in Parser::new_with_broken_link_callback(text, Options::empty(), Some(&mut resolve)) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let is_site = ["https://", "http://", "mailto:"].iter().any(|scheme| dest_url.starts_with(scheme));
                links.push(is_site);
                if is_site {
                    let link = html! { a rel="noopener noreferrer" href=(dest_url) {} };
                    out += link.into_string().trim_end_matches("</a>");
                }
            }
            Event::End(TagEnd::Link) => {
                if links.pop() == Some(true) {
                    out += "</a>";
                }
            }
            Event::Start(Tag::CodeBlock(_)) => out += r#"<pre tabindex="0"><code>"#,
            Event::End(TagEnd::CodeBlock) => out += "</code></pre>",
            Event::Start(Tag::List(Some(first))) => {
                out += &html! { ol start=(first) {} }.into_string().replace("</ol>", "")
            }
            Event::Start(tag) => tag_name(&tag.to_end()).into_iter().for_each(|name| out += &format!("<{name}>")),
            Event::End(tag) => tag_name(&tag).into_iter().for_each(|name| out += &format!("</{name}>")),
            Event::Code(code) => out += &html! { code { (code) } }.into_string(),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => out += &html! { (text) }.into_string(),
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out += "<br>",
            Event::Rule => out += "<hr>",
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }
    PreEscaped(out)
}

/// The element of a tag without attributes. Headings are paragraphs: those of the page are its outline.
fn tag_name(tag: &TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::HtmlBlock => "p",
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::List(true) => "ol",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        _ => return None,
    })
}

/// The first paragraph as plain text.
pub(super) fn summary(text: &str) -> String {
    let mut summary = String::new();
    let mut resolve = |_: BrokenLink<'_>| Some((CowStr::Borrowed(""), CowStr::Borrowed("")));
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
