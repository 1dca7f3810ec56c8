//! An Avro schema as a list of types that refer to each other by index: [`Schema`].

use std::collections::HashMap;

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
        Ok(Self { types })
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
                        let symbols = symbols.iter().filter_map(Value::as_str).collect();
                        Kind::Enum { name, symbols, has_default: attributes.contains_key("default") }
                    }
                    _ => {
                        let fields = inner("fields")?.as_array().ok_or_else(|| missing("fields"))?;
                        let fields = fields.iter().map(|field| self.read_field(field, &namespace, path, depth));
                        Kind::Record { name, fields: fields.collect::<Result<_, _>>()? }
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

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn primitive(name: &str) -> Option<Primitive> {
    Some(match name {
        "null" => Primitive::Null,
        "boolean" => Primitive::Boolean,
        "int" => Primitive::Int,
        "long" => Primitive::Long,
        "float" => Primitive::Float,
        "double" => Primitive::Double,
        "bytes" => Primitive::Bytes,
        "string" => Primitive::String,
        _ => return None,
    })
}
