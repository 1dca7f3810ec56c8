//! JSON Schema 2020-12, written from the [`Shape`] of a type. schemars' transforms derive draft 7 from it, `openapi`
//! the schemas of OpenAPI 3.0.
//!
//! schemars' generator keeps the definitions: so types of schemars' own can stand among ours, and ours among them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::marker::PhantomData;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::shape::{
    Content, Definition, Enum, Field, Form, Integer, Notes, Presence, Range, Record, Rule, Shape, Tagging, Text,
    Variant,
};
use super::{openapi, parts, pattern};
use crate::load::{FieldType, json};

/// The JSON Schema 2020-12 of `T`: of its input ([`Contract::Deserialize`]) or of its output ([`Contract::Serialize`]).
/// [`EventSchema::json_schema`](crate::EventSchema::json_schema) is that of its input.
///
/// ```
/// use event_schema::contract;
/// use event_schema::schemars::generate::Contract;
///
/// #[event_schema::event]
/// struct Ping { #[serde(default)] seq: u8 }
///
/// let written = contract::json_schema::<Ping>(&Contract::Serialize);
/// assert_eq!(written.pointer("/required/0").unwrap(), "seq");
/// assert_eq!(contract::json_schema::<Ping>(&Contract::Deserialize), Ping::json_schema());
/// ```
#[must_use]
pub fn json_schema<T: JsonSchema>(contract: &Contract) -> Schema {
    document::<T>(SchemaSettings::draft2020_12(), contract)
}

/// The JSON Schema of `T` in draft 7, for tools without support for later drafts. It accepts the same values as that of
/// [`json_schema`].
///
/// ```
/// use event_schema::contract;
/// use event_schema::schemars::generate::Contract;
///
/// #[event_schema::event]
/// struct Track { points: Vec<Point> }
///
/// #[event_schema::event]
/// struct Point(f64, f64);
///
/// let schema = contract::draft07::<Track>(&Contract::Deserialize);
/// assert_eq!(schema.pointer("/properties/points/items/$ref").unwrap(), "#/definitions/Point");
/// assert_eq!(schema.pointer("/definitions/Point/items/1/type").unwrap(), "number");
/// ```
#[must_use]
pub fn draft07<T: JsonSchema>(contract: &Contract) -> Schema {
    document::<T>(SchemaSettings::draft07(), contract)
}

fn document<T: JsonSchema>(mut settings: SchemaSettings, contract: &Contract) -> Schema {
    settings.contract = contract.clone();
    settings.into_generator().into_root_schema_for::<T>()
}

/// The schemas of OpenAPI 3.0 for `T` and the types that it refers to, by name, for the document's
/// `components.schemas`. (OpenAPI 3.1 uses the schema of [`json_schema`] unchanged.)
///
/// OpenAPI 3.0 cannot express some rules, which are left out: the order of a tuple's items, and patterns of a map's
/// keys. There the schema accepts more values, never fewer. Two types with the same name get numbers within one call:
/// rename one of them (`#[schemars(rename = "...")]`) to merge the schemas of several calls. OpenAPI allows ASCII
/// letters, digits, `.`, `-` and `_` in names.
///
/// ```
/// use event_schema::contract;
/// use event_schema::schemars::generate::Contract;
/// use event_schema::serde_json::json;
///
/// #[event_schema::event]
/// struct Order { lines: Vec<Line>, note: Option<String> }
///
/// #[event_schema::event]
/// struct Line {
///     #[validate(range(exclusive_min = 0.0))]
///     price: f64,
/// }
///
/// let schemas = contract::openapi30::<Order>(&Contract::Deserialize);
/// let openapi = json!({"openapi": "3.0.4", "components": {"schemas": schemas}});
/// let order = openapi.pointer("/components/schemas/Order/properties").unwrap();
/// assert_eq!(order["note"], json!({"type": "string", "nullable": true}));
/// assert_eq!(order["lines"]["items"]["$ref"], "#/components/schemas/Line");
/// let line = openapi.pointer("/components/schemas/Line/properties").unwrap();
/// assert_eq!(line["price"]["exclusiveMinimum"], true);
/// ```
#[must_use]
pub fn openapi30<T: JsonSchema>(contract: &Contract) -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = openapi::DEFINITIONS.into();
    settings.contract = contract.clone();
    let mut generator = settings.into_generator();
    let schema = generator.subschema_for::<T>();
    let mut schemas = generator.take_definitions(false);
    // A type without a definition of its own gets one here.
    if schema.get("$ref").is_none() {
        schemas.insert(T::schema_name().into_owned(), schema.to_value());
    }
    openapi::rewrite(&schemas)
}

/// The schema of `T`, whatever refers to it.
#[doc(hidden)]
#[must_use]
pub fn schema_of<T: FieldType>(generator: &mut SchemaGenerator) -> Schema {
    let mut writer = Writer::new(generator);
    let schema = match T::shape() {
        Shape::Named(definition) => writer.definition(definition),
        Shape::Foreign(foreign) => (foreign.whole)(writer.generator).to_value(),
        shape => writer.shape(&shape),
    };
    to_schema(schema)
}

/// Whether the schema of `T` is written out where it is used.
#[doc(hidden)]
#[must_use]
pub fn is_inline<T: FieldType>() -> bool {
    match T::shape() {
        Shape::Named(definition) => definition.inline && !parts::holds_itself(definition),
        Shape::Foreign(_) => false,
        _ => true,
    }
}

/// A type that has a shape and need not implement `JsonSchema`, for schemars.
pub(crate) struct Described<T>(PhantomData<T>);

impl<T: FieldType> JsonSchema for Described<T> {
    fn inline_schema() -> bool {
        is_inline::<T>()
    }

    fn schema_name() -> Cow<'static, str> {
        T::shape().name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::shape().id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema_of::<T>(generator)
    }
}

