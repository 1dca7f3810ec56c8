//! The places of changes, as readers know them.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ptr;

use serde_json::Value;

use super::paper::id_of;
use crate::contract::compat::place_of;

/// The place of a change: a field, a variant or a type, and a keyword of its schema.
pub(super) struct Spot {
    /// As readers know it, such as `Address.street`.
    pub(super) path: String,
    /// The type, and the names of variants and fields from there on.
    type_name: Option<String>,
    pub(super) names: Vec<String>,
    pub(super) keywords: Vec<String>,
}

impl Spot {
    /// The place in a document that a path of a finding names.
    pub(super) fn of(pointer: &str, document: &Value) -> Self {
        let decode = |token: &str| token.replace("~1", "/").replace("~0", "~");
        let mut tokens = pointer.trim_start_matches('#').split('/').skip(1).map(decode).peekable();
        let mut spot = Self { path: String::new(), type_name: None, names: Vec::new(), keywords: Vec::new() };
        let mut schemas = Schemas { document, here: vec![document] };
        while let Some(token) = tokens.next() {
            let Some(next) = tokens.peek().cloned() else {
                spot.keywords.push(token);
                break;
            };
            let index = next.parse::<usize>().ok();
            match (token.as_str(), index) {
                ("$defs" | "definitions", _) => {
                    schemas.here = vec![document];
                    schemas.enter(&token);
                    schemas.enter(&next);
                    spot = Self { path: next.clone(), type_name: Some(next), names: Vec::new(), keywords: Vec::new() };
                    tokens.next();
                }
                // Those of Avro are called `fields`.
                ("fields" | "patternProperties" | "properties" | "required", _) => {
                    schemas.enter(&token);
                    schemas.enter(&next);
                    spot.push(next);
                    if token == "patternProperties" {
                        spot.keywords.push(token);
                    }
                    tokens.next();
                }
                ("items" | "prefixItems", Some(at)) => {
                    schemas.enter("prefixItems");
                    schemas.enter(&next);
                    let _ = write!(spot.path, "[{at}]");
                    tokens.next();
                }
                ("items", None) => {
                    schemas.enter("items");
                    spot.path += "[]";
                }
                ("additionalProperties", _) => {
                    schemas.enter("additionalProperties");
                    spot.path += "{}";
                }
                // All of its schemas describe the same value.
                ("allOf", Some(at)) => {
                    schemas.enter_all(at);
                    tokens.next();
                }
                ("anyOf" | "oneOf", Some(at)) => {
                    match schemas.variant(&token, at) {
                        Variant::Named(name) => spot.push(name),
                        Variant::Only => {}
                        Variant::Nameless => spot.keywords.push(format!("variant {}", at + 1)),
                    }
                    schemas.enter(&token);
                    schemas.enter(&next);
                    tokens.next();
                }
                _ => {
                    schemas.enter(&token);
                    spot.keywords.push(token);
                }
            }
        }
        spot
    }

    fn push(&mut self, name: String) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path += &name;
        self.names.push(name);
    }

    /// The keywords as one text.
    pub(super) fn keyword(&self) -> Option<String> {
        (!self.keywords.is_empty()).then(|| self.keywords.join(" "))
    }

    /// The id of the place among those of versions, the first version first, and whether it is that of the place itself: a field
    /// within a field without a type of its own has no id of its own.
    pub(super) fn id(&self, versions: &[(&str, &HashSet<String>)]) -> Option<(String, bool)> {
        let own = self.type_name.as_ref().map(|name| format!(":{}", id_of(name))).unwrap_or_default();
        let names: Vec<String> = self.names.iter().map(|name| format!(".{}", id_of(name))).collect();
        let least = names.len().min(1);
        let counts = (least..=names.len()).rev();
        let places = counts.flat_map(|count| {
            let place = format!("{own}{}", names[..count].concat());
            versions.iter().map(move |(version, ids)| (format!("{version}{place}"), ids, count))
        });
        let mut known = places.filter(|(id, ids, _)| ids.contains(id));
        known.next().map(|(id, _, count)| (id, count == names.len()))
    }
}

/// A schema of an `anyOf` or `oneOf`.
enum Variant {
    Named(String),
    /// The only one, apart from null.
    Only,
    Nameless,
}

/// The schemas of a document for the same value. A comparison calls the kinds of keywords of one schema an `allOf`, so a place
/// in it can be one of several.
struct Schemas<'d> {
    document: &'d Value,
    here: Vec<&'d Value>,
}

impl<'d> Schemas<'d> {
    /// With the targets of references.
    fn all(&self) -> Vec<&'d Value> {
        let mut all = self.here.clone();
        let mut at = 0;
        while at < all.len() {
            let reference = all[at].get("$ref").and_then(Value::as_str).and_then(place_of);
            let target = reference.and_then(|place| self.document.pointer(&place));
            all.extend(target.filter(|target| !all.iter().any(|known| ptr::eq(*known, *target))));
            at += 1;
        }
        all
    }

    fn enter(&mut self, token: &str) {
        let inner = |schema: &'d Value| match schema {
            Value::Array(list) => list.get(token.parse::<usize>().ok()?),
            schema => schema.get(token),
        };
        self.here = self.all().into_iter().filter_map(inner).collect();
    }

    fn enter_all(&mut self, at: usize) {
        let mut here = self.all();
        let parts: Vec<&Value> = here.iter().filter_map(|schema| schema.get("allOf")?.get(at)).collect();
        here.extend(parts);
        self.here = here;
    }

    fn variant(&self, keyword: &str, at: usize) -> Variant {
        let all = self.all();
        let mut lists = all.iter().filter_map(|schema| schema.get(keyword)?.as_array());
        let Some(list) = lists.find(|list| at < list.len()) else { return Variant::Nameless };
        let named = |schema: &'d Value| Self { document: self.document, here: vec![schema] }.all();
        if let Some(name) = named(&list[at]).into_iter().find_map(|schema| name_of(schema, list)) {
            return Variant::Named(name);
        }
        let is_null = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
        let is_field = |schema: &&Value| {
            let fields = schema.get("properties").and_then(Value::as_object);
            // A variant without a tag of its own is the field that has its name.
            keyword == "oneOf" && fields.is_some_and(|fields| fields.len() == 1)
        };
        match list.iter().filter(|schema| !is_null(schema)).count() {
            1 => Variant::Only,
            _ if is_field(&&list[at]) => Variant::Only,
            _ => Variant::Nameless,
        }
    }
}

/// The name that the tag of a variant has, or the variant itself. All variants have the tag, and one or more just one name.
fn name_of(schema: &Value, all: &[Value]) -> Option<String> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let tags = |name: &String| all.iter().map(|one| one.get("properties")?.get(name)).collect::<Option<Vec<_>>>();
    let is_tag = |name: &String| tags(name).is_some_and(|tags| tags.iter().any(|tag| tag.get("const").is_some()));
    let tag = fields.into_iter().flatten().find(|(name, _)| is_tag(name)).map(|(_, tag)| tag);
    let only = |schema: &Value| schema.get("const").or_else(|| schema.get("enum")?.get(0)).cloned();
    let name = tag.and_then(only).or_else(|| schema.get("const").cloned());
    name.as_ref().and_then(Value::as_str).map(str::to_owned)
}
