//! JSON Schema: schemars' schema of the type, completed by what only the reader knows.
//!
//! schemars' derive sees serde's attributes and some of validator's rules; it does not see
//! `#[event]`, nor that a `u32` ends at 4294967295. So each [`FieldType`] walks its own part of the
//! finished document and adds what is missing where it stands: inlined, referenced or flattened.

use std::collections::HashSet;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::pattern;
use crate::load::FieldType;

/// The document for `T`, by draft 2020-12.
#[must_use]
pub fn json_schema<T: FieldType + JsonSchema>(contract: &Contract) -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = contract.clone();
    let mut document = settings.into_generator().into_root_schema_for::<T>();
    let mut walk = Walk { document: document.ensure_object(), contract, visited: HashSet::new() };
    T::describe(&mut walk, &Place(Vec::new()));
    document
}

/// A place in a JSON Schema: the keys that lead from the document to a subschema. See the example of [`Walk`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place(Vec<String>);

impl Place {
    /// The place one key further down.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.to_owned());
        Self(keys)
    }
}

/// A walk through a type and its JSON Schema side by side.
///
/// It changes only what is there: where a type's schema was replaced by hand (`#[schemars(with)]`,
/// say), the places that the walk looks for do not exist and the schema stays as it is.
///
/// ```
/// use event_schema::contract::{Place, Walk};
/// use event_schema::load::{At, Context, FieldType};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
///
/// /// Percentages by name: of each, and never more than a hundred.
/// #[derive(Debug, Serialize, JsonSchema)]
/// struct Shares(std::collections::BTreeMap<String, u8>);
///
/// impl FieldType for Shares {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         Ok(FieldType::read(input, cx, at)?.map(Shares))
///     }
///
///     fn describe(walk: &mut Walk<'_>, here: &Place) {
///         // A newtype's schema may stand elsewhere, once for all that refer to it.
///         let Some(here) = walk.definition::<Self>(here) else { return };
///         walk.add_missing(&here, "minProperties", 1);
///         walk.map_values(&here, |walk, share| {
///             if let Some(schema) = walk.schema(share) {
///                 schema.insert("maximum".to_owned(), 100.into());
///             }
///         });
///         assert!(!walk.is_serialize());
///         assert_eq!(walk.resolve(&here), here);
///         assert_eq!(walk.non_null(&here), here);
///         assert_ne!(here.join("items"), here);
///     }
/// }
///
/// #[event_schema::event]
/// struct Vote { shares: Shares }
///
/// let schema = Vote::json_schema();
/// assert_eq!(schema.pointer("/$defs/Shares/minProperties").unwrap(), 1);
/// assert_eq!(schema.pointer("/$defs/Shares/additionalProperties/maximum").unwrap(), 100);
/// ```
#[derive(Debug)]
pub struct Walk<'a> {
    document: &'a mut Map<String, Value>,
    contract: &'a Contract,
    visited: HashSet<(&'static str, Place)>,
}