fn to_schema(value: Value) -> Schema {
    match value {
        Value::Object(object) => object.into(),
        Value::Bool(any) => any.into(),
        _ => unreachable!("a schema is an object or a boolean"),
    }
}

type Object = Map<String, Value>;

/// The object of a literal.
fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// The JSON types that a value can have, as rules ask for them.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is asked for alone")]
struct Kinds {
    text: bool,
    list: bool,
    object: bool,
    null: bool,
}

struct Writer<'g> {
    generator: &'g mut SchemaGenerator,
    /// What is written is described, not what is read.
    written: bool,
    /// The ids of the types whose fields are being gathered, from the outside in.
    open: Vec<String>,
}

impl<'g> Writer<'g> {
    fn new(generator: &'g mut SchemaGenerator) -> Self {
        let written = generator.contract().is_serialize();
        Self { generator, written, open: Vec::new() }
    }

    fn definition(&mut self, definition: &Definition) -> Value {
        self.open.push((definition.id)());
        let schema = self.form(self.form_of(definition));
        self.open.pop();
        with_notes(schema, &definition.notes)
    }

    fn form_of<'d>(&self, definition: &'d Definition) -> &'d Form {
        definition.written.as_ref().filter(|_| self.written).unwrap_or(&definition.form)
    }

    fn form(&mut self, form: &Form) -> Value {
        match form {
            Form::Content(content) => self.content(content),
            Form::Enum(choice) => self.choice(choice),
            Form::As(shape) => match shape() {
                // All of it, not a reference: schemars' derive does so too.
                Shape::Named(definition) => self.definition(definition),
                Shape::Foreign(foreign) => (foreign.whole)(self.generator).to_value(),
                shape => self.shape(&shape),
            },
        }
    }

    /// A value that stands where another refers to it.
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Any => true.into(),
            Shape::Null => json!({"type": "null"}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Integer(integer) => self.integer(integer),
            Shape::Float(float) => {
                let mut schema = object(json!({"type": "number", "format": float.name}));
                if let Some(max) = float.max {
                    schema.insert("minimum".to_owned(), (-max).into());
                    schema.insert("maximum".to_owned(), max.into());
                }
                schema.into()
            }
            Shape::Number => json!({"type": "number"}),
            Shape::Text(text) => self.text(text),
            Shape::List { items, unique, length } => {
                let mut schema = object(json!({"type": "array", "items": self.shape(items)}));
                if *unique {
                    schema.insert("uniqueItems".to_owned(), true.into());
                }
                if let Some(length) = length {
                    schema.insert("minItems".to_owned(), (*length).into());
                    schema.insert("maxItems".to_owned(), (*length).into());
                }
                schema.into()
            }
            Shape::Tuple(items) => {
                let schemas: Vec<Value> = items.iter().map(|item| self.shape(item)).collect();
                tuple(schemas, items.len())
            }
            Shape::Map { keys, values } => {
                let mut schema = object(json!({"type": "object", "additionalProperties": self.shape(values)}));
                if let Some(keys) = self.keys(keys) {
                    schema.insert("propertyNames".to_owned(), keys.into());
                }
                schema.into()
            }
            Shape::Optional(inner) => {
                let schema = self.shape(inner);
                or_null(schema, is_leaf(inner))
            }
            Shape::Omissible(inner) => self.shape(inner),
            Shape::Named(definition) => (definition.schema)(self.generator).to_value(),
            Shape::Foreign(foreign) => (foreign.schema)(self.generator).to_value(),
            Shape::Ways { written, read } => self.shape(if self.written { written } else { read }),
            Shape::Ruled { shape, rules } => {
                let schema = self.shape(shape);
                self.rules(schema, shape, rules)
            }
        }
    }

    fn integer(&self, integer: &Integer) -> Value {
        let mut schema = object(json!({"type": "integer", "format": integer.format}));
        let mut bound = |keyword: &str, value: Value| schema.insert(keyword.to_owned(), value);
        let unbounded = integer.saturates && !self.written;
        match (i64::try_from(integer.min), u64::try_from(integer.max)) {
            _ if unbounded => {}
            (Ok(min), Ok(max)) => {
                let positive = min == 0 && !integer.zero;
                bound("minimum", if positive { 1.into() } else { min.into() });
                bound("maximum", max.into());
            }
            // The largest is no float; the one after it, a power of two, is.
            #[allow(clippy::cast_precision_loss, reason = "rounds to the power of two that is meant")]
            (min, _) => {
                bound(
                    "minimum",
                    match min {
                        Ok(0) if !integer.zero => 1.into(),
                        Ok(min) => min.into(),
                        Err(_) => (integer.min as f64).into(),
                    },
                );
                bound("exclusiveMaximum", (integer.max as f64).into());
            }
        }
        if integer.min < 0 && !integer.zero {
            schema.insert("not".to_owned(), json!({"const": 0}));
        }
        schema.into()
    }

    fn text(&self, text: &Text) -> Value {
        let mut schema = text_constraints(text);
        match text.number_below.filter(|_| !self.written) {
            Some(end) => {
                schema.insert("type".to_owned(), json!(["string", "number"]));
                schema.insert("exclusiveMinimum".to_owned(), (-end).into());
                schema.insert("exclusiveMaximum".to_owned(), end.into());
            }
            None => drop(schema.insert("type".to_owned(), "string".into())),
        }
        schema.into()
    }

    /// What the keys of a map are; `None` if they are any text.
    fn keys(&mut self, shape: &Shape) -> Option<Object> {
        let keys = match shape {
            Shape::Boolean => object(json!({"enum": ["true", "false"]})),
            Shape::Integer(integer) => {
                let mut keys = object(json!({"pattern": pattern::integers(integer.min, integer.max)}));
                if !integer.zero {
                    keys.insert("not".to_owned(), json!({"const": "0"}));
                }
                keys
            }
            Shape::Float(_) | Shape::Number => object(json!({"pattern": pattern::NUMBER})),
            Shape::Text(text) => text_constraints(text),
            Shape::Optional(inner) | Shape::Omissible(inner) => return self.keys(inner),
            Shape::Ways { written, read } => return self.keys(if self.written { written } else { read }),
            Shape::Ruled { shape, rules } => {
                let keys = self.keys(shape);
                return self.ruled_keys(keys, shape, rules);
            }
            Shape::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => return self.keys(&shape()),
                Form::Content(Content::Inner(field)) => {
                    let shape = (field.shape)();
                    let keys = self.keys(&shape);
                    return self.ruled_keys(keys, &shape, &field.rules());
                }
                Form::Enum(choice) if matches!(choice.tagging, Tagging::External) => {
                    let names = self.unit_names(choice)?;
                    object(json!({"enum": names}))
                }
                _ => return None,
            },
            Shape::Any | Shape::Null | Shape::List { .. } | Shape::Tuple(_) | Shape::Map { .. } | Shape::Foreign(_) => {
                return None;
            }
        };
        Some(keys).filter(|keys| !keys.is_empty())
    }

    /// The keys of a map with rules; `shape` is that of a key.
    fn ruled_keys(&mut self, keys: Option<Object>, shape: &Shape, rules: &[Rule]) -> Option<Object> {
        let texts = |values: &[Value]| -> Option<Vec<Value>> {
            self.spellings(shape, values).into_iter().map(key_text).collect()
        };
        let rules: Vec<Rule> = rules
            .iter()
            .filter_map(|rule| match rule {
                // A schema for text has no bounds of numbers.
                Rule::Range(_) => None,
                Rule::OneOf(values) => texts(values).map(Rule::OneOf),
                Rule::NoneOf(values) => texts(values).map(Rule::NoneOf),
                rule => Some(rule.clone()),
            })
            .collect();
        if rules.is_empty() {
            return keys;
        }
        let mut keys = keys.unwrap_or_default();
        keys.insert("type".to_owned(), "string".into());
        match self.rules(keys.into(), &Shape::text(), &rules) {
            Value::Object(keys) => Some(keys),
            _ => None,
        }
    }

    /// The names of an enum without data, if there are no others.
    fn unit_names(&self, choice: &Enum) -> Option<Vec<&'static str>> {
        let mut names = Vec::new();
        for variant in choice.variants {
            if variant.other && !self.written {
                return None;
            }
            names.extend(self.names_of(variant));
        }
        Some(names)
    }

    fn content(&mut self, content: &Content) -> Value {
        match content {
            Content::Unit => json!({"type": "null"}),
            Content::Inner(field) => self.field(field),
            Content::Tuple(fields) => {
                let fields: Vec<&Field> = fields.iter().filter(|field| self.name_of(field).is_some()).collect();
                let schemas = fields.iter().map(|field| self.field(field)).collect();
                let has_default = |field: &&&Field| !self.written && matches!(field.presence, Presence::Default(_));
                let defaults = fields.iter().rev().take_while(has_default).count();
                tuple(schemas, fields.len() - defaults)
            }
            Content::Record(record) => {
                let mut level = Level::default();
                self.record(&mut level, record, Place::Alone);
                level.finish(self.written).into()
            }
        }
    }

    /// The name in the direction that is described.
    fn name_of(&self, field: &Field) -> Option<&'static str> {
        if self.written { field.written } else { field.read }
    }

    fn names_of(&self, variant: &Variant) -> Vec<&'static str> {
        if self.written { variant.written.into_iter().collect() } else { variant.names().collect() }
    }

    /// The shape of a field's value without the nulls that the field refuses.
    fn value_of(&self, field: &Field, rules: &[Rule]) -> (Shape, bool) {
        let mut shape = (field.shape)();
        if !field.not_null && !rules.contains(&Rule::Required) {
            return (shape, false);
        }
        loop {
            shape = match shape {
                Shape::Optional(inner) => *inner,
                Shape::Ways { written, read } => *if self.written { written } else { read },
                shape => break (shape, field.not_null),
            };
        }
    }

    fn field(&mut self, field: &Field) -> Value {
        let rules = field.rules();
        let (shape, never_null) = self.value_of(field, &rules);
        let mut schema = self.shape(&shape);
        schema = self.rules(schema, &shape, &rules);
        if never_null && self.kinds(&shape, &schema).null {
            let mut refused = into_object(schema);
            require(&mut refused, "not", json!({"type": "null"}));
            schema = refused.into();
        }
        if let Presence::Default(default) = field.presence
            && let Some(default) = default()
        {
            let mut defaulted = into_object(schema);
            defaulted.insert("default".to_owned(), default);
            schema = defaulted.into();
        }
        with_notes(schema, &field.notes)
    }

    /// Adds the fields of a record to a level.
    fn record(&mut self, level: &mut Level, record: &Record, place: Place) {
        if let Some((tag, name)) = record.tag.filter(|_| self.written) {
            level.tag(tag, &json!({"type": "string", "const": name}));
        }
        let hidden = level.hidden.len();
        if !self.written {
            level.hidden.extend_from_slice(&level.names);
        }
        // What has a name goes to its field before anything is flattened.
        for field in record.fields.iter().filter(|field| !field.flat) {
            let Some(name) = self.name_of(field) else { continue };
            let schema = self.field(field);
            let aliases: &[&'static str] = if self.written { &[] } else { field.aliases };
            let required = if self.written { !field.written_when } else { field.is_required() };
            level.property(name, aliases, &schema, required && place != Place::Maybe);
        }
        level.hidden.truncate(hidden);
        for field in record.fields.iter().filter(|field| field.flat) {
            if self.name_of(field).is_none() {
                continue;
            }
            let inner = if place == Place::Maybe { Place::Maybe } else { Place::Flat };
            self.flatten(level, &(field.shape)(), &field.rules(), inner);
        }
        level.closed |= record.closed && matches!(place, Place::Alone | Place::Tagged);
    }

    /// Adds a value that stands among other fields of its level.
    fn flatten(&mut self, level: &mut Level, shape: &Shape, rules: &[Rule], place: Place) {
        match shape {
            Shape::Optional(inner) | Shape::Omissible(inner) => {
                let place = if place == Place::Flat { Place::Maybe } else { place };
                self.flatten(level, inner, rules, place);
            }
            Shape::Ways { written, read } => {
                self.flatten(level, if self.written { written } else { read }, rules, place);
            }
            Shape::Ruled { shape, rules: inner } => {
                let rules: Vec<Rule> = inner.iter().chain(rules).cloned().collect();
                self.flatten(level, shape, &rules, place);
            }
            Shape::Map { keys, values } => self.flatten_map(level, keys, values, rules, place),
            Shape::Named(definition) => {
                let id = (definition.id)();
                if self.open.contains(&id) {
                    // What it needs is read by then: the tag of an enum that holds itself.
                    level.impossible |= place != Place::Maybe;
                    return;
                }
                self.open.push(id);
                let form = *self.form_of(definition);
                match &form {
                    Form::As(shape) => self.flatten(level, &shape(), rules, place),
                    Form::Content(Content::Inner(field)) => {
                        let rules: Vec<Rule> = field.rules().iter().chain(rules).cloned().collect();
                        self.flatten(level, &(field.shape)(), &rules, place);
                    }
                    Form::Content(Content::Record(record)) if place == Place::Tagged && !record.closes() => {
                        match object((definition.schema)(self.generator).to_value()) {
                            // A reference stands well beside a tag.
                            reference if reference.contains_key("$ref") => level.also.extend(reference),
                            _ => self.record(level, record, place),
                        }
                    }
                    Form::Content(Content::Record(record)) => self.record(level, record, place),
                    Form::Content(Content::Unit | Content::Tuple(_)) => {}
                    Form::Enum(choice) => self.flatten_enum(level, choice, place),
                }
                self.open.pop();
            }
            Shape::Foreign(foreign) => {
                let schema = (foreign.schema)(self.generator).to_value();
                if place != Place::Maybe {
                    level.all.push(schema);
                }
            }
            // Adds no constraint.
            _ => {}
        }
    }

    /// A map of what no field before it has taken.
    fn flatten_map(&mut self, level: &mut Level, keys: &Shape, values: &Shape, rules: &[Rule], place: Place) {
        // What does not fit is left out by a reader that has a place for nothing.
        if place == Place::Maybe && !self.written {
            return;
        }
        let map = Shape::Map { keys: Box::new(keys.clone()), values: Box::new(values.clone()) };
        let schema = self.shape(&map);
        let mut schema = object(self.rules(schema, &map, rules));
        schema.remove("type");
        let taken: Vec<&String> = level.hidden.iter().chain(&level.names).collect();
        if let Some(names) = schema.remove("propertyNames") {
            let others = if taken.is_empty() { names } else { json!({"anyOf": [{"enum": taken}, names]}) };
            schema.insert("propertyNames".to_owned(), others);
        }
        level.count_beside(&mut schema);
        let taken: Object = taken.into_iter().map(|name| (name.clone(), true.into())).collect();
        level.open = true;
        level.maps.push((schema, taken));
    }

    fn flatten_enum(&mut self, level: &mut Level, choice: &Enum, place: Place) {
        let keyword = if matches!(choice.tagging, Tagging::Untagged) { "anyOf" } else { "oneOf" };
        let mut variants = Vec::new();
        for variant in choice.variants {
            let hidden = level.hidden.iter().chain(&level.names).filter(|_| !self.written).cloned().collect();
            let inner = Level { hidden, ..Level::default() };
            if let Some(schema) = self.flat_variant(inner, choice, variant) {
                variants.push(with_notes(schema, &variant.notes));
            }
        }
        for variant in &variants {
            names_in(variant, &mut level.allowed);
        }
        if matches!(choice.tagging, Tagging::External) {
            for variant in choice.variants {
                level.names.extend(self.names_of(variant).into_iter().map(str::to_owned));
            }
            level.closed |= place == Place::Tagged;
        } else {
            level.open = true;
        }
        if variants.is_empty() {
            level.impossible |= place != Place::Maybe;
            return;
        }
        let choices = match (keyword, place) {
            (_, Place::Maybe) => json!({"anyOf": [{keyword: variants}, {}]}),
            _ => json!({keyword: variants}),
        };
        level.choices.push(object(choices));
    }

    /// A variant among other fields, if it can stand there.
    fn flat_variant(&mut self, mut level: Level, choice: &Enum, variant: &Variant) -> Option<Value> {
        let mut names = self.names_of(variant).into_iter();
        let name = names.next()?;
        let aliases: Vec<&'static str> = names.collect();
        match choice.tagging {
            Tagging::External if variant.other && !self.written => {
                let known: Vec<Value> = self.other_names(choice).map(|name| json!({"required": [name]})).collect();
                return Some(json!({"type": "object", "not": {"anyOf": known}}));
            }
            Tagging::External => {
                let content = self.content(&variant.content);
                level.property(name, &aliases, &content, true);
            }
            Tagging::Internal { tag } => {
                level.tag(tag, &self.tag(choice, variant, name));
                self.beside_tag(&mut level, &variant.content, Place::Flat);
            }
            Tagging::Adjacent { tag, content } => {
                level.tag(tag, &self.tag(choice, variant, name));
                self.content_at(&mut level, content, &variant.content);
            }
            Tagging::Untagged => match &variant.content {
                Content::Record(record) => self.record(&mut level, record, Place::Flat),
                Content::Inner(field) => self.flatten(&mut level, &(field.shape)(), &field.rules(), Place::Flat),
                // No object is any of these.
                Content::Unit | Content::Tuple(_) => return None,
            },
        }
        Some(level).filter(|level| !level.impossible).map(|level| level.finish(self.written).into())
    }

    /// The names of the variants other than the one that takes what they leave.
    fn other_names(&self, choice: &Enum) -> impl Iterator<Item = &'static str> {
        let variants = choice.variants.iter().filter(|variant| !variant.other);
        variants.flat_map(|variant| self.names_of(variant)).collect::<Vec<_>>().into_iter()
    }

    fn choice(&mut self, choice: &Enum) -> Value {
        match choice.tagging {
            Tagging::External => self.external(choice),
            Tagging::Internal { tag } => self.alternatives(choice, "oneOf", |this, variant, name| {
                let mut level = Level::default();
                level.tag(tag, &this.tag(choice, variant, name));
                this.beside_tag(&mut level, &variant.content, Place::Tagged);
                level.finish(this.written).into()
            }),
            Tagging::Adjacent { tag, content } => self.alternatives(choice, "oneOf", |this, variant, name| {
                let mut level = Level { closed: choice.closed, ..Level::default() };
                level.tag(tag, &this.tag(choice, variant, name));
                this.content_at(&mut level, content, &variant.content);
                level.finish(this.written).into()
            }),
            Tagging::Untagged => self.alternatives(choice, "anyOf", |this, variant, _| this.content(&variant.content)),
        }
    }

    /// The variants that the direction has, each as `schema` says it.
    fn alternatives(
        &mut self,
        choice: &Enum,
        keyword: &str,
        mut schema: impl FnMut(&mut Self, &Variant, &'static str) -> Value,
    ) -> Value {
        let mut list = Vec::new();
        for variant in choice.variants {
            let name = if self.written { variant.written } else { variant.read };
            if let Some(name) = name {
                list.push(with_notes(schema(self, variant, name), &variant.notes));
            }
        }
        one_of(keyword, &list)
    }

    /// `"Unit"` or `{"Variant": data}`.
    fn external(&mut self, choice: &Enum) -> Value {
        let (mut units, mut list) = (Vec::new(), Vec::new());
        let mut other = false;
        for variant in choice.variants {
            let names = self.names_of(variant);
            let Some((name, aliases)) = names.split_first() else { continue };
            if variant.other && !self.written {
                other = true;
            } else if matches!(variant.content, Content::Unit) && variant.notes.is_none() {
                units.extend(names);
            } else if matches!(variant.content, Content::Unit) {
                let schema = if aliases.is_empty() {
                    json!({"type": "string", "const": name})
                } else {
                    json!({"type": "string", "enum": names})
                };
                list.push((true, with_notes(schema, &variant.notes)));
            } else {
                let content = self.content(&variant.content);
                let properties: Object = names.iter().map(|name| ((*name).to_owned(), content.clone())).collect();
                let mut schema =
                    object(json!({"type": "object", "properties": properties, "additionalProperties": false}));
                if aliases.is_empty() {
                    schema.insert("required".to_owned(), json!([name]));
                } else {
                    schema.insert("minProperties".to_owned(), 1.into());
                    schema.insert("maxProperties".to_owned(), 1.into());
                }
                list.push((false, with_notes(schema.into(), &variant.notes)));
            }
        }
        if other {
            // Whatever text stands there, it is a variant; but the name of one with data alone is none.
            let with_data = choice.variants.iter().filter(|variant| !matches!(variant.content, Content::Unit));
            let with_data: Vec<&str> = with_data.flat_map(|variant| self.names_of(variant)).collect();
            list.retain(|(is_text, _)| !is_text);
            let text = if with_data.is_empty() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "not": {"enum": with_data}})
            };
            list.insert(0, (true, text));
        } else if !units.is_empty() {
            list.insert(0, (true, json!({"type": "string", "enum": units})));
        }
        match &mut list[..] {
            [(true, only)] if other || !units.is_empty() => only.take(),
            _ => one_of("oneOf", &list.into_iter().map(|(_, schema)| schema).collect::<Vec<_>>()),
        }
    }

    fn tag(&self, choice: &Enum, variant: &Variant, name: &str) -> Value {
        if variant.other && !self.written {
            let known: Vec<&str> = self.other_names(choice).collect();
            return if known.is_empty() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "not": {"enum": known}})
            };
        }
        match &self.names_of(variant)[..] {
            names @ [_, _, ..] => json!({"type": "string", "enum": names}),
            _ => json!({"type": "string", "const": name}),
        }
    }

    /// The data of an internally tagged variant.
    fn beside_tag(&mut self, level: &mut Level, content: &Content, place: Place) {
        match content {
            Content::Record(record) => self.record(level, record, place),
            // Data that are null are nothing beside the tag, and nothing else is read as them.
            Content::Inner(field) if place == Place::Tagged && self.is_nothing(&(field.shape)()) => level.closed = true,
            Content::Inner(field) => self.flatten(level, &(field.shape)(), &field.rules(), place),
            // Beside the tag there is nothing that would be read.
            Content::Unit | Content::Tuple(_) => {}
        }
    }

    /// The values, as the direction has them: a variant is read under its other names too.
    fn spellings(&self, shape: &Shape, values: &[Value]) -> Vec<Value> {
        match shape {
            Shape::Optional(inner) | Shape::Omissible(inner) | Shape::Ruled { shape: inner, .. } => {
                self.spellings(inner, values)
            }
            Shape::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.spellings(&shape(), values),
                Form::Content(Content::Inner(field)) => self.spellings(&(field.shape)(), values),
                Form::Enum(choice) if matches!(choice.tagging, Tagging::External) => {
                    let names = |value: &Value| {
                        let variant = choice
                            .variants
                            .iter()
                            .find(|variant| value.as_str().is_some_and(|name| variant.written == Some(name)));
                        variant.map_or_else(
                            || vec![value.clone()],
                            |variant| self.names_of(variant).into_iter().map(Value::from).collect(),
                        )
                    };
                    values.iter().flat_map(names).collect()
                }
                Form::Content(_) | Form::Enum(_) => values.to_vec(),
            },
            _ => values.to_vec(),
        }
    }

    /// Whether null stands for no value, of which no rule asks anything.
    fn is_optional(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Optional(_) => true,
            Shape::Omissible(inner) | Shape::Ruled { shape: inner, .. } => self.is_optional(inner),
            Shape::Ways { written, read } => self.is_optional(if self.written { written } else { read }),
            Shape::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.is_optional(&shape()),
                Form::Content(Content::Inner(field)) => self.is_optional(&(field.shape)()),
                Form::Content(_) | Form::Enum(_) => false,
            },
            _ => false,
        }
    }

    /// Whether null is its only value.
    fn is_nothing(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Null => true,
            Shape::Named(definition) => match self.form_of(definition) {
                Form::Content(Content::Unit) => true,
                Form::Content(Content::Inner(field)) => self.is_nothing(&(field.shape)()),
                Form::As(shape) => self.is_nothing(&shape()),
                Form::Content(_) | Form::Enum(_) => false,
            },
            _ => false,
        }
    }

    /// The data of an adjacently tagged variant.
    fn content_at(&mut self, level: &mut Level, name: &'static str, content: &Content) {
        let required = match content {
            Content::Unit if self.written => return,
            Content::Unit => false,
            Content::Inner(field) => self.written || field.is_required(),
            Content::Tuple(_) | Content::Record(_) => true,
        };
        let schema = self.content(content);
        level.property(name, &[], &schema, required);
    }

    /// Says rules of a value of this shape.
    fn rules(&mut self, schema: Value, shape: &Shape, rules: &[Rule]) -> Value {
        if rules
            .iter()
            .all(|rule| matches!(rule, Rule::Required | Rule::Custom | Rule::CreditCard | Rule::MustMatch(_)))
        {
            return schema;
        }
        let kinds = self.kinds(shape, &schema);
        let mut schema = into_object(schema);
        // Of an optional value, the part for the value.
        let is_null = |form: &Value| form.get("type").is_some_and(|kind| kind == "null");
        let value = match schema.get_mut("anyOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice) {
            Some([Value::Object(value), null]) if is_null(null) => value,
            _ => &mut schema,
        };
        for rule in rules {
            self.rule(value, shape, kinds, rule);
        }
        schema.into()
    }

    fn rule(&mut self, schema: &mut Object, shape: &Shape, kinds: Kinds, rule: &Rule) {
        match rule {
            Rule::Length { min, max } => length(schema, kinds, *min, *max),
            Rule::Range(range) => bounds(schema, range),
            Rule::Format(format) => require(schema, "format", format.as_ref().into()),
            Rule::Ip { v4, v6 } => match (v4, v6) {
                (true, false) => require(schema, "format", "ipv4".into()),
                (false, true) => require(schema, "format", "ipv6".into()),
                _ => require(schema, "anyOf", json!([{"format": "ipv4"}, {"format": "ipv6"}])),
            },
            // Left out if ECMA-262 has no words for it.
            Rule::Pattern(regex) => {
                if let Some(pattern) = pattern::to_ecma(regex) {
                    require(schema, "pattern", pattern.into());
                }
            }
            Rule::Contains(needle) if kinds.object => require(schema, "required", json!([needle])),
            Rule::Contains(needle) => require(schema, "pattern", pattern::literal(needle).into()),
            // With its type, because null fits every pattern and must not be refused for it.
            Rule::DoesNotContain(needle) if kinds.object => {
                require(schema, "not", json!({"type": "object", "required": [needle]}));
            }
            Rule::DoesNotContain(needle) => {
                require(schema, "not", json!({"type": "string", "pattern": pattern::literal(needle)}));
            }
            Rule::NoControlCharacters => {
                require(schema, "pattern", r"^[^\u0000-\u001f\u007f-\u009f]*$".into());
            }
            Rule::OneOf(values) => {
                let null = (self.is_optional(shape) && !values.contains(&Value::Null)).then_some(Value::Null);
                let values: Vec<Value> = self.spellings(shape, values).into_iter().chain(null).collect();
                require(schema, "enum", values.into());
            }
            Rule::NoneOf(values) => require(schema, "not", json!({"enum": self.spellings(shape, values)})),
            Rule::Each(rules) => {
                if let Some(items) = schema.get_mut("items") {
                    let items = std::mem::replace(items, Value::Null);
                    let part = part_of(shape, |shape| match shape {
                        Shape::List { items, .. } => Some((**items).clone()),
                        _ => None,
                    });
                    let items = self.rules(items, &part, rules);
                    schema.insert("items".to_owned(), items);
                }
            }
            Rule::Keys(rules) => {
                let keys = schema.remove("propertyNames").map(object);
                let part = part_of(shape, |shape| match shape {
                    Shape::Map { keys, .. } => Some((**keys).clone()),
                    _ => None,
                });
                if let Some(keys) = self.ruled_keys(keys, &part, rules) {
                    schema.insert("propertyNames".to_owned(), keys.into());
                }
            }
            Rule::Values(rules) => {
                if let Some(values) = schema.get_mut("additionalProperties") {
                    let values = std::mem::replace(values, Value::Null);
                    let part = part_of(shape, |shape| match shape {
                        Shape::Map { values, .. } => Some((**values).clone()),
                        _ => None,
                    });
                    let values = self.rules(values, &part, rules);
                    schema.insert("additionalProperties".to_owned(), values);
                }
            }
            // Said by the field, or there are no words for it in JSON Schema.
            Rule::Required | Rule::CreditCard | Rule::MustMatch(_) | Rule::Custom => {}
        }
    }

    /// The JSON types of a value; `schema` tells where the shape is foreign.
    fn kinds(&self, shape: &Shape, schema: &Value) -> Kinds {
        match shape {
            Shape::Text(_) => Kinds { text: true, ..Kinds::default() },
            Shape::List { .. } | Shape::Tuple(_) => Kinds { list: true, ..Kinds::default() },
            Shape::Map { .. } => Kinds { object: true, ..Kinds::default() },
            Shape::Null | Shape::Any => Kinds { null: true, ..Kinds::default() },
            Shape::Optional(inner) => Kinds { null: true, ..self.kinds(inner, schema) },
            Shape::Omissible(shape) | Shape::Ruled { shape, .. } => self.kinds(shape, schema),
            Shape::Ways { written, read } => self.kinds(if self.written { written } else { read }, schema),
            Shape::Boolean | Shape::Integer(_) | Shape::Float(_) | Shape::Number => Kinds::default(),
            Shape::Foreign(_) => self.kinds_in(schema),
            Shape::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.kinds(&shape(), schema),
                Form::Content(Content::Inner(field)) => self.kinds(&(field.shape)(), schema),
                Form::Content(Content::Unit) => Kinds { null: true, ..Kinds::default() },
                Form::Content(Content::Tuple(_)) => Kinds { list: true, ..Kinds::default() },
                Form::Content(Content::Record(_)) => Kinds { object: true, ..Kinds::default() },
                Form::Enum(choice) => {
                    let text = matches!(choice.tagging, Tagging::External)
                        && choice.variants.iter().all(|variant| matches!(variant.content, Content::Unit));
                    Kinds { text, ..Kinds::default() }
                }
            },
        }
    }

    /// The JSON types that a schema of schemars' own names.
    fn kinds_in(&self, schema: &Value) -> Kinds {
        let mut schema = schema.clone();
        let mut definitions = None;
        while let Some((_, name)) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit_once('/')) {
            // References are encoded, which a pointer into a schema undoes.
            let definitions = definitions.get_or_insert_with(|| Schema::from(self.generator.definitions().clone()));
            let Some(definition) = definitions.pointer(&format!("#/{name}")).cloned() else { break };
            schema = definition;
        }
        let mut kinds = Kinds::default();
        let mut add = |kind: &Value| match kind.as_str() {
            Some("string") => kinds.text = true,
            Some("array") => kinds.list = true,
            Some("object") => kinds.object = true,
            Some("null") => kinds.null = true,
            _ => {}
        };
        match schema.get("type") {
            Some(Value::Array(list)) => list.iter().for_each(&mut add),
            Some(kind) => add(kind),
            None => {}
        }
        kinds
    }
}

