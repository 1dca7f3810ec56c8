//! An Avro schema as a list of types that refer to each other by index: [`Schema`].

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::contract::compat::keyword::token;
use crate::contract::compat::schema_error::SchemaError;

/// How deep the types of a document may be nested.
const MAX_DEPTH: usize = 256;

pub(super) type TypeId = usize;
type PlaceId = usize;

/// A schema; its first type is the whole.
pub(super) struct Schema<'a> {
    types: Vec<Type<'a>>,
}

pub(super) struct Type<'a> {
    pub(super) value: &'a Value,
    place: PlaceId,
    pub(super) kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Primitive(Primitive),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Fixed {
        name: Name<'a>,
        size: u64,
    },
    Enum {
        name: Name<'a>,
        symbols: Vec<&'a str>,
        has_default: bool,
    },
    Record {
        name: Name<'a>,
        fields: Vec<Field<'a>>,
    },
    /// A type that is defined elsewhere in the document, by its full name.
    Named(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    const ALL: [Self; 8] =
        [Self::Null, Self::Boolean, Self::Int, Self::Long, Self::Float, Self::Double, Self::Bytes, Self::String];

    const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }

    /// Whether a value is one of the type in JSON.
    fn has(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Int => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Long => value.as_i64().is_some(),
            Self::Float | Self::Double => value.is_number(),
            Self::Bytes | Self::String => value.is_string(),
        }
    }
}

pub(super) struct Name<'a> {
    /// Without its namespace.
    simple: &'a str,
    full: String,
    aliases: Vec<String>,
}

impl Name<'_> {
    /// Whether a reader's type of this name reads one of the writer's: namespaces do not count, unless in an alias.
    pub(super) fn reads(&self, writer: &Self) -> bool {
        self.simple == writer.simple || self.aliases.contains(&writer.full)
    }
}

pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) aliases: Vec<&'a str>,
    pub(super) schema: TypeId,
    pub(super) has_default: bool,
    pub(super) value: &'a Value,
}

impl<'a> Schema<'a> {
    pub(super) fn new(root: &'a Value) -> Result<Self, SchemaError> {
        let mut parser = Parser { places: Vec::new(), types: Vec::new(), names: HashMap::new() };
        let place = parser.place(None, Step::Root);
        parser.read(root, "", place, 0)?;
        let Parser { places, mut types, names } = parser;
        for Type { kind, place, .. } in &types {
            if let Kind::Named(name) = kind
                && !names.contains_key(name)
            {
                return Err(error(&places, *place, format!("the type {name:?} is not defined in the document")));
            }
        }
        // Each reference becomes that to which it refers.
        let target = |at: TypeId, types: &[Type<'_>]| match &types[at].kind {
            Kind::Named(name) => names[name],
            _ => at,
        };
        for at in 0..types.len() {
            let moved = match &types[at].kind {
                Kind::Array(items) => Some(Kind::Array(target(*items, &types))),
                Kind::Map(values) => Some(Kind::Map(target(*values, &types))),
                Kind::Union(branches) => {
                    Some(Kind::Union(branches.iter().map(|branch| target(*branch, &types)).collect()))
                }
                _ => None,
            };
            if let Some(kind) = moved {
                types[at].kind = kind;
            }
            let schemas: Vec<TypeId> = match &types[at].kind {
                Kind::Record { fields, .. } => fields.iter().map(|field| target(field.schema, &types)).collect(),
                _ => Vec::new(),
            };
            if let Kind::Record { fields, .. } = &mut types[at].kind {
                fields.iter_mut().zip(schemas).for_each(|(field, schema)| field.schema = schema);
            }
        }
        let schema = Self { types };
        schema.check(&places)?;
        Ok(schema)
    }

