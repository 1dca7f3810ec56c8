//! A JSON Schema as it is read: its draft, the targets of its references, its patterns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fluent_uri::{Iri, IriRef};
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::keyword::{Object, Step, each_subschema, is_plain_reference, misused};
use super::schema_error::SchemaError;
use crate::contract::pattern::from_ecma;

/// How deep the schemas of a document may be nested.
const MAX_DEPTH: usize = 256;
/// How many patterns of field names are compiled, how many of them in vain, and the size of each.
const MAX_PATTERNS: usize = 256;
const MAX_BAD_PATTERNS: usize = 16;
const MAX_PATTERN_SIZE: usize = 1 << 18;

/// The meaning of the keywords of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// `$schema` names none: the keywords of all drafts count.
    Unnamed,
    /// Draft 4 or an earlier one. Here and until draft 7 nothing counts beside `$ref`, and there is no `prefixItems`.
    Four,
    Six,
    Seven,
    /// 2019-09: no `prefixItems`.
    Y2019,
    /// 2020-12 or a later one.
    Y2020,
}

impl Draft {
    pub(super) fn of(root: &Value) -> Self {
        match root.get("$schema").and_then(Value::as_str) {
            None => Self::Unnamed,
            Some(name) if name.contains("draft-03") || name.contains("draft-04") => Self::Four,
            Some(name) if name.contains("draft-06") => Self::Six,
            Some(name) if name.contains("draft-07") => Self::Seven,
            Some(name) if name.contains("2019-09") => Self::Y2019,
            Some(_) => Self::Y2020,
        }
    }

    /// Whether it is draft 7 or an earlier one.
    pub(super) const fn is_early(self) -> bool {
        matches!(self, Self::Four | Self::Six | Self::Seven)
    }

    pub(super) const fn has_prefix_items(self) -> bool {
        matches!(self, Self::Unnamed | Self::Y2020)
    }
}

/// The end of a chain of references.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference<'a> {
    /// The text of the last reference.
    pub(super) name: &'a str,
    pub(super) target: &'a Value,
}

#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) root: &'a Value,
    pub(super) draft: Draft,
    /// The end of the chain from each schema with a `$ref`, over schemas without any other keyword.
    bare: HashMap<usize, Reference<'a>>,
    /// The same over schemas that have other keywords too, none of which is compared.
    plain: HashMap<usize, Reference<'a>>,
    /// The target of each text of a reference; `None` if it means different schemas in different places.
    targets: BTreeMap<&'a str, Option<&'a Value>>,
    /// The patterns of field names; `None` for those that cannot be evaluated.
    patterns: HashMap<&'a str, Option<Regex>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Result<Self, SchemaError> {
        let draft = Draft::of(root);
        let named = root.get("$schema").and_then(Value::as_str);
        let mut reader = Reader {
            draft,
            has_prefix_items_only: named.is_some_and(|name| name.contains("2020-12")),
            nodes: Vec::new(),
            known: HashMap::new(),
            resources: vec![Resource { schema: root, base: NO_BASE.to_owned() }],
            ids: HashMap::new(),
            anchors: HashMap::new(),
            names_count: true,
            references: Vec::new(),
            patterns: HashMap::new(),
            bad_patterns: 0,
        };
        reader.add(root, Origin::Root, 0, 0);
        reader.read_all(0)?;
        // An `$id` or `$anchor` behind an unknown keyword names no schema.
        reader.names_count = false;
        let targets = reader.resolve()?;
        reader.refuse_circles()?;
        let is_bare = |keywords: &Object| keywords.len() == 1;
        let is_plain = |keywords: &Object| draft.is_early() || is_plain_reference(keywords);
        let (bare, plain) = (reader.ends(&is_bare), reader.ends(&is_plain));
        Ok(Self { root, draft, bare, plain, targets, patterns: reader.patterns })
    }

    /// The end of the references from a schema that has no keyword but `$ref`.
    pub(super) fn behind_bare(&self, schema: &Value) -> Option<Reference<'a>> {
        schema.as_object().filter(|keywords| keywords.len() == 1)?;
        self.bare.get(&address(schema)).copied()
    }

    /// The end of the references from a schema with a `$ref`.
    pub(super) fn behind(&self, schema: &Value) -> Option<Reference<'a>> {
        self.plain.get(&address(schema)).copied()
    }

    /// A pattern of field names, if it can be evaluated.
    pub(super) fn pattern(&self, text: &str) -> Option<&Regex> {
        self.patterns.get(text)?.as_ref()
    }

    /// The references whose targets differ from those of the other document, or lead to such.
    pub(super) fn unlike(&self, other: &Self) -> BTreeSet<&'a str> {
        let mut alike: HashMap<(usize, usize), bool> = HashMap::new();
        // The texts of each target, and the targets that contain each text.
        let mut texts: HashMap<usize, Vec<&'a str>> = HashMap::new();
        let mut users: HashMap<&'a str, Vec<usize>> = HashMap::new();
        let mut open: Vec<&'a str> = Vec::new();
        for (&reference, &target) in &self.targets {
            let both = target.zip(other.targets.get(reference).copied().flatten());
            if let Some(target) = target {
                let same = texts.entry(address(target)).or_default();
                if same.is_empty() {
                    for inner in references(target) {
                        users.entry(inner).or_default().push(address(target));
                    }
                }
                same.push(reference);
            }
            let same = both.is_some_and(|(one, other)| {
                *alike.entry((address(one), address(other))).or_insert_with(|| one == other)
            });
            if !same {
                open.push(reference);
            }
        }
        let mut unlike = BTreeSet::new();
        while let Some(reference) = open.pop() {
            if unlike.insert(reference) {
                let targets = users.remove(reference).unwrap_or_default();
                open.extend(targets.into_iter().flat_map(|target| texts.remove(&target).unwrap_or_default()));
            }
        }
        unlike
    }
}