/// Where a record or a choice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is all of the object.
    Alone,
    /// Only a tag stands beside it.
    Tagged,
    /// Among the fields of an outer level.
    Flat,
    /// Likewise, and what does not fit counts as nothing.
    Maybe,
}

impl Record {
    /// Whether other fields beside its own matter to it.
    fn closes(&self) -> bool {
        self.closed || self.fields.iter().any(|field| field.flat)
    }
}

/// An object while its fields are gathered.
#[derive(Default)]
struct Level {
    properties: Object,
    required: Vec<Value>,
    /// The names that fields have taken, as flattened maps see it.
    names: Vec<String>,
    /// The names that flattened enums have in their choices.
    allowed: Vec<String>,
    /// Names that fields of an outer level have taken before this one is read.
    hidden: Vec<String>,
    /// A required field can never be there.
    impossible: bool,
    /// How many of these may be there at most, and are there at least.
    counts: (u64, u64),
    /// The choices of flattened enums.
    choices: Vec<Object>,
    /// Flattened maps, with the names that are none of their keys.
    maps: Vec<(Object, Object)>,
    /// Further schemas that hold.
    all: Vec<Value>,
    /// Further keywords.
    also: Object,
    closed: bool,
    /// Names beside those taken are written.
    open: bool,
}

impl Level {
    fn tag(&mut self, tag: &'static str, schema: &Value) {
        self.property(tag, &[], schema, true);
    }

