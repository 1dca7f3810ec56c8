//! A JSON Schema as it is read: its subschemas, its draft, what its references name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

/// How deep the schemas of a document may be nested.
const MAX_DEPTH: usize = 256;

/// The error for a document that is no usable JSON Schema.
///
/// ```
/// use event_schema::contract::compat::{check, Compatibility, Policy};
/// use event_schema::serde_json::json;
///
/// let new = json!({"properties": {"next": {"$ref": "#/$defs/Missing"}}});
/// let error = check(&json!({}), &new, Compatibility::Backward, Policy::Strict).unwrap_err();
/// assert_eq!(error.to_string(), "#/properties/next: `$ref` names \"#/$defs/Missing\", which is not in the document");
/// assert_eq!(error.path(), "#/properties/next");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    path: String,
    reason: String,
}

impl SchemaError {
    pub(super) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }

    /// Where it is in the document, as a JSON Pointer behind `#`.
    ///
    /// See the example of [`SchemaError`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why the schema cannot be used.
    ///
    /// ```
    /// use event_schema::contract::compat::{check, Compatibility, Policy};
    /// use event_schema::serde_json::json;
    ///
    /// let error = check(&json!([]), &json!({}), Compatibility::Backward, Policy::Strict).unwrap_err();
    /// assert_eq!(error.reason(), "a schema is an object or a boolean");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl std::error::Error for SchemaError {}

/// What the keywords of a document mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// `$schema` names none: the keywords of all drafts count.
    Unnamed,
    /// Draft 7 or an earlier one: nothing counts beside `$ref`, and there is no `prefixItems`.
    Early,
    /// 2019-09: no `prefixItems`.
    Y2019,
    /// 2020-12 or a later one.
    Y2020,
}

impl Draft {
    fn of(root: &Value) -> Self {
        match root.get("$schema").and_then(Value::as_str) {
            None => Self::Unnamed,
            Some(name) if ["draft-03", "draft-04", "draft-06", "draft-07"].iter().any(|early| name.contains(early)) => {
                Self::Early
            }
            Some(name) if name.contains("2019-09") => Self::Y2019,
            Some(_) => Self::Y2020,
        }
    }

    pub(super) const fn has_prefix_items(self) -> bool {
        matches!(self, Self::Unnamed | Self::Y2020)
    }
}