impl Walk<'_> {
    /// Whether the schema describes what is written, not what is accepted.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn is_serialize(&self) -> bool {
        self.contract.is_serialize()
    }

    /// The schema object at a place, if there is one.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn schema(&mut self, place: &Place) -> Option<&mut Map<String, Value>> {
        let mut here = &mut *self.document;
        let mut keys = place.0.iter().peekable();
        while let Some(key) = keys.next() {
            let mut value = here.get_mut(key)?;
            while value.is_array() {
                let index: usize = keys.next()?.parse().ok()?;
                value = value.get_mut(index)?;
            }
            here = value.as_object_mut()?;
        }
        Some(here)
    }

    /// Inserts a keyword unless the schema has it.
    ///
    /// See the example of [`Walk`].
    pub fn add_missing(&mut self, place: &Place, keyword: &str, value: impl Into<Value>) {
        if let Some(schema) = self.schema(place) {
            schema.entry(keyword).or_insert_with(|| value.into());
        }
    }

    /// The place of the definition that the subschema refers to, or the place itself.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn resolve(&mut self, place: &Place) -> Place {
        let mut place = place.clone();
        while let Some(reference) = self.schema(&place).and_then(|schema| schema.get("$ref")?.as_str()) {
            let Some(pointer) = reference.strip_prefix('#') else { break };
            // A reference is a URI fragment: schemars percent-encodes what RFC 3986 asks for.
            let unescape = |key: &str| percent_decode(key).replace("~1", "/").replace("~0", "~");
            place = Place(pointer.split('/').skip(1).map(unescape).collect());
        }
        place
    }

    /// The definition of `T`, if it is seen for the first time there; `None` ends recursion.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn definition<T>(&mut self, place: &Place) -> Option<Place> {
        let definition = self.resolve(place);
        self.visited.insert((std::any::type_name::<T>(), definition.clone())).then_some(definition)
    }

    /// The data of an externally tagged enum's variant.
    #[doc(hidden)]
    #[must_use]
    pub fn external_variant(&mut self, place: &Place, name: &str) -> Option<Place> {
        let alternative = self.alternative(place, |schema| schema.get("properties")?.get(name))?;
        Some(alternative.join("properties").join(name))
    }

    /// The object of an enum's variant whose tag has this value.
    #[doc(hidden)]
    #[must_use]
    pub fn tagged_variant(&mut self, place: &Place, tag: &str, name: &str) -> Option<Place> {
        self.alternative(place, |schema| {
            let tag = schema.get("properties")?.get(tag)?;
            tag.get("const").filter(|value| *value == name)
        })
    }

    /// Says of an object that a property, if it is there, is null.
    #[doc(hidden)]
    pub fn nothing_at(&mut self, object: &Place, property: &str) {
        self.add_missing(&object.join("properties"), property, json!({"type": "null"}));
    }

    /// An untagged enum's variant, counted.
    #[doc(hidden)]
    #[must_use]
    pub fn untagged_variant(&mut self, place: &Place, index: usize) -> Option<Place> {
        let variant = place.join("anyOf").join(&index.to_string());
        self.schema(&variant).is_some().then_some(variant)
    }

    /// The alternative of which `holds` finds something.
    fn alternative(&mut self, place: &Place, holds: impl Fn(&Value) -> Option<&Value>) -> Option<Place> {
        let schema = self.schema(place)?;
        for keyword in ["oneOf", "anyOf"] {
            let alternatives = schema.get(keyword).and_then(Value::as_array);
            if let Some(index) = alternatives.and_then(|list| list.iter().position(|schema| holds(schema).is_some())) {
                return Some(place.join(keyword).join(&index.to_string()));
            }
        }
        None
    }

    /// Of an optional value's schema, the part for the value.
    ///
    /// See the example of [`Walk`].
    #[must_use]
    pub fn non_null(&mut self, place: &Place) -> Place {
        let is_null = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "null");
        match self.schema(place).and_then(|schema| schema.get("anyOf")?.as_array()) {
            Some(forms) if forms.len() == 2 && is_null(&forms[1]) => place.join("anyOf").join("0"),
            _ => place.clone(),
        }
    }

    /// Asks something more of a value. What the schema asks already stays: both hold then.
    #[doc(hidden)]
    pub fn require(&mut self, place: &Place, keyword: &str, value: Value) {
        let Some(schema) = self.schema(place) else { return };
        match schema.get(keyword) {
            None => drop(schema.insert(keyword.to_owned(), value)),
            Some(present) if same(present, &value) => {}
            Some(_) => {
                let all = schema.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
                if let Some(all) = all.as_array_mut() {
                    all.push(Value::Object(Map::from_iter([(keyword.to_owned(), value)])));
                }
            }
        }
    }

    /// Whether the values that the schema is for are of this JSON type, null aside.
    fn is(&mut self, place: &Place, kind: &str) -> bool {
        let definition = self.resolve(place);
        self.schema(&definition).and_then(|schema| schema.get("type")).is_some_and(|kinds| match kinds {
            Value::Array(kinds) => kinds.iter().any(|one| one == kind),
            one => one == kind,
        })
    }

    /// The bound of a `range`, as `minimum` or one of its kin.
    #[doc(hidden)]
    pub fn bound(&mut self, place: &Place, keyword: &str, bound: impl Serialize) {
        let place = self.non_null(place);
        // A decimal writes itself as text, and another ordered type may be no number at all.
        let bound = match decimal(bound) {
            Some(Value::String(text)) => from_decimal(&text),
            bound => bound,
        };
        if let Some(bound @ Value::Number(_)) = bound {
            self.require(&place, keyword, bound);
        }
    }

    /// The bounds of a `length`, of a string, list or map.
    #[doc(hidden)]
    pub fn length(&mut self, place: &Place, min: Option<u64>, max: Option<u64>) {
        let place = self.non_null(place);
        for (kind, min_keyword, max_keyword) in [
            ("string", "minLength", "maxLength"),
            ("array", "minItems", "maxItems"),
            ("object", "minProperties", "maxProperties"),
        ] {
            if self.is(&place, kind) {
                for (keyword, bound) in [(min_keyword, min), (max_keyword, max)] {
                    if let Some(bound) = bound {
                        self.require(&place, keyword, bound.into());
                    }
                }
            }
        }
    }

    /// A format that JSON Schema has a name for.
    #[doc(hidden)]
    pub fn format(&mut self, place: &Place, format: &str) {
        let place = self.non_null(place);
        self.require(&place, "format", format.into());
    }

    /// An IP address. schemars writes the format `ip`, which JSON Schema does not have.
    #[doc(hidden)]
    pub fn ip(&mut self, place: &Place, v4: bool, v6: bool) {
        let value = self.non_null(place);
        for place in [place, &value] {
            if let Some(schema) = self.schema(place)
                && schema.get("format").is_some_and(|format| format == "ip")
            {
                schema.remove("format");
            }
        }
        match (v4, v6) {
            (true, false) => self.require(&value, "format", "ipv4".into()),
            (false, true) => self.require(&value, "format", "ipv6".into()),
            _ => self.require(&value, "anyOf", json!([{"format": "ipv4"}, {"format": "ipv6"}])),
        }
    }

    /// Drops a keyword that schemars wrote, to say it better.
    #[doc(hidden)]
    pub fn forget(&mut self, place: &Place, keyword: &str) {
        let value = self.non_null(place);
        for place in [place, &value] {
            if let Some(schema) = self.schema(place) {
                schema.remove(keyword);
            }
        }
    }

    /// A Rust regular expression, as one that ECMA-262 understands; left out if there is none.
    #[doc(hidden)]
    pub fn regex(&mut self, place: &Place, regex: &str) {
        let place = self.non_null(place);
        if let Some(pattern) = pattern::to_ecma(regex) {
            self.require(&place, "pattern", pattern.into());
        }
    }

    /// Text that a string holds, or a key that a map has; or must not.
    #[doc(hidden)]
    pub fn contains(&mut self, place: &Place, needle: &str, wanted: bool) {
        let place = self.non_null(place);
        let (kind, keyword, value) = if self.is(&place, "object") {
            ("object", "required", json!([needle]))
        } else {
            ("string", "pattern", pattern::literal(needle).into())
        };
        if wanted {
            self.require(&place, keyword, value);
        } else {
            // With its type, because null fits every pattern and must not be refused for it.
            self.require(&place, "not", json!({"type": kind, keyword: value}));
        }
    }

    /// One of these values; or none of them.
    #[doc(hidden)]
    pub fn one_of(&mut self, place: &Place, values: &[Value], wanted: bool) {
        let place = self.non_null(place);
        let nullable = self.is(&place, "null");
        let mut values = values.to_vec();
        if wanted {
            values.extend(nullable.then_some(Value::Null));
            self.require(&place, "enum", values.into());
        } else {
            self.require(&place, "not", json!({"enum": values}));
        }
    }

    /// Takes null out of what load accepts of an optional value.
    #[doc(hidden)]
    pub fn not_null(&mut self, place: &Place) {
        // Of a value of any shape the schema is `true`.
        if let Some((last, parent)) = place.0.split_last()
            && let Some(parent) = self.schema(&Place(parent.to_vec()))
            && let Some(any @ Value::Bool(true)) = parent.get_mut(&**last)
        {
            *any = json!({});
        }
        let Some(schema) = self.schema(place) else { return };
        if !["type", "anyOf", "oneOf", "enum", "const", "$ref"].iter().any(|keyword| schema.contains_key(*keyword)) {
            self.require(place, "not", json!({"type": "null"}));
            return;
        }
        if let Some(Value::Array(kinds)) = schema.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [only] = &kinds[..] {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        for keyword in ["anyOf", "enum"] {
            if let Some(Value::Array(forms)) = schema.get_mut(keyword) {
                forms.retain(|form| !form.is_null() && form.get("type").is_none_or(|kind| kind != "null"));
            }
        }
    }

    /// The place of the schema of a map's keys.
    #[doc(hidden)]
    #[must_use]
    pub fn keys_of(&mut self, map: &Place) -> Place {
        let map = self.non_null(map);
        self.add_missing(&map, "propertyNames", json!({"type": "string"}));
        map.join("propertyNames")
    }

    /// No control characters: those of Unicode's category Cc.
    #[doc(hidden)]
    pub fn no_control_characters(&mut self, place: &Place) {
        let place = self.non_null(place);
        self.require(&place, "pattern", r"^[^\u0000-\u001f\u007f-\u009f]*$".into());
    }

    /// Other names under which load takes a field of the object at `definition`.
    #[doc(hidden)]
    pub fn aliases(&mut self, definition: &Place, name: &str, aliases: &[&str]) {
        if self.is_serialize() || aliases.is_empty() {
            return;
        }
        let Some(object) = self.schema(definition) else { return };
        let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
        let Some(property) = properties.get(name).cloned() else { return };
        for alias in aliases {
            properties.insert((*alias).to_owned(), property.clone());
        }
        let names = || std::iter::once(&name).chain(aliases);
        let required = object.get_mut("required").and_then(Value::as_array_mut).is_some_and(|required| {
            let before = required.len();
            required.retain(|one| one != name);
            required.len() < before
        });
        if object.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            object.remove("required");
        }
        // One of them, and the same field twice is a fault.
        let mut forms: Vec<Value> = names().map(|name| json!({"required": [name]})).collect();
        if !required {
            forms.push(json!({"not": {"anyOf": forms}}));
        }
        let all = object.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(all) = all.as_array_mut() {
            all.push(json!({"oneOf": forms}));
        }
    }

    /// What load takes for an enum without data, beside the names that schemars lists: other names,
    /// or any text if one variant takes what no other does.
    #[doc(hidden)]
    pub fn choice(&mut self, here: &Place, aliases: &[&str], any: bool) {
        if self.is_serialize() || (aliases.is_empty() && !any) {
            return;
        }
        let Some(schema) = self.schema(here) else { return };
        if any {
            schema.retain(|keyword, _| !matches!(keyword.as_str(), "enum" | "oneOf" | "const"));
            schema.insert("type".to_owned(), "string".into());
        } else if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            names.extend(aliases.iter().map(|alias| Value::from(*alias)));
        } else if let Some(forms) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
            forms.push(json!({"type": "string", "enum": aliases}));
        }
    }

    /// Says that a map's keys are these names, or any text.
    #[doc(hidden)]
    pub fn map_keys_of(&mut self, map: &Place, names: Option<&[&str]>) {
        self.map_keys(map, names.map_or_else(|| json!({"type": "string"}), |names| json!({"enum": names})));
    }

    /// Says which keys a map has.
    #[doc(hidden)]
    pub fn map_keys(&mut self, map: &Place, keys: Value) {
        let map = self.non_null(map);
        let Some(schema) = self.schema(&map) else { return };
        // schemars says it for some types of key, as names or as a pattern of digits, but not exactly.
        let mut values = None;
        for keyword in ["properties", "patternProperties"] {
            if let Some(Value::Object(forms)) = schema.remove(keyword) {
                values = forms.into_iter().next().map(|(_, value)| value).or(values);
            }
        }
        if let Some(values) = values {
            schema.insert("additionalProperties".to_owned(), values);
        }
        schema.insert("propertyNames".to_owned(), keys);
    }

    /// Walks on into the values of a map.
    ///
    /// See the example of [`Walk`].
    pub fn map_values(&mut self, place: &Place, describe: impl Fn(&mut Walk<'_>, &Place)) {
        let additional = place.join("additionalProperties");
        if self.schema(&additional).is_some() {
            describe(self, &additional);
        }
        for keyword in ["properties", "patternProperties"] {
            let forms = place.join(keyword);
            let names: Vec<String> =
                self.schema(&forms).map(|forms| forms.keys().cloned().collect()).unwrap_or_default();
            for name in names {
                describe(self, &forms.join(&name));
            }
        }
    }
}

/// Whether two values of a keyword say the same: `1` and `1.0` do.
fn same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(a), Some(b))
            if a.total_cmp(&b).is_eq() && !(one.is_u64() && other.is_u64()) && !(one.is_i64() && other.is_i64()))
}

/// The JSON of this text; of a number, to the nearest, which `serde_json` sees to with `float_roundtrip` only.
fn from_decimal(text: &str) -> Option<Value> {
    match text.parse() {
        Ok(float) if text.contains(['.', 'e', 'E']) => serde_json::Number::from_f64(float).map(Value::Number),
        _ => serde_json::from_str(text).ok(),
    }
}

/// A number as JSON. By way of its text: `to_value` would widen an `f32` 0.1 to 0.10000000149011612.
pub(crate) fn decimal(number: impl Serialize) -> Option<Value> {
    from_decimal(&serde_json::to_string(&number).ok()?)
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
