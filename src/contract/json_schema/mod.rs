//! JSON Schema 2020-12, written from the [`Shape`](super::Shape) of a type. schemars' transforms derive draft 7 from it, `openapi` the
//! schemas of OpenAPI 3.0.
//!
//! schemars' generator keeps the definitions: so types of schemars' own can stand among ours, and ours among them.

mod described;
mod enums;
mod fields;
mod keys;
mod level;
mod rules;
mod words;
mod writer;

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{
    RecursiveTransform, RemoveRefSiblings, ReplacePrefixItems, ReplaceUnevaluatedProperties, Transform,
    transform_subschemas,
};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

pub(crate) use self::described::{Described, named};
#[doc(hidden)]
pub use self::described::{is_inline, schema_of};
use super::openapi;

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

/// A document of [`json_schema`] in draft 7.
pub(super) fn to_draft07(document: &Value) -> Value {
    let mut schema = Schema::try_from(document.clone()).unwrap_or_default();
    use_draft07(&mut schema);
    refer_to_definitions(&mut schema);
    if let Some(definitions) = schema.remove("$defs") {
        schema.insert("definitions".to_owned(), definitions);
    }
    schema.insert("$schema".to_owned(), DRAFT07.into());
    schema.to_value()
}

const DRAFT07: &str = "http://json-schema.org/draft-07/schema#";

/// Replaces the keywords that draft 7 does not have.
pub(super) fn use_draft07(schema: &mut Schema) {
    ReplaceUnevaluatedProperties::default().transform(schema);
    RemoveRefSiblings::default().transform(schema);
    ReplacePrefixItems::default().transform(schema);
}

fn refer_to_definitions(schema: &mut Schema) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref")
        && let Some(name) = reference.strip_prefix("#/$defs/")
    {
        *reference = format!("#/definitions/{name}");
    }
    transform_subschemas(&mut refer_to_definitions, schema);
}

fn document<T: JsonSchema>(mut settings: SchemaSettings, contract: &Contract) -> Schema {
    settings.contract = contract.clone();
    settings.transforms.push(Box::new(RecursiveTransform(without_sizes)));
    settings.into_generator().into_root_schema_for::<T>()
}

/// Removes the formats of numbers, which belong to OpenAPI: strict validators of JSON Schema refuse unknown formats.
fn without_sizes(schema: &mut Schema) {
    let describes_numbers = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().all(|kind| kind == "integer" || kind == "number" || kind == "null"),
        Some(kind) => kind == "integer" || kind == "number",
        None => false,
    };
    if describes_numbers {
        schema.remove("format");
    }
}

/// The schemas of OpenAPI 3.0 for `T` and the types that it refers to, by name, for the document's
/// `components.schemas`. For OpenAPI 3.1 see [`openapi31`].
///
/// OpenAPI 3.0 cannot express some rules, which are left out: the order of a tuple's items, and patterns of a map's keys.
/// There the schema accepts more values, never fewer. Two types with the same name get numbers within one call: rename
/// one of them (`#[schemars(rename = "...")]`) to merge the schemas of several calls. OpenAPI allows ASCII letters,
/// digits, `.`, `-` and `_` in names.
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
    openapi::rewrite(&components::<T>(contract))
}

/// The schemas of OpenAPI 3.1 for `T` and the types that it refers to, by name, for the document's `components.schemas`.
/// They are those of [`json_schema`], where OpenAPI looks for them: nothing is left out.
///
/// Two types with the same name get numbers within one call, as for [`openapi30`].
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
/// struct Line { size: (u8, u8) }
///
/// let schemas = contract::openapi31::<Order>(&Contract::Deserialize);
/// let openapi = json!({"openapi": "3.1.1", "components": {"schemas": schemas}});
/// let order = openapi.pointer("/components/schemas/Order/properties").unwrap();
/// assert_eq!(order["note"], json!({"type": ["string", "null"]}));
/// assert_eq!(order["lines"]["items"]["$ref"], "#/components/schemas/Line");
/// let line = openapi.pointer("/components/schemas/Line/properties").unwrap();
/// assert_eq!(line["size"]["prefixItems"].as_array().unwrap().len(), 2);
/// ```
#[must_use]
pub fn openapi31<T: JsonSchema>(contract: &Contract) -> Map<String, Value> {
    components::<T>(contract)
}

/// The schemas of `T` and the types that it refers to, which refer to each other as parts of an OpenAPI document.
fn components<T: JsonSchema>(contract: &Contract) -> Map<String, Value> {
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
    schemas
}
