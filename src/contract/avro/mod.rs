//! The Avro schema of an event, written from its [`Shape`](super::Shape).

mod choice;
mod default;
mod error;
mod leaf;
pub(crate) mod name;
mod record;
mod writer;

use serde_json::Value;

pub use self::error::{AvroFault, AvroSchemaError};
use self::name::pascal_case;
use self::writer::Writer;
use crate::contract::shape::Shape;
use crate::event::{EventSchema, Generated};

/// The Avro schema of what `E` writes, with the defaults and aliases that readers need.
///
/// # Names
///
/// The record of an event is named after the event, in Pascal case: `order.requested` is `OrderRequested`. Nested types
/// keep their names in contracts. In the names of fields and symbols, `_` replaces each character that Avro does not
/// allow: `order-id` is `order_id`. The original stands beside it, as Avrotize's `altnames` and `altsymbols`, for
/// programs that convert between Avro and JSON. `#[event(avro(name = "..."))]` sets the Avro name of a type, a field or
/// a variant, `#[event(avro(namespace = "..."))]` the namespace of an event and of the types in it.
///
/// # Renamed types
///
/// A renamed event, or a renamed nested type, is another type to Avro. Java's readers refuse the data of the earlier one, and
/// so does the compatibility check of a registry, unless the new schema has the earlier name among the type's `aliases`.
/// `#[event(avro(alias = "..."))]` on the type adds one: a name, or a full name if the namespace was another. It can be
/// repeated. The records of an enum's variants get aliases from those of the enum. Aliases are the reader's: programs that
/// still have the earlier schema cannot read the new data, so their schemas are replaced first. A [`DatumReader`] compares
/// no names but those of records in a union, where it accepts aliases, too. The aliases of a field or a variant are those of
/// `#[serde(alias = "...")]`.
///
/// ```
/// use event_schema::contract::{avro_schema, compat};
/// use event_schema::serde_json::json;
///
/// /// Its name was `order.placed`.
/// #[event_schema::event(name = "order.created", avro(namespace = "com.example", alias = "OrderPlaced"))]
/// struct OrderCreated { order_id: i64 }
///
/// let earlier = json!({
///     "type": "record",
///     "name": "OrderPlaced",
///     "namespace": "com.example",
///     "fields": [{"name": "order_id", "type": "long"}],
/// });
/// let today = avro_schema::<OrderCreated>()?;
/// assert_eq!(today["aliases"], json!(["OrderPlaced"]));
/// let report = compat::avro::check(&earlier, &today, compat::Compatibility::Backward)?;
/// assert!(report.is_compatible());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`DatumReader`]: crate::avro::DatumReader
///
/// # Types
///
/// | type | Avro | with `#[event(avro(...))]` on the field |
/// |---|---|---|
/// | integers up to 32 bits, `u32` and `i64` | `int`, `long` | |
/// | `u64`, `i128`, `u128` | `decimal` of 20 or 39 digits, or `long` if a `range` rule keeps it within an `i64` | |
/// | `f32`, `f64`, `serde_json::Number` | `float`, `double` | |
/// | `Vec<u8>` | array of `int` | `bytes` |
/// | UUID | `uuid`, on a string | `fixed`: 16 bytes; `string` |
/// | point in time | `timestamp-micros` | `millis`, `nanos`; `string` |
/// | date and time without zone | `local-timestamp-micros` | `millis`, `nanos`; `string` |
/// | date | `date` | `string` |
/// | time of day | `time-micros` | `millis`; `string` |
/// | duration of jiff | string, because Avro's durations have neither sign nor fractions of a millisecond | `duration` |
/// | decimal | an error: Avro's decimals have a fixed scale | `precision = 12, scale = 2`; `string` |
/// | other types that are text in JSON | string | |
/// | `Option` | union with `null` | |
/// | map | map, its keys as in JSON | |
/// | struct, tuple | record; the fields of a tuple are `_0`, `_1` | |
/// | enum without data | enum; `#[serde(other)]` or `avro(default)` on a variant makes it the default symbol | |
/// | enum with data | union of records, one for each variant: `Payment::Card` is `Payment_Card`, or `Payment_card` with `rename_all = "camelCase"`. Tags are not written | |
/// | `untagged` enum | union of its variants' types, if all are different | |
/// | `flatten` of a struct | its fields | |
///
/// Times have no digits beyond their unit: those of a `DateTime` are cut off at the microsecond.
///
/// A choice also applies to the elements of lists, the values of maps and the content of an `Option` or a newtype.
///
/// # Defaults
///
/// An `Option` has the default `null`, and `#[serde(default)]` gives a field its value. A field that is left out by
/// `skip_serializing_if` is written as its default, or as `null` if it has none. Fields that are never written are not
/// in the schema.
///
/// # Errors
///
/// Some types have no Avro form: any JSON value, types that only schemars knows, and flattened maps, enums and options.
/// The error has each of them, with its path and a remedy.
///
/// ```
/// use event_schema::contract::avro_schema;
/// use event_schema::serde_json::json;
///
/// /// A customer asked for a product.
/// #[event_schema::event(name = "order.requested", avro(namespace = "com.example"))]
/// #[serde(rename_all = "kebab-case")]
/// struct OrderRequested {
///     order_id: i64,
///     #[serde(default)]
///     priority: Priority,
/// }
///
/// #[event_schema::event]
/// #[derive(Default)]
/// enum Priority {
///     #[default]
///     Normal,
///     High,
/// }
///
/// assert_eq!(
///     avro_schema::<OrderRequested>()?,
///     json!({
///         "type": "record",
///         "name": "OrderRequested",
///         "namespace": "com.example",
///         "doc": "A customer asked for a product.",
///         "altnames": {"json": "order.requested"},
///         "fields": [
///             {"name": "order_id", "altnames": {"json": "order-id"}, "type": "long"},
///             {
///                 "name": "priority",
///                 "type": {"type": "enum", "name": "Priority", "symbols": ["Normal", "High"]},
///                 "default": "Normal",
///             },
///         ],
///     })
/// );
/// # Ok::<(), event_schema::contract::AvroSchemaError>(())
/// ```
pub fn avro_schema<E: EventSchema>() -> Result<Value, AvroSchemaError> {
    schema_of::<E>()
}

/// [`avro_schema`], also of an earlier version or of a variant's event.
pub(crate) fn schema_of<E: Generated>() -> Result<Value, AvroSchemaError> {
    let event = E::DESCRIPTOR.name();
    let mut writer = Writer::default();
    let schema = writer.root(&Shape::of::<E>(), &pascal_case(event), event);
    writer.finish(event, schema)
}