    fn property(&mut self, name: &'static str, aliases: &[&'static str], schema: &Value, required: bool) {
        // What another field has read is not there for this one.
        let is_free = |name: &&'static str| !self.hidden.iter().any(|hidden| hidden == name);
        let mut free = std::iter::once(name).chain(aliases.iter().copied()).filter(is_free);
        let Some(name) = free.next() else {
            self.impossible |= required;
            return;
        };
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
    fn count_beside(&self, map: &mut Object) {
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

    fn finish(mut self, written: bool) -> Object {
        if self.impossible {
            return object(json!({"type": "object", "not": {}}));
        }
        let mut schema = object(json!({"type": "object"}));
        // What is written by a flattened map has no place in a reader that is closed.
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
        if !self.properties.is_empty() {
            schema.insert("properties".to_owned(), self.properties.into());
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.into());
        }
        if !self.all.is_empty() {
            schema.insert("allOf".to_owned(), self.all.into());
        }
        schema.extend(self.also);
        schema
    }
}

/// The text of a value as a map's key; `None` for a float, which has several.
fn key_text(value: Value) -> Option<Value> {
    match value {
        Value::Number(number) if !number.is_f64() => Some(number.to_string().into()),
        Value::Bool(value) => Some(value.to_string().into()),
        Value::String(_) => Some(value),
        _ => None,
    }
}

