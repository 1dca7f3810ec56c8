//! JSON Schema: schemars' schema of the type, completed by what only the reader knows.
//!
//! schemars' derive sees serde's attributes and some of validator's rules; it does not see
//! `#[event]`, nor that a `u32` ends at 4294967295. So each [`FieldType`] walks its own part of the
//! finished document and adds what is missing where it stands: inlined, referenced or flattened.

use std::collections::HashSet;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// A place in a JSON Schema: the keys that lead from the document to a subschema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place(Vec<String>);

impl Place {
    /// The place one key further down.
    ///
    /// ```
    /// use event_schema::contract::Place;
    ///
    /// fn element_of(list: &Place) -> Place {
    ///     list.join("items")
    /// }
    /// ```
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
#[derive(Debug)]
pub struct Walk<'a> {
    document: &'a mut Map<String, Value>,
    contract: &'a Contract,
    visited: HashSet<(&'static str, Place)>,
}

impl Walk<'_> {
    /// Whether the schema describes what is written, not what is accepted.
    #[must_use]
    pub fn is_serialize(&self) -> bool {
        self.contract.is_serialize()
    }

    /// The schema object at a place, if there is one.
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
    pub fn add_missing(&mut self, place: &Place, keyword: &str, value: impl Into<Value>) {
        if let Some(schema) = self.schema(place) {
            schema.entry(keyword).or_insert_with(|| value.into());
        }
    }

    /// The place of the definition that the subschema refers to, or the place itself.
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
    #[must_use]
    pub fn non_null(&mut self, place: &Place) -> Place {
        match self.schema(place).and_then(|schema| schema.get("anyOf")?.as_array()) {
            Some(_) => place.join("anyOf").join("0"),
            None => place.clone(),
        }
    }

    /// Sets a bound of a number that the type's own schema cannot know.
    #[doc(hidden)]
    pub fn bound(&mut self, place: &Place, keyword: &str, bound: impl Serialize) {
        let place = self.non_null(place);
        if let (Some(schema), Ok(bound)) = (self.schema(&place), serde_json::to_value(bound)) {
            schema.insert(keyword.to_owned(), bound);
        }
    }

    /// Bounds the number of a map's entries; schemars bounds lists and strings only.
    #[doc(hidden)]
    pub fn entries(&mut self, place: &Place, min: Option<u64>, max: Option<u64>) {
        let place = self.non_null(place);
        let Some(schema) = self.schema(&place) else { return };
        let is_object =
            |kind: &Value| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "object"));
        if schema.get("type").is_some_and(is_object) {
            schema.extend(min.map(|min| ("minProperties".to_owned(), min.into())));
            schema.extend(max.map(|max| ("maxProperties".to_owned(), max.into())));
        }
    }

    /// Walks on into the values of a map.
    pub fn map_values(&mut self, place: &Place, describe: impl FnOnce(&mut Walk<'_>, &Place)) {
        let additional = place.join("additionalProperties");
        if self.schema(&additional).is_some() {
            return describe(self, &additional);
        }
        // Integer keys: schemars writes one pattern and forbids the rest.
        let patterns = place.join("patternProperties");
        if let Some(pattern) = self.schema(&patterns).and_then(|patterns| patterns.keys().next().cloned()) {
            describe(self, &patterns.join(&pattern));
        }
    }
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
