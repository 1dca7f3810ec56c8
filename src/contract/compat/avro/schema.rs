//! An Avro schema as a list of types that refer to each other by index: [`Schema`].

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::contract::compat::keyword::token;
use crate::contract::compat::schema_error::SchemaError;

/// How deep the types of a document may be nested.
const MAX_DEPTH: usize = 256;

pub(super) type TypeId = usize;

/// A schema; its first type is the whole.
pub(super) struct Schema<'a> {
    types: Vec<Type<'a>>,
}

pub(super) struct Type<'a> {
    pub(super) value: &'a Value,
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
        let mut parser = Parser { types: Vec::new(), names: HashMap::new() };
        parser.read(root, "", "#", 0)?;
        for at in 0..parser.types.len() {
            if let Kind::Named(name) = &parser.types[at].kind
                && !parser.names.contains_key(name)
            {
                return Err(SchemaError::new("#", format!("the type {name:?} is not defined in the document")));
            }
        }
        let Parser { mut types, names } = parser;
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
        schema.check()?;
        Ok(schema)
    }

    /// Refuses what no parser of Avro takes, although the names are known and the attributes there: a union of two branches
    /// that data does not tell apart, and a default of another type than its field.
    fn check(&self) -> Result<(), SchemaError> {
        for Type { kind, .. } in &self.types {
            match kind {
                Kind::Union(branches) => {
                    let mut seen = HashSet::new();
                    if let Some(twice) =
                        branches.iter().map(|branch| self.branch_name(*branch)).find(|name| !seen.insert(*name))
                    {
                        return Err(SchemaError::new("#", format!("a union has the branch {twice:?} twice")));
                    }
                }
                Kind::Record { name, fields } => {
                    let is_wrong = |field: &&Field<'_>| {
                        field.value.get("default").is_some_and(|default| !self.is_of(field.schema, default))
                    };
                    if let Some(field) = fields.iter().find(is_wrong) {
                        let reason = format!(
                            "the default of field {:?} of {:?} is not of the field's type",
                            field.name, name.full
                        );
                        return Err(SchemaError::new("#", reason));
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

struct Parser<'a> {
    types: Vec<Type<'a>>,
    names: HashMap<String, TypeId>,
}

impl<'a> Parser<'a> {
    fn read(&mut self, value: &'a Value, namespace: &str, path: &str, depth: usize) -> Result<TypeId, SchemaError> {
        let wrong = |reason: String| Err(SchemaError::new(path, reason));
        if depth > MAX_DEPTH {
            return wrong(format!("types are nested deeper than {MAX_DEPTH} levels"));
        }
        let at = self.types.len();
        match value {
            Value::String(name) => {
                let kind = match primitive(name) {
                    Some(primitive) => Kind::Primitive(primitive),
                    None => Kind::Named(full_name(name, namespace)),
                };
                self.types.push(Type { value, kind });
            }
            Value::Array(branches) => {
                self.types.push(Type { value, kind: Kind::Union(Vec::new()) });
                let mut ids = Vec::with_capacity(branches.len());
                for (branch_at, branch) in branches.iter().enumerate() {
                    if branch.is_array() {
                        return wrong("a union directly contains another union".to_owned());
                    }
                    ids.push(self.read(branch, namespace, &format!("{path}/{branch_at}"), depth + 1)?);
                }
                self.types[at].kind = Kind::Union(ids);
            }
            Value::Object(attributes) => return self.read_object(value, attributes, namespace, path, depth),
            _ => return wrong("an Avro schema is a name, an object or a list of schemas".to_owned()),
        }
        Ok(at)
    }

    fn read_object(
        &mut self,
        value: &'a Value,
        attributes: &'a Map<String, Value>,
        namespace: &str,
        path: &str,
        depth: usize,
    ) -> Result<TypeId, SchemaError> {
        let at = self.types.len();
        let missing = |attribute: &str| SchemaError::new(path, format!("`{attribute}` is missing or has a wrong type"));
        let inner = |attribute: &str| attributes.get(attribute).ok_or_else(|| missing(attribute));
        let kind = match inner("type")? {
            Value::String(kind) => kind.as_str(),
            nested => return self.read(nested, namespace, &format!("{path}/type"), depth + 1),
        };
        let placeholder = Type { value, kind: Kind::Primitive(Primitive::Null) };
        let kind = match kind {
            "array" | "map" => {
                let attribute = if kind == "array" { "items" } else { "values" };
                self.types.push(placeholder);
                let schema = self.read(inner(attribute)?, namespace, &format!("{path}/{attribute}"), depth + 1)?;
                if kind == "array" { Kind::Array(schema) } else { Kind::Map(schema) }
            }
            "fixed" | "enum" | "record" | "error" => {
                let text = inner("name")?.as_str().ok_or_else(|| missing("name"))?;
                let namespace = attributes.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
                let name = name_of(attributes, text, namespace);
                if !name.full.split('.').all(is_name) {
                    return Err(SchemaError::new(path, format!("{:?} {NO_NAME}", name.full)));
                }
                // The types inside are named in the namespace of this one.
                let namespace = name.full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
                if self.names.insert(name.full.clone(), at).is_some() {
                    return Err(SchemaError::new(path, format!("two types have the name {:?}", name.full)));
                }
                self.types.push(placeholder);
                match kind {
                    "fixed" => Kind::Fixed { name, size: inner("size")?.as_u64().ok_or_else(|| missing("size"))? },
                    "enum" => {
                        let symbols = inner("symbols")?.as_array().ok_or_else(|| missing("symbols"))?;
                        let symbols: Option<Vec<&str>> = symbols.iter().map(Value::as_str).collect();
                        let symbols = symbols.ok_or_else(|| missing("symbols"))?;
                        distinct(&symbols, "symbol").map_err(|reason| SchemaError::new(path, reason))?;
                        let default = attributes.get("default");
                        if let Some(default) = default
                            && !default.as_str().is_some_and(|default| symbols.contains(&default))
                        {
                            return Err(SchemaError::new(
                                path,
                                format!("the default {default} is not one of the symbols"),
                            ));
                        }
                        Kind::Enum { name, symbols, has_default: default.is_some() }
                    }
                    _ => {
                        let fields = inner("fields")?.as_array().ok_or_else(|| missing("fields"))?;
                        let fields = fields.iter().map(|field| self.read_field(field, &namespace, path, depth));
                        let fields = fields.collect::<Result<Vec<_>, _>>()?;
                        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                        distinct(&names, "field").map_err(|reason| SchemaError::new(path, reason))?;
                        Kind::Record { name, fields }
                    }
                }
            }
            name => {
                self.types.push(placeholder);
                primitive(name).map_or_else(|| Kind::Named(full_name(name, namespace)), Kind::Primitive)
            }
        };
        self.types[at].kind = kind;
        Ok(at)
    }

    fn read_field(
        &mut self,
        value: &'a Value,
        namespace: &str,
        path: &str,
        depth: usize,
    ) -> Result<Field<'a>, SchemaError> {
        let Some(name) = value.get("name").and_then(Value::as_str) else {
            return Err(SchemaError::new(format!("{path}/fields"), "a field has no name"));
        };
        let path = format!("{path}/fields{}", token(name));
        let Some(schema) = value.get("type") else {
            return Err(SchemaError::new(path, "the field has no type"));
        };
        Ok(Field {
            name,
            aliases: texts(value.get("aliases")).collect(),
            schema: self.read(schema, namespace, &path, depth + 1)?,
            has_default: value.get("default").is_some(),
            value,
        })
    }
}

fn name_of<'a>(attributes: &'a Map<String, Value>, name: &'a str, namespace: &str) -> Name<'a> {
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