/// Adds the names of the properties that an object's schema knows, also in its branches.
fn names_in(schema: &Value, names: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    names.extend(properties.into_iter().flat_map(Object::keys).cloned());
    let branches = ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| schema.get(*keyword)?.as_array());
    for branch in branches.flatten() {
        names_in(branch, names);
    }
}

fn one_of(keyword: &str, list: &[Value]) -> Value {
    if list.is_empty() { false.into() } else { json!({keyword: list}) }
}

fn tuple(schemas: Vec<Value>, least: usize) -> Value {
    let most = schemas.len();
    let mut schema = object(json!({"type": "array", "maxItems": most}));
    if most > 0 {
        schema.insert("prefixItems".to_owned(), schemas.into());
        schema.insert("minItems".to_owned(), least.into());
    }
    schema.into()
}

/// What tells such text from others.
fn text_constraints(text: &Text) -> Object {
    let mut schema = Object::new();
    match text.formats {
        [] => {}
        [format] => drop(schema.insert("format".to_owned(), (*format).into())),
        formats => {
            let formats: Vec<Value> = formats.iter().map(|format| json!({"format": format})).collect();
            schema.insert("anyOf".to_owned(), formats.into());
        }
    }
    for pattern in text.patterns {
        require(&mut schema, "pattern", (*pattern).into());
    }
    if !text.choices.is_empty() {
        schema.insert("enum".to_owned(), json!(text.choices));
    }
    if text.character {
        schema.insert("minLength".to_owned(), 1.into());
        schema.insert("maxLength".to_owned(), 1.into());
    }
    schema
}

