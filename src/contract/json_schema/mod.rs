//! JSON Schema 2020-12, written from the [`Shape`] of a type. schemars' transforms derive draft 7 from it, `openapi` the
//! schemas of OpenAPI 3.0.
//!
//! schemars' generator keeps the definitions: so types of schemars' own can stand among ours, and ours among them.

mod enums;
mod fields;
mod keys;
mod level;
mod rules;
mod words;
mod writer;

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use self::writer::Writer;
use super::shape::Kind;
use super::{openapi, parts};
use crate::load::FieldType;

/// The JSON Schema of `T` by draft 2020-12: what is read ([`Contract::Deserialize`]) or what is written
/// ([`Contract::Serialize`]). [`EventSchema::json_schema`](crate::EventSchema::json_schema) is the first of them.
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

/// The JSON Schema of `T` by draft 7, for tools that know no later one. It accepts what that of
/// [`json_schema`] accepts.
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

/// The schemas of OpenAPI 3.0 for `T` and the types that it refers to, by their names, for the document's
/// `components.schemas`. (OpenAPI 3.1 takes that of [`json_schema`] as it is.)
///
/// Some rules have no words in OpenAPI 3.0 and are left out: the order of a tuple's items, and patterns of a map's keys.
/// The schema accepts more there, never less. Two types of one name get numbers within one call: give one of them
/// another name (`#[schemars(rename = "...")]`) to merge the schemas of several calls. OpenAPI wants names of ASCII
/// letters, digits, `.`, `-` and `_`.
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
    let shape = T::shape();
    let schema = match shape.kind() {
        Kind::Named(definition) => writer.definition(definition),
        Kind::Foreign(foreign) => (foreign.whole)(writer.generator).to_value(),
        _ => writer.shape(&shape),
    };
    to_schema(schema)
}

/// Whether the schema of `T` is written out where it is used.
#[doc(hidden)]
#[must_use]
pub fn is_inline<T: FieldType>() -> bool {
    match T::shape().kind() {
        Kind::Named(definition) => definition.inline && !parts::holds_itself(definition),
        Kind::Foreign(_) => false,
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
