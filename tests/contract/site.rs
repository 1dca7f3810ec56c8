//! The page of a catalog, read as strictly as no browser reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use event_schema::serde_json::{Value, from_str};

const ELEMENTS: [&str; 42] = [
    "a",
    "blockquote",
    "body",
    "br",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "hr",
    "html",
    "input",
    "kbd",
    "label",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "pre",
    "script",
    "search",
    "section",
    "small",
    "span",
    "strong",
    "title",
    "ul",
    "table",
    "tr",
    "td",
    "th",
    "q",
];
const EMPTY: [&str; 5] = ["br", "hr", "input", "link", "meta"];
const ATTRIBUTES: [&str; 24] = [
    "aria-controls",
    "aria-current",
    "aria-describedby",
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "charset",
    "class",
    "content",
    "defer",
    "for",
    "hidden",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "rel",
    "role",
    "spellcheck",
    "src",
    "start",
    "tabindex",
    "type",
];

/// The files of a page by their paths.
pub(crate) struct Site(pub(crate) BTreeMap<String, String>);

/// A start tag with its attributes, unescaped.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Site {
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut open = vec![folder.to_owned()];
        while let Some(inner) = open.pop() {
            for entry in fs::read_dir(inner).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                    files.insert(name, fs::read_to_string(&path).unwrap().replace("\r\n", "\n"));
                }
            }
        }
        Self(files)
    }

    pub(crate) fn file(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0.keys()))
    }

    /// The whole text of a file without its markup.
    pub(crate) fn text(&self, name: &str) -> String {
        tags(self.file(name)).1
    }

    /// Everything is markup of the library's own, all links lead to something, and nothing is loaded from elsewhere.
    pub(crate) fn check(&self) {
        let mut pages = BTreeMap::new();
        for (file, text) in &self.0 {
            match file.rsplit_once('.').unwrap().1 {
                "html" => drop(pages.insert(file.as_str(), tags(text).0)),
                "css" => assert!(!text.contains("url(") && !text.contains("@import"), "{file} loads something"),
                "js" | "svg" => {}
                other => panic!("{file} is a {other}"),
            }
        }
        let ids: BTreeMap<&str, BTreeSet<&str>> = pages.iter().map(|(file, tags)| (*file, ids(file, tags))).collect();
        for (file, tags) in &pages {
            check_head(file, tags);
            for Tag { name, attributes } in tags {
                for place in ["href", "src"].iter().filter_map(|attribute| attributes.get(*attribute)) {
                    if ["https://", "http://", "mailto:"].iter().any(|scheme| place.starts_with(scheme)) {
                        assert_eq!(name, "a", "{place}");
                    } else {
                        self.follow(file, place, &ids);
                    }
                }
                for other in ["aria-controls", "aria-describedby", "aria-labelledby", "for"] {
                    for id in attributes.get(other).into_iter().flat_map(|list| list.split(' ')) {
                        assert!(ids[file].contains(id), "{file}: {other} names {id}, which is not there");
                    }
                }
            }
        }
        let data = self.file("fields.js").strip_prefix("\"use strict\";\nconst fieldsOfEvents = [\n").unwrap();
        for line in data.strip_suffix("];\n").unwrap().lines() {
            let entry: Value = from_str(line.trim().strip_suffix(',').unwrap()).unwrap();
            self.follow("index.html", entry[3].as_str().unwrap(), &ids);
        }
    }

    fn follow(&self, from: &str, link: &str, ids: &BTreeMap<&str, BTreeSet<&str>>) {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        assert!(!path.contains([':', '\\', '?', '%', ' ']), "{from}: {link}");
        let mut target: Vec<&str> = from.split('/').collect();
        if !path.is_empty() {
            target.pop();
            for part in path.split('/') {
                if part == ".." { assert!(target.pop().is_some(), "{from}: {link}") } else { target.push(part) }
            }
        }
        let target = target.join("/");
        assert!(self.0.contains_key(&target), "{from}: {link}, and there is no {target}");
        assert!(fragment.is_empty() || ids[target.as_str()].contains(fragment), "{from}: {link} leads to no id");
    }
}

fn ids<'t>(file: &str, tags: &'t [Tag]) -> BTreeSet<&'t str> {
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.attributes.get("id")) {
        assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()), "{file}: the id {id:?}");
        assert!(ids.insert(id.as_str()), "{file}: {id} twice");
    }
    ids
}

fn check_head(file: &str, tags: &[Tag]) {
    let policy = tags.iter().find(|tag| tag.attributes.contains_key("http-equiv")).expect(file);
    let policy = &policy.attributes["content"];
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    for one in ["html", "head", "title", "body", "main", "h1"] {
        assert_eq!(tags.iter().filter(|tag| tag.name == one).count(), 1, "{file}: <{one}>");
    }
}

/// The tags of a page, and its text. Each element is closed, in order.
fn tags(page: &str) -> (Vec<Tag>, String) {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a document type");
    let (mut tags, mut text, mut open) = (Vec::new(), String::new(), Vec::new());
    while let Some((before, tag)) = rest.split_once('<') {
        assert!(!before.contains('>'), "a bare > in {before:?}");
        text += &unescaped(before);
        if let Some(end) = tag.strip_prefix('/') {
            let (name, after) = end.split_once('>').unwrap();
            assert_eq!(open.pop().as_deref(), Some(name), "{}", &page[..page.len() - rest.len()]);
            rest = after;
            continue;
        }
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
        let (name, mut after) = tag.split_at(end);
        assert!(ELEMENTS.contains(&name), "<{name}>");
        let mut attributes = BTreeMap::new();
        while let Some(attribute) = after.strip_prefix(' ').filter(|rest| !rest.starts_with('/')) {
            let end = attribute.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap();
            let (key, value) = attribute.split_at(end);
            assert!(ATTRIBUTES.contains(&key), "the attribute {key:?} of <{name}>");
            let (value, following) = match value.strip_prefix("=\"") {
                Some(value) => value.split_once('"').unwrap(),
                None => ("", value),
            };
            assert!(!value.contains(['<', '>']), "{key}={value}");
            assert!(attributes.insert(key.to_owned(), unescaped(value)).is_none(), "{key} twice");
            after = following;
        }
        let after = after.strip_prefix(" /").unwrap_or(after);
        rest = after.strip_prefix('>').unwrap_or_else(|| panic!("<{name} {after:.80}"));
        if !EMPTY.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push(Tag { name: name.to_owned(), attributes });
    }
    assert_eq!((open, rest.trim()), (Vec::new(), ""));
    (tags, text)
}

fn unescaped(text: &str) -> String {
    for part in text.split('&').skip(1) {
        let is_known = ["amp;", "lt;", "gt;", "quot;", "#x27;"].iter().any(|entity| part.starts_with(entity));
        assert!(is_known, "a bare & before {part:.20}");
    }
    let text = text.replace("&#x27;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