/// Whether it is one value of one type: null is one more type for it then.
fn is_leaf(shape: &Shape) -> bool {
    match shape {
        Shape::Text(_) | Shape::Integer(_) | Shape::Float(_) | Shape::Number | Shape::Boolean => true,
        Shape::Ways { written, read } => is_leaf(written) && is_leaf(read),
        _ => false,
    }
}

/// The part of a container, within what may be around it.
fn part_of(shape: &Shape, find: fn(&Shape) -> Option<Shape>) -> Shape {
    match shape {
        Shape::Optional(inner) | Shape::Omissible(inner) | Shape::Ruled { shape: inner, .. } => part_of(inner, find),
        shape => find(shape).unwrap_or(Shape::Any),
    }
}

/// Such a value or null.
fn or_null(schema: Value, is_leaf: bool) -> Value {
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => return json!({"type": "null"}),
        any => return any,
    };
    let is_null = |form: &Value| form.get("type").is_some_and(|kind| kind == "null");
    if schema.get("anyOf").and_then(Value::as_array).is_some_and(|forms| forms.iter().any(is_null)) && schema.len() == 1
    {
        return schema.into();
    }
    let combined = ["if", "allOf", "anyOf", "oneOf", "$ref"].iter().any(|keyword| schema.contains_key(*keyword));
    if combined && !is_leaf {
        return json!({"anyOf": [schema, {"type": "null"}]});
    }
    match schema.get_mut("type") {
        Some(Value::Array(kinds)) if !kinds.contains(&"null".into()) => kinds.push("null".into()),
        Some(kind @ Value::String(_)) if *kind != "null" => *kind = json!([kind.take(), "null"]),
        _ => {}
    }
    if let Some(only) = schema.remove("const") {
        schema.insert("enum".to_owned(), json!([only, null]));
    } else if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema.into()
}