    /// Refuses what no parser of Avro takes, although the names are known and the attributes there: a union of two branches
    /// that data does not tell apart, and a default of another type than its field.
    fn check(&self, places: &[Place<'a>]) -> Result<(), SchemaError> {
        for Type { kind, place, .. } in &self.types {
            match kind {
                Kind::Union(branches) => {
                    let mut seen = HashSet::new();
                    let mut names = branches.iter().map(|branch| self.branch_name(*branch));
                    if let Some(twice) = names.find(|name| !seen.insert(*name)) {
                        return Err(error(places, *place, format!("a union has the branch {twice:?} twice")));
                    }
                }
                Kind::Record { fields, .. } => {
                    let is_wrong = |field: &&Field<'_>| {
                        field.value.get("default").is_some_and(|default| !self.is_of(field.schema, default))
                    };
                    if let Some(field) = fields.iter().find(is_wrong) {
                        let path = format!("{}/fields{}", path(places, *place), token(field.name));
                        return Err(SchemaError::new(path, "the default is not of the field's type"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn branch_name(&self, at: TypeId) -> &str {
        match &self.types[at].kind {
            Kind::Primitive(primitive) => primitive.name(),
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Fixed { name, .. } | Kind::Enum { name, .. } | Kind::Record { name, .. } => &name.full,
            Kind::Named(name) => name,
        }
    }

    /// Whether a value is the default of a type in JSON. As in Apache Avro since 1.12, that of a union is of any branch, and
    /// bytes are any text.
    fn is_of(&self, at: TypeId, value: &Value) -> bool {
        match &self.types[at].kind {
            Kind::Primitive(primitive) => primitive.has(value),
            Kind::Array(items) => value.as_array().is_some_and(|list| list.iter().all(|item| self.is_of(*items, item))),
            Kind::Map(values) => {
                value.as_object().is_some_and(|map| map.values().all(|value| self.is_of(*values, value)))
            }
            Kind::Union(branches) => branches.iter().any(|branch| self.is_of(*branch, value)),
            Kind::Fixed { .. } | Kind::Enum { .. } => value.is_string(),
            Kind::Record { fields, .. } => value.as_object().is_some_and(|given| {
                fields.iter().all(|field| match given.get(field.name) {
                    Some(value) => self.is_of(field.schema, value),
                    None => field.has_default,
                })
            }),
            // All are resolved.
            Kind::Named(_) => true,
        }
    }

    pub(super) fn get(&self, at: TypeId) -> &Type<'a> {
        &self.types[at]
    }
}

/// A place in the document: the step from the place around it.
struct Place<'a> {
    around: Option<PlaceId>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Attribute(&'static str),
    Branch(usize),
    Field(&'a str),
}

/// The JSON Pointer of a place, behind `#`.
fn path(places: &[Place<'_>], mut at: PlaceId) -> String {
    let mut steps = Vec::new();
    while let Some(around) = places[at].around {
        steps.push(places[at].step);
        at = around;
    }
    let step = |step: &Step<'_>| match step {
        Step::Root => String::new(),
        Step::Attribute(name) => format!("/{name}"),
        Step::Branch(at) => format!("/{at}"),
        Step::Field(name) => format!("/fields{}", token(name)),
    };
    std::iter::once("#".to_owned()).chain(steps.iter().rev().map(step)).collect()
}

fn error(places: &[Place<'_>], at: PlaceId, reason: impl Into<String>) -> SchemaError {
    SchemaError::new(path(places, at), reason)
}

struct Parser<'a> {
    places: Vec<Place<'a>>,
    types: Vec<Type<'a>>,
    names: HashMap<String, TypeId>,
}

/// The attributes of a type.
#[derive(Clone, Copy)]
struct Attributes<'a> {
    value: &'a Value,
    place: PlaceId,
}

impl<'a> Parser<'a> {
    fn place(&mut self, around: Option<PlaceId>, step: Step<'a>) -> PlaceId {
        self.places.push(Place { around, step });
        self.places.len() - 1
    }

    fn error(&self, place: PlaceId, reason: impl Into<String>) -> SchemaError {
        error(&self.places, place, reason)
    }

    /// An attribute of a kind.
    fn attribute<T>(
        &self,
        of: Attributes<'a>,
        name: &str,
        kind: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, SchemaError> {
        let missing = || self.error(of.place, format!("`{name}` is missing or has a wrong type"));
        of.value.get(name).and_then(kind).ok_or_else(missing)
    }

    fn add(&mut self, value: &'a Value, place: PlaceId, kind: Kind<'a>) -> TypeId {
        self.types.push(Type { value, place, kind });
        self.types.len() - 1
    }

    fn read(&mut self, value: &'a Value, namespace: &str, place: PlaceId, depth: usize) -> Result<TypeId, SchemaError> {
        if depth > MAX_DEPTH {
            return Err(self.error(place, format!("types are nested deeper than {MAX_DEPTH} levels")));
        }
        match value {
            Value::String(name) => Ok(self.add(value, place, simple(name, namespace))),
            Value::Array(branches) => self.read_union(value, branches, namespace, place, depth),
            Value::Object(_) => self.read_object(Attributes { value, place }, namespace, depth),
            _ => Err(self.error(place, "an Avro schema is a name, an object or a list of schemas")),
        }
    }

    fn read_union(
        &mut self,
        value: &'a Value,
        branches: &'a [Value],
        namespace: &str,
        place: PlaceId,
        depth: usize,
    ) -> Result<TypeId, SchemaError> {
        let at = self.add(value, place, Kind::Union(Vec::new()));
        let mut ids = Vec::with_capacity(branches.len());
        for (branch_at, branch) in branches.iter().enumerate() {
            if branch.is_array() {
                return Err(self.error(place, "a union directly contains another union"));
            }
            let inner = self.place(Some(place), Step::Branch(branch_at));
            ids.push(self.read(branch, namespace, inner, depth + 1)?);
        }
        self.types[at].kind = Kind::Union(ids);
        Ok(at)
    }

    fn read_object(&mut self, of: Attributes<'a>, namespace: &str, depth: usize) -> Result<TypeId, SchemaError> {
        match self.attribute(of, "type", Some)? {
            Value::String(kind) => match kind.as_str() {
                "array" => self.read_inner(of, "items", Kind::Array, namespace, depth),
                "map" => self.read_inner(of, "values", Kind::Map, namespace, depth),
                "fixed" | "enum" | "record" | "error" => self.read_named(of, kind, namespace, depth),
                name => Ok(self.add(of.value, of.place, simple(name, namespace))),
            },
            nested => {
                let place = self.place(Some(of.place), Step::Attribute("type"));
                self.read(nested, namespace, place, depth + 1)
            }
        }
    }

    /// An array or a map.
    fn read_inner(
        &mut self,
        of: Attributes<'a>,
        attribute: &'static str,
        kind: fn(TypeId) -> Kind<'a>,
        namespace: &str,
        depth: usize,
    ) -> Result<TypeId, SchemaError> {
        let at = self.add(of.value, of.place, Kind::Primitive(Primitive::Null));
        let inner = self.attribute(of, attribute, Some)?;
        let place = self.place(Some(of.place), Step::Attribute(attribute));
        self.types[at].kind = kind(self.read(inner, namespace, place, depth + 1)?);
        Ok(at)
    }

    fn read_named(
        &mut self,
        of: Attributes<'a>,
        kind: &str,
        namespace: &str,
        depth: usize,
    ) -> Result<TypeId, SchemaError> {
        let name = self.read_name(of, namespace)?;
        // It may be used inside.
        let at = self.add(of.value, of.place, Kind::Primitive(Primitive::Null));
        if self.names.insert(name.full.clone(), at).is_some() {
            return Err(self.error(of.place, format!("two types have the name {:?}", name.full)));
        }
        self.types[at].kind = match kind {
            "fixed" => Kind::Fixed { name, size: self.attribute(of, "size", Value::as_u64)? },
            "enum" => self.read_enum(of, name)?,
            _ => self.read_record(of, name, depth)?,
        };
        Ok(at)
    }

    fn read_name(&self, of: Attributes<'a>, namespace: &str) -> Result<Name<'a>, SchemaError> {
        let text = self.attribute(of, "name", Value::as_str)?;
        let namespace = of.value.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let name = name_of(of.value, text, namespace);
        if !name.full.split('.').all(is_name) {
            return Err(self.error(of.place, format!("{:?} {NO_NAME}", name.full)));
        }
        Ok(name)
    }

    fn read_enum(&self, of: Attributes<'a>, name: Name<'a>) -> Result<Kind<'a>, SchemaError> {
        let texts = |symbols: &'a Value| symbols.as_array()?.iter().map(Value::as_str).collect();
        let symbols: Vec<&str> = self.attribute(of, "symbols", texts)?;
        distinct(&symbols, "symbol").map_err(|reason| self.error(of.place, reason))?;
        let default = of.value.get("default");
        if let Some(default) = default
            && !default.as_str().is_some_and(|default| symbols.contains(&default))
        {
            return Err(self.error(of.place, format!("the default {default} is not one of the symbols")));
        }
        Ok(Kind::Enum { name, symbols, has_default: default.is_some() })
    }

    fn read_record(&mut self, of: Attributes<'a>, name: Name<'a>, depth: usize) -> Result<Kind<'a>, SchemaError> {
        // The types inside are named in the namespace of this one.
        let namespace = name.full.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let mut fields: Vec<Field<'a>> = Vec::new();
        for field in self.attribute(of, "fields", Value::as_array)? {
            fields.push(self.read_field(field, namespace, of.place, depth)?);
        }
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        distinct(&names, "field").map_err(|reason| self.error(of.place, reason))?;
        Ok(Kind::Record { name, fields })
    }

    fn read_field(
        &mut self,
        value: &'a Value,
        namespace: &str,
        record: PlaceId,
        depth: usize,
    ) -> Result<Field<'a>, SchemaError> {
        let Some(name) = value.get("name").and_then(Value::as_str) else {
            let place = self.place(Some(record), Step::Attribute("fields"));
            return Err(self.error(place, "a field has no name"));
        };
        let place = self.place(Some(record), Step::Field(name));
        let Some(schema) = value.get("type") else {
            return Err(self.error(place, "the field has no type"));
        };
        Ok(Field {
            name,
            aliases: texts(value.get("aliases")).collect(),
            schema: self.read(schema, namespace, place, depth + 1)?,
            has_default: value.get("default").is_some(),
            value,
        })
    }
}

/// A primitive type, or one that is defined elsewhere.
fn simple<'a>(name: &str, namespace: &str) -> Kind<'a> {
    primitive(name).map_or_else(|| Kind::Named(full_name(name, namespace)), Kind::Primitive)
}

fn name_of<'a>(attributes: &'a Value, name: &'a str, namespace: &str) -> Name<'a> {
    let full = full_name(name, namespace);
    let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    Name {
        simple: name.rsplit('.').next().unwrap_or(name),
        aliases: texts(attributes.get("aliases")).map(|alias| full_name(alias, namespace)).collect(),
        full,
    }
}

const NO_NAME: &str = "is not a valid name: use letters, digits and `_`, not starting with a digit";

/// Whether a text is a name in Avro. As in Apache Avro since 1.12, letters are those of all languages.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Refuses texts that are no names, and names that stand twice among those of a type.
fn distinct(names: &[&str], kind: &str) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !is_name(name) {
            return Err(format!("the {kind} {name:?} {NO_NAME}"));
        }
        if !seen.insert(name) {
            return Err(format!("the {kind} {name:?} is listed twice"));
        }
    }
    Ok(())
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn primitive(name: &str) -> Option<Primitive> {
    Primitive::ALL.into_iter().find(|primitive| primitive.name() == name)
}
