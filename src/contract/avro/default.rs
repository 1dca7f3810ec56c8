//! Defaults: from their JSON to the form that Avro has for them.

use serde_json::{Map, Value};

use super::writer::Writer;
use crate::logical::civil::{self, Unit};
use crate::logical::decimal::unscaled;

impl Writer {
    /// The default in Avro's form. Of a union, its branch comes first then.
    pub(super) fn with_default(&mut self, schema: &mut Value, json: &Value) -> Option<Value> {
        let found = match &mut *schema {
            Value::Array(branches) => self
                .branch(branches, json)
                .filter(|(index, _)| can_be_first(branches, *index))
                .map(|(index, default)| {
                    branches[..=index].rotate_right(1);
                    default
                }),
            schema => self.convert(schema, json),
        };
        // A type that is a fault has no default either.
        if found.is_none() && !schema.is_null() {
            self.fault(
                "the default cannot be expressed in Avro",
                "leave its value out of contracts: `#[event(default = \"computed\")]`",
            );
        }
        found
    }

    /// The default as a value of the schema.
    fn convert(&self, schema: &Value, json: &Value) -> Option<Value> {
        match schema {
            // Within a default the first branch is the only one that Avro 1.11 knows.
            Value::Array(branches) => {
                self.branch(branches, json).filter(|(index, _)| *index == 0).map(|(_, default)| default)
            }
            Value::String(name) => match name.as_str() {
                "null" => json.is_null().then_some(Value::Null),
                "boolean" => json.as_bool().map(Value::from),
                "int" => json.as_i64().filter(|number| i32::try_from(*number).is_ok()).map(Value::from),
                "long" => json.as_i64().map(Value::from),
                "float" | "double" => json.is_number().then(|| json.clone()),
                "string" => json.as_str().map(Value::from),
                "bytes" => {
                    let bytes = json.as_array()?.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
                    Some(latin1(bytes.collect::<Option<Vec<u8>>>()?))
                }
                name => self.convert(self.schemas.get(name)?, json),
            },
            Value::Object(schema) => self.convert_object(schema, json),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    fn convert_object(&self, schema: &Map<String, Value>, json: &Value) -> Option<Value> {
        let logical = schema.get("logicalType").and_then(Value::as_str);
        match (schema.get("type")?.as_str()?, logical) {
            ("string", _) => json.as_str().map(Value::from),
            ("bytes", Some("decimal")) => {
                let scale = usize::try_from(schema.get("scale")?.as_u64()?).ok()?;
                let precision = usize::try_from(schema.get("precision")?.as_u64()?).ok()?;
                let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
                Some(latin1(unscaled(&text, precision, scale)?))
            }
            ("fixed", Some("uuid")) => {
                let digits: String = json.as_str()?.chars().filter(|c| *c != '-').collect();
                let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
                Some(latin1(number.to_be_bytes()))
            }
            ("array", _) => {
                let items = schema.get("items")?;
                json.as_array()?.iter().map(|item| self.convert(items, item)).collect()
            }
            ("map", _) => {
                let values = schema.get("values")?;
                let entries = json.as_object()?.iter();
                let entries: Option<Map<_, _>> =
                    entries.map(|(key, value)| Some((key.clone(), self.convert(values, value)?))).collect();
                entries.map(Value::Object)
            }
            ("enum", _) => {
                let name = json.as_str()?;
                let originals = schema.get("altsymbols").and_then(|symbols| symbols["json"].as_object());
                let renamed = originals.and_then(|map| map.iter().find(|(_, original)| *original == name));
                if let Some((symbol, _)) = renamed {
                    return Some(symbol.as_str().into());
                }
                schema.get("symbols")?.as_array()?.iter().find(|symbol| *symbol == name).cloned()
            }
            ("record", _) => self.record_default(schema, json),
            ("int" | "long", Some(logical)) => time(logical, json.as_str()?).map(Value::from),
            // A duration, whose default apache-avro refuses.
            _ => None,
        }
    }

    fn record_default(&self, schema: &Map<String, Value>, json: &Value) -> Option<Value> {
        let fields = schema.get("fields")?.as_array()?;
        let (mut default, mut known) = (Map::new(), 0);
        for (index, field) in fields.iter().enumerate() {
            let name = field["name"].as_str()?;
            let found = match json {
                Value::Array(items) => items.get(index),
                json => json.as_object()?.get(original(field).unwrap_or(name)),
            };
            let value = match found {
                Some(found) => {
                    known += 1;
                    self.convert(&field["type"], found)?
                }
                None => field.get("default")?.clone(),
            };
            default.insert(name.to_owned(), value);
        }
        // Any other key is a tag, or belongs to another type.
        let all = json.as_object().map(Map::len).or_else(|| json.as_array().map(Vec::len))?;
        (all == known).then_some(Value::Object(default))
    }

    /// The branch of a union that the default is of, and its form there.
    fn branch(&self, branches: &[Value], json: &Value) -> Option<(usize, Value)> {
        let mut all = branches.iter().enumerate();
        all.find_map(|(index, branch)| Some((index, self.variant_default(branch, json)?))).or_else(|| {
            let mut all = branches.iter().enumerate();
            all.find_map(|(index, branch)| Some((index, self.convert(branch, json)?)))
        })
    }

    /// The data of an externally tagged variant, if the branch is its record.
    fn variant_default(&self, branch: &Value, json: &Value) -> Option<Value> {
        let record = branch.as_str().map_or(Some(branch), |name| self.schemas.get(name))?;
        let (variant, record) = (original(record)?, record.as_object()?);
        let fields = record.get("fields")?.as_array()?;
        match json {
            Value::String(name) if name == variant && fields.is_empty() => Some(Value::Object(Map::new())),
            Value::Object(object) if object.len() == 1 => {
                let data = object.get(variant)?;
                match &fields[..] {
                    [only] if only["name"] == "value" && original(only).is_none() => {
                        let value = self.convert(&only["type"], data)?;
                        Some(Value::Object(Map::from_iter([("value".to_owned(), value)])))
                    }
                    _ => self.record_default(record, data),
                }
            }
            _ => None,
        }
    }
}

/// The name in JSON of a field or a type, if it differs.
fn original(described: &Value) -> Option<&str> {
    described.get("altnames")?.get("json")?.as_str()
}

/// Whether no type is defined before a branch and used in it.
fn can_be_first(branches: &[Value], index: usize) -> bool {
    let (before, branch) = (&branches[..index], &branches[index]);
    let mut defined = Vec::new();
    for branch in before {
        names_in(branch, &mut defined);
    }
    !refers_to(branch, &defined)
}

fn names_in<'s>(schema: &'s Value, names: &mut Vec<&'s str>) {
    match schema {
        Value::Object(schema) => {
            let kind = schema.get("type").and_then(Value::as_str);
            if matches!(kind, Some("record" | "enum" | "fixed")) {
                names.extend(schema.get("name").and_then(Value::as_str));
            }
            schema.values().for_each(|value| names_in(value, names));
        }
        Value::Array(list) => list.iter().for_each(|value| names_in(value, names)),
        _ => {}
    }
}

fn refers_to(schema: &Value, names: &[&str]) -> bool {
    let of_type = |schema: &Value| refers_to(schema, names);
    match schema {
        Value::String(name) => names.contains(&name.rsplit('.').next().unwrap_or_default()),
        Value::Array(branches) => branches.iter().any(of_type),
        Value::Object(schema) => {
            let fields = schema.get("fields").and_then(Value::as_array).into_iter().flatten();
            let types = fields.filter_map(|field| field.get("type"));
            ["type", "items", "values"].iter().filter_map(|part| schema.get(*part)).chain(types).any(of_type)
        }
        _ => false,
    }
}

/// The number of a date or time.
fn time(logical: &str, text: &str) -> Option<i64> {
    if logical == "date" {
        return civil::read_date(text);
    }
    let (kind, unit) = logical.rsplit_once('-')?;
    let unit = match unit {
        "millis" => Unit::Millis,
        "micros" => Unit::Micros,
        _ => Unit::Nanos,
    };
    match kind {
        "time" => civil::read_time(text, unit),
        "timestamp" => civil::read_instant(text, unit),
        _ => civil::read_datetime(text, unit),
    }
}

/// Bytes as Avro writes them in a default: the characters of these numbers.
fn latin1(bytes: impl IntoIterator<Item = u8>) -> Value {
    bytes.into_iter().map(char::from).collect::<String>().into()
}