#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) root: &'a Value,
    pub(super) draft: Draft,
    /// The schemas that are named by `$id` or `$anchor`.
    named: HashMap<String, &'a Value>,
    /// What each `$ref` of the document names.
    targets: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Result<Self, SchemaError> {
        let mut document = Self { root, draft: Draft::of(root), named: HashMap::new(), targets: BTreeMap::new() };
        let mut references: Vec<(String, &'a str)> = Vec::new();
        let mut open = vec![(root, "#".to_owned(), 0)];
        while let Some((schema, path, depth)) = open.pop() {
            if depth > MAX_DEPTH {
                return Err(SchemaError::new(path, format!("schemas are nested deeper than {MAX_DEPTH} levels")));
            }
            let Some(keywords) = object_of(schema, &path)? else { continue };
            if let Some(id) = keywords.get("$id").and_then(Value::as_str) {
                document.named.insert(id.to_owned(), schema);
            }
            if let Some(anchor) = keywords.get("$anchor").and_then(Value::as_str) {
                document.named.insert(format!("#{anchor}"), schema);
            }
            if let Some(reference) = keywords.get("$ref") {
                let Some(reference) = reference.as_str() else {
                    return Err(SchemaError::new(path, "`$ref` is not a text"));
                };
                references.push((path.clone(), reference));
            }
            each_subschema(keywords, |subschema, place| open.push((subschema, format!("{path}{place}"), depth + 1)));
        }
        for (path, reference) in &references {
            let Some(target) = document.find(reference) else {
                let reason = format!("`$ref` names {reference:?}, which is not in the document");
                return Err(SchemaError::new(path, reason));
            };
            if !target.is_object() && !target.is_boolean() {
                return Err(SchemaError::new(path, format!("`$ref` names {reference:?}, which is no schema")));
            }
            document.targets.insert(*reference, target);
        }
        for (path, reference) in &references {
            document.check_circle(path, reference)?;
        }
        Ok(document)
    }

    /// What a `$ref` of the document names.
    pub(super) fn target(&self, reference: &str) -> Option<&'a Value> {
        self.targets.get(reference).copied()
    }

    fn find(&self, reference: &str) -> Option<&'a Value> {
        if let Some(named) = self.named.get(reference).copied() {
            return Some(named);
        }
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let root = match base {
            "" => self.root,
            id => self.named.get(id).copied()?,
        };
        root.pointer(&percent_decoded(fragment)?)
    }

    /// A reference that names nothing but a reference, and so on in a circle, describes nothing.
    fn check_circle(&self, path: &str, reference: &str) -> Result<(), SchemaError> {
        let mut seen = BTreeSet::from([reference]);
        let mut next = reference;
        while let Some(then) = self.target(next).and_then(|target| target.get("$ref")).and_then(Value::as_str) {
            if !seen.insert(then) {
                return Err(SchemaError::new(path, format!("`$ref` {reference:?} leads in a circle")));
            }
            next = then;
        }
        Ok(())
    }

    /// The references whose targets differ from those of the other document, or lead to such.
    pub(super) fn unlike(&self, other: &Self) -> BTreeSet<&'a str> {
        let mut unlike: BTreeSet<&'a str> = BTreeSet::new();
        let mut left: Vec<(&'a str, BTreeSet<&'a str>)> = Vec::new();
        for (&reference, &target) in &self.targets {
            if other.target(reference) == Some(target) {
                left.push((reference, references(target)));
            } else {
                unlike.insert(reference);
            }
        }
        loop {
            let before = left.len();
            left.retain(|(reference, inner)| {
                let stays = inner.is_disjoint(&unlike);
                if !stays {
                    unlike.insert(*reference);
                }
                stays
            });
            if left.len() == before {
                return unlike;
            }
        }
    }
}

/// All references of a schema and of those in it.
pub(super) fn references(schema: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let Some(keywords) = schema.as_object() else { continue };
        found.extend(keywords.get("$ref").and_then(Value::as_str));
        each_subschema(keywords, |subschema, _| open.push(subschema));
    }
    found
}

fn object_of<'a>(schema: &'a Value, path: &str) -> Result<Option<&'a Object>, SchemaError> {
    match schema {
        Value::Object(keywords) => Ok(Some(keywords)),
        Value::Bool(_) => Ok(None),
        _ => Err(SchemaError::new(path, "a schema is an object or a boolean")),
    }
}

/// Calls `visit` with each schema that a keyword contains, and its place below this schema.
fn each_subschema<'a>(keywords: &'a Object, mut visit: impl FnMut(&'a Value, String)) {
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "additionalItems"
            | "additionalProperties"
            | "contains"
            | "else"
            | "if"
            | "items"
            | "not"
            | "propertyNames"
            | "then"
            | "unevaluatedItems"
            | "unevaluatedProperties" => match value {
                Value::Array(list) if keyword == "items" => {
                    list.iter().enumerate().for_each(|(at, schema)| visit(schema, format!("/items/{at}")));
                }
                schema => visit(schema, format!("/{keyword}")),
            },
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                let list = value.as_array().into_iter().flatten();
                list.enumerate().for_each(|(at, schema)| visit(schema, format!("/{keyword}/{at}")));
            }
            "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties" | "properties" => {
                let named = value.as_object().into_iter().flatten();
                // A dependency may be a list of names.
                named
                    .filter(|(_, schema)| !schema.is_array() || keyword != "dependencies")
                    .for_each(|(name, schema)| visit(schema, format!("/{keyword}{}", token(name))));
            }
            _ => {}
        }
    }
}

/// A name as a part of a JSON Pointer.
pub(super) fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
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