fn with_notes(schema: Value, notes: &Notes) -> Value {
    if notes.is_none() {
        return schema;
    }
    let mut schema = into_object(schema);
    for (keyword, text) in [("title", notes.title), ("description", notes.description)] {
        if !text.is_empty() {
            schema.insert(keyword.to_owned(), text.into());
        }
    }
    if notes.deprecated {
        schema.insert("deprecated".to_owned(), true.into());
    }
    if let Some(examples) = notes.examples {
        schema.insert("examples".to_owned(), examples().into());
    }
    for (keyword, value) in notes.extensions.iter().flat_map(|extensions| extensions()) {
        schema.insert(keyword.to_owned(), value);
    }
    schema.into()
}

/// The schema as an object, to which keywords can be added.
fn into_object(schema: Value) -> Object {
    match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => object(json!({"not": {}})),
        _ => Object::new(),
    }
}

/// Asks something more of a value. What the schema asks already stays: both hold then.
fn require(schema: &mut Object, keyword: &str, value: Value) {
    match schema.get(keyword) {
        None => drop(schema.insert(keyword.to_owned(), value)),
        Some(present) if *present == value => {}
        Some(_) => {
            let all = schema.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
            if let Some(all) = all.as_array_mut() {
                all.push(Value::Object(Object::from_iter([(keyword.to_owned(), value)])));
            }
        }
    }
}