/// The identity of a schema: each stands at an address of its own.
pub(super) fn address(schema: &Value) -> usize {
    std::ptr::from_ref(schema).addr()
}

/// All references of a schema and of those in it.
pub(super) fn references(schema: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    each_reference(schema, |reference| {
        found.insert(reference);
        true
    });
    found
}

/// Whether no reference of a schema and of those in it is among some.
pub(super) fn has_none_of(schema: &Value, references: &BTreeSet<&str>) -> bool {
    references.is_empty() || each_reference(schema, |reference| !references.contains(reference))
}

/// Calls `visit` with each reference of a schema and of those in it, until one answers false; whether none did.
fn each_reference<'a>(schema: &'a Value, mut visit: impl FnMut(&'a str) -> bool) -> bool {
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let Some(keywords) = schema.as_object() else { continue };
        if keywords.get("$ref").and_then(Value::as_str).is_some_and(|reference| !visit(reference)) {
            return false;
        }
        each_subschema(keywords, |subschema, _| open.push(subschema));
    }
    true
}

/// The place where a schema was met first.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Root,
    Inside(usize, Step<'a>),
    /// Behind a keyword that is not known, by this reference.
    Target(&'a str),
}

struct Node<'a> {
    schema: &'a Value,
    origin: Origin<'a>,
    depth: usize,
    /// The resource that contains it: that of the nearest `$id` around it.
    resource: usize,
    /// The schemas that describe the same value: parts of this one, and its reference's target.
    in_place: Vec<usize>,
    /// The target of its reference.
    target: Option<usize>,
}

/// A schema whose name is the base of the names and references inside.
struct Resource<'a> {
    schema: &'a Value,
    base: String,
}

/// The base of a document that has no name.
const NO_BASE: &str = "json-schema:///";

/// The absolute name that a name or a reference has under a base, in the normal form of RFC 3986 (RFC 3987 for other letters).
/// A name that is not a URI is returned unchanged.
fn absolute(base: &str, name: &str) -> String {
    let parsed = Iri::parse(base).ok().zip(IriRef::parse(name).ok());
    let resolved = parsed.and_then(|(base, name)| name.resolve_against(&base).ok());
    resolved.map_or_else(|| name.to_owned(), |name| name.normalize().into_string())
}

/// Reads a document.
struct Reader<'a> {
    draft: Draft,
    /// Whether the document names 2020-12: the draft of another name may be an earlier one.
    has_prefix_items_only: bool,
    nodes: Vec<Node<'a>>,
    /// The nodes by the addresses of their schemas.
    known: HashMap<usize, usize>,
    /// The schemas with an `$id`, and the root.
    resources: Vec<Resource<'a>>,
    /// The resources by their absolute names.
    ids: HashMap<String, usize>,
    anchors: HashMap<(usize, &'a str), &'a Value>,
    names_count: bool,
    /// The nodes with a `$ref`.
    references: Vec<usize>,
    patterns: HashMap<&'a str, Option<Regex>>,
    bad_patterns: usize,
}

impl<'a> Reader<'a> {
    fn add(&mut self, schema: &'a Value, origin: Origin<'a>, depth: usize, resource: usize) -> usize {
        let next = self.nodes.len();
        let at = *self.known.entry(address(schema)).or_insert(next);
        if at == next {
            self.nodes.push(Node { schema, origin, depth, resource, in_place: Vec::new(), target: None });
        }
        at
    }

