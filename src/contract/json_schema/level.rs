//! An object while its fields are gathered.

use serde_json::{Value, json};

use super::words::{Object, object};

/// An object while its fields are gathered.
#[derive(Default)]
pub(super) struct Level {
    pub(super) properties: Object,
    pub(super) required: Vec<Value>,
    /// The names that fields have taken, as flattened maps see it.
    pub(super) names: Vec<String>,
    /// The names that flattened enums have in their choices.
    pub(super) allowed: Vec<String>,
    /// Names that are gone before this is read: fields of an outer level have taken them, or they are never read.
    pub(super) hidden: Vec<String>,
    /// A required field can never be there.
    pub(super) impossible: bool,
    /// How many of these may be there at most, and are there at least.
    pub(super) counts: (u64, u64),
    /// The choices of flattened enums.
    pub(super) choices: Vec<Object>,
    /// Flattened maps, with the names that are none of their keys.
    pub(super) maps: Vec<(Object, Object)>,
    /// Further schemas that hold.
    pub(super) all: Vec<Value>,
    pub(super) closed: bool,
    /// Names beside those taken are written.
    pub(super) open: bool,
}

impl Level {
    pub(super) fn tag(&mut self, tag: &'static str, schema: &Value) {
        self.property(tag, &[], schema, true);
    }

    pub(super) fn property(&mut self, name: &'static str, aliases: &[&'static str], schema: &Value, required: bool) {
        // A name that another field has read is not there for this one.
        let is_free = |name: &&'static str| !self.hidden.iter().any(|hidden| hidden == name);
        let mut free = std::iter::once(name).chain(aliases.iter().copied()).filter(is_free);
        let Some(name) = free.next() else {
            self.impossible |= required;
            return;
        };
        // In what is written, it would stand there twice.
        if self.names.iter().any(|taken| taken == name) {
            self.impossible |= required;
            return;
        }
        let aliases: Vec<&'static str> = free.collect();
        let aliases = &aliases[..];
        self.counts.0 += 1;
        self.counts.1 += u64::from(required);
        for name in aliases.iter().chain(std::iter::once(&name)) {
            self.names.push((*name).to_owned());
            // A field of the outer level has the name for itself.
            self.properties.entry(*name).or_insert_with(|| schema.clone());
        }
        if aliases.is_empty() {
            if required {
                self.required.push(name.into());
            }
            return;
        }
        // One of them, and the same field twice is a fault.
        let names = std::iter::once(&name).chain(aliases);
        let mut forms: Vec<Value> = names.map(|name| json!({"required": [name]})).collect();
        if !required {
            forms.push(json!({"not": {"anyOf": forms}}));
        }
        self.all.push(json!({"oneOf": forms}));
    }

    /// Lets the length of a flattened map count what stands beside its entries.
    pub(super) fn count_beside(&self, map: &mut Object) {
        if !self.choices.is_empty() {
            // How many fields the choice has differs from variant to variant.
            map.remove("minProperties");
            map.remove("maxProperties");
            return;
        }
        let (most, least) = self.counts;
        let exact = most == least;
        if let Some(min) = map.remove("minProperties").and_then(|min| min.as_u64()) {
            if exact || min > 1 {
                map.insert("minProperties".to_owned(), min.saturating_add(least).into());
            } else if min == 1 {
                // There is a name that is none of the fields'.
                map.insert("not".to_owned(), json!({"propertyNames": {"enum": self.names}}));
            }
        }
        if let Some(max) = map.remove("maxProperties").and_then(|max| max.as_u64()) {
            map.insert("maxProperties".to_owned(), max.saturating_add(most).into());
        }
    }

    /// The schema, if there are values of it.
    pub(super) fn possible(self, written: bool) -> Option<Value> {
        (!self.impossible).then(|| self.finish(written).into())
    }

    pub(super) fn finish(mut self, written: bool) -> Object {
        if self.impossible {
            return object(json!({"type": "object", "not": {}}));
        }
        let mut schema = object(json!({"type": "object"}));
        // A closed reader has no place for the entries of a flattened map.
        let closed = self.closed && !(written && self.open);
        if closed {
            for name in self.names.iter().chain(&self.allowed) {
                self.properties.entry(name.clone()).or_insert(Value::Bool(true));
            }
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        let is_all = |taken: &Object| taken.len() == self.properties.len() && taken.keys().eq(self.properties.keys());
        if !closed
            && self.maps.len() == 1
            && self.choices.is_empty()
            && is_all(&self.maps[0].1)
            && let Some((map, _)) = self.maps.pop()
        {
            schema.extend(map);
        }
        for (mut map, taken) in self.maps {
            let unbounded = map.get("additionalProperties").is_some_and(|values| *values == true);
            if unbounded && map.len() == 1 {
                if !closed {
                    schema.extend(map);
                }
                continue;
            }
            map.insert("properties".to_owned(), taken.into());
            self.all.push(map.into());
        }
        match self.choices.pop() {
            Some(only) if self.choices.is_empty() => schema.extend(only),
            Some(last) => {
                self.choices.push(last);
                self.all.extend(self.choices.into_iter().map(Value::Object));
            }
            None => {}
        }
        // An object whose schema lists no field may have any, to those who compare schemas.
        let lists_nothing = schema.len() == 1 && self.all.is_empty();
        if !self.properties.is_empty() || closed || lists_nothing {
            schema.insert("properties".to_owned(), self.properties.into());
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.into());
        }
        if !self.all.is_empty() {
            schema.insert("allOf".to_owned(), self.all.into());
        }
        schema
    }
}

/// Adds the names of the properties that an object's schema knows, also in its branches.
pub(super) fn names_in(schema: &Value, names: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    names.extend(properties.into_iter().flat_map(Object::keys).cloned());
    let branches = ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| schema.get(*keyword)?.as_array());
    for branch in branches.flatten() {
        names_in(branch, names);
    }
}