/// A bound, if it is closer than the one that is there: `closer` than it.
fn tighten(schema: &mut Object, keyword: &str, value: Value, closer: Ordering) {
    let present = schema.get(keyword).and_then(|present| compare(&value, present));
    if present.is_none_or(|order| order == closer) {
        schema.insert(keyword.to_owned(), value);
    }
}

/// Compares numbers: integers are exact beyond the 53 bits of a float.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    let integer = |value: &Value| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn length(schema: &mut Object, kinds: Kinds, min: Option<u64>, max: Option<u64>) {
    for (is, min_keyword, max_keyword) in [
        (kinds.text, "minLength", "maxLength"),
        (kinds.list, "minItems", "maxItems"),
        (kinds.object, "minProperties", "maxProperties"),
    ] {
        if let Some(min) = min.filter(|_| is) {
            tighten(schema, min_keyword, min.into(), Ordering::Greater);
        }
        if let Some(max) = max.filter(|_| is) {
            tighten(schema, max_keyword, max.into(), Ordering::Less);
        }
    }
}

fn bounds(schema: &mut Object, range: &Range) {
    for (keyword, bound, closer) in [
        ("minimum", &range.min, Ordering::Greater),
        ("maximum", &range.max, Ordering::Less),
        ("exclusiveMinimum", &range.exclusive_min, Ordering::Greater),
        ("exclusiveMaximum", &range.exclusive_max, Ordering::Less),
    ] {
        // A decimal writes itself as text, and another ordered type may be no number at all.
        let bound = match bound {
            Some(Value::String(text)) => json::read(text).ok(),
            bound => bound.clone(),
        };
        if let Some(bound @ Value::Number(_)) = bound {
            tighten(schema, keyword, bound, closer);
        }
    }
}

/// A value as JSON, with each number as it is written: `to_value` would widen an `f32` 0.1 to 0.10000000149011612, and
/// `serde_json` reads floats to the nearest with `float_roundtrip` only.
pub(crate) fn decimal(value: impl Serialize) -> Option<Value> {
    json::read(&serde_json::to_string(&value).ok()?).ok()
}