    fn error(&self, at: usize, reason: impl Into<String>) -> SchemaError {
        let mut steps = Vec::new();
        let mut origin = self.nodes[at].origin;
        while let Origin::Inside(parent, step) = origin {
            steps.push(step.to_pointer());
            origin = self.nodes[parent].origin;
        }
        let start = match origin {
            Origin::Target(reference) => reference,
            _ => "#",
        };
        steps.reverse();
        SchemaError::new(format!("{start}{}", steps.concat()), reason)
    }

    /// Reads the nodes from one on, and those that they contain.
    fn read_all(&mut self, first: usize) -> Result<(), SchemaError> {
        let mut at = first;
        while at < self.nodes.len() {
            self.read(at)?;
            at += 1;
        }
        Ok(())
    }

    fn read(&mut self, at: usize) -> Result<(), SchemaError> {
        let Node { schema, depth, .. } = self.nodes[at];
        if depth > MAX_DEPTH {
            return Err(self.error(at, format!("schemas are nested deeper than {MAX_DEPTH} levels")));
        }
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(_) => return Ok(()),
            _ => return Err(self.error(at, "a schema is an object or a boolean")),
        };
        // Nothing counts beside a reference then.
        let is_reference = keywords.contains_key("$ref");
        let is_only_reference = is_reference && self.draft.is_early();
        if !is_only_reference {
            if let Some((keyword, expected)) = misused(keywords) {
                return Err(self.error(at, format!("`{keyword}` is not {expected}")));
            }
            if self.has_prefix_items_only && keywords.get("items").is_some_and(Value::is_array) {
                return Err(self.error(at, "`items` is an array, for which 2020-12 has `prefixItems`"));
            }
            for keyword in ["$dynamicRef", "$recursiveRef"] {
                if keywords.contains_key(keyword) {
                    return Err(self.error(at, format!("`{keyword}` is not supported")));
                }
            }
            self.name(at, keywords)?;
            for text in keywords.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Object::keys)
            {
                let is_known = self.patterns.contains_key(text.as_str());
                if !is_known && self.patterns.len() < MAX_PATTERNS && self.bad_patterns < MAX_BAD_PATTERNS {
                    let build = |regex: String| RegexBuilder::new(&regex).size_limit(MAX_PATTERN_SIZE).build().ok();
                    let regex = from_ecma(text).and_then(build);
                    self.bad_patterns += usize::from(regex.is_none());
                    self.patterns.insert(text, regex);
                }
            }
        }
        if is_reference {
            if !keywords["$ref"].is_string() {
                return Err(self.error(at, "`$ref` is not a string"));
            }
            self.references.push(at);
        }
        let resource = self.nodes[at].resource;
        each_subschema(keywords, |subschema, step| {
            let inner = self.add(subschema, Origin::Inside(at, step), depth + 1, resource);
            if step.is_in_place() && !is_only_reference {
                self.nodes[at].in_place.push(inner);
            }
        });
        Ok(())
    }

    /// The names of a schema.
    fn name(&mut self, at: usize, keywords: &'a Object) -> Result<(), SchemaError> {
        let schema = self.nodes[at].schema;
        let text = |keyword: &str| keywords.get(keyword).and_then(Value::as_str);
        let mut anchors: Vec<&'a str> = text("$anchor").into_iter().collect();
        match text("$id").map(|id| (id, id.split_once('#'))) {
            // Until draft 7 the name of an anchor, or what some generators write into each schema: its place.
            Some((_, Some(("", anchor)))) => anchors.extend(Some(anchor).filter(|anchor| !anchor.starts_with('/'))),
            Some((id, fragment)) => {
                let name = fragment.filter(|(_, fragment)| fragment.is_empty()).map_or(id, |(base, _)| base);
                let name = absolute(&self.resources[self.nodes[at].resource].base, name);
                let base = name.split_once('#').map_or(&*name, |(base, _)| base).to_owned();
                let resource = if at == 0 { 0 } else { self.resources.len() };
                if at == 0 {
                    self.resources[0].base = base;
                } else {
                    self.resources.push(Resource { schema, base });
                }
                self.nodes[at].resource = resource;
                if self.names_count && self.ids.insert(name, resource).is_some() {
                    return Err(self.error(at, format!("two schemas have the `$id` {id:?}")));
                }
            }
            None => {}
        }
        let resource = self.nodes[at].resource;
        for anchor in anchors.into_iter().filter(|anchor| !anchor.is_empty() && self.names_count) {
            if self.anchors.insert((resource, anchor), schema).is_some() {
                return Err(self.error(at, format!("two schemas have the anchor {anchor:?}")));
            }
        }
        Ok(())
    }

    /// Finds the targets of all references, and reads those that stand behind keywords that are not known.
    fn resolve(&mut self) -> Result<BTreeMap<&'a str, Option<&'a Value>>, SchemaError> {
        let mut targets: BTreeMap<&'a str, Option<&'a Value>> = BTreeMap::new();
        let mut next = 0;
        while let Some(&at) = self.references.get(next) {
            next += 1;
            let reference = self.reference(at);
            let Some((target, resource)) = self.find(reference, self.nodes[at].resource) else {
                return Err(self.error(at, format!("`$ref` names {reference:?}, which is not in the document")));
            };
            if !target.is_object() && !target.is_boolean() {
                return Err(self.error(at, format!("`$ref` names {reference:?}, which is not a schema")));
            }
            let first = self.nodes.len();
            let node = self.add(target, Origin::Target(reference), 0, resource);
            self.read_all(first)?;
            self.nodes[at].target = Some(node);
            self.nodes[at].in_place.push(node);
            let known = targets.entry(reference).or_insert(Some(target));
            if known.is_some_and(|known| address(known) != address(target)) {
                *known = None;
            }
        }
        Ok(targets)
    }

    fn reference(&self, at: usize) -> &'a str {
        self.nodes[at].schema.get("$ref").and_then(Value::as_str).unwrap_or_default()
    }

    /// The schema that a reference names, and the resource from which it was found.
    fn find(&self, reference: &str, resource: usize) -> Option<(&'a Value, usize)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let mut resource = resource;
        if !base.is_empty() {
            let here = &self.resources[resource].base;
            // Until draft 7 an `$id` may end in the name of an anchor.
            if let Some(&named) = self.ids.get(&absolute(here, reference)) {
                return Some((self.resources[named].schema, named));
            }
            resource = *self.ids.get(&absolute(here, base))?;
        }
        let root = self.resources[resource].schema;
        let target = match fragment {
            "" => root,
            pointer if pointer.starts_with('/') => root.pointer(&percent_decoded(pointer)?)?,
            anchor => self.anchors.get(&(resource, anchor)).copied()?,
        };
        Some((target, resource))
    }

    /// Refuses a reference that leads back to its own schema without a step into the value: it describes nothing, and a
    /// validator does not return from it.
    fn refuse_circles(&self) -> Result<(), SchemaError> {
        const OPEN: usize = usize::MAX;
        // 0 for nodes that were not met, then their place on the way plus 1, then `OPEN` for those without a circle.
        let mut state = vec![0; self.nodes.len()];
        for first in 0..self.nodes.len() {
            let mut way: Vec<(usize, usize)> = Vec::new();
            if state[first] == 0 {
                state[first] = 1;
                way.push((first, 0));
            }
            while let Some((at, edge)) = way.last_mut() {
                let Some(&to) = self.nodes[*at].in_place.get(*edge) else {
                    state[*at] = OPEN;
                    way.pop();
                    continue;
                };
                *edge += 1;
                match state[to] {
                    0 => {
                        state[to] = way.len() + 1;
                        way.push((to, 0));
                    }
                    OPEN => {}
                    start => return Err(self.circle(&way[start - 1..].iter().map(|(at, _)| *at).collect::<Vec<_>>())),
                }
            }
        }
        Ok(())
    }

    fn circle(&self, nodes: &[usize]) -> SchemaError {
        let next = nodes.iter().cycle().skip(1);
        let back = nodes.iter().zip(next).find(|(at, next)| self.nodes[**at].target == Some(**next));
        let at = back.map_or(nodes[0], |(at, _)| *at);
        let error = self.error(at, format!("`$ref` {:?} refers to itself", self.reference(at)));
        SchemaError::circle(error.path(), error.reason())
    }

    /// The end of the chain from each reference, over those whose schemas `pass`.
    fn ends(&self, pass: &dyn Fn(&Object) -> bool) -> HashMap<usize, Reference<'a>> {
        let mut ends: HashMap<usize, Reference<'a>> = HashMap::new();
        for &first in &self.references {
            let mut chain = vec![first];
            let end = loop {
                let at = chain[chain.len() - 1];
                if let Some(known) = ends.get(&address(self.nodes[at].schema)) {
                    break *known;
                }
                let Some(next) = self.nodes[at].target else {
                    break Reference { name: "", target: self.nodes[at].schema };
                };
                let target = self.nodes[next].schema;
                let passes = self.nodes[next].target.is_some() && target.as_object().is_some_and(pass);
                if !passes {
                    break Reference { name: self.reference(at), target };
                }
                chain.push(next);
            };
            ends.extend(chain.into_iter().map(|at| (address(self.nodes[at].schema), end)));
        }
        ends
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                behind
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

/// The place of a reference's target as a JSON Pointer, if the reference has one.
pub(in crate::contract) fn place_of(reference: &str) -> Option<String> {
    percent_decoded(reference.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'))?)
}
