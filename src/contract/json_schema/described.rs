//! The shapes of types, and their JSON Schemas for schemars.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::writer::Writer;
use crate::contract::parts;
use crate::contract::shape::{Avro, Definition, Form, Kind, Name, Notes, Shape};
use crate::load::FieldType;

impl Shape {
    /// The shape of another type.
    ///
    /// ```
    /// use event_schema::contract::Shape;
    ///
    /// assert_eq!(Shape::of::<Vec<u8>>().name(), "Array_of_uint8");
    /// ```
    #[must_use]
    pub fn of<T: FieldType>() -> Self {
        T::shape()
    }
}

/// A generic type of the standard library that the contracts refer to by its name.
pub(crate) const fn named<T: FieldType>(name: fn() -> String, id: fn() -> String, form: Form) -> Definition {
    Definition {
        name: Name::Made(name),
        id,
        notes: Notes::NONE,
        transparent: false,
        inline: false,
        ruled: false,
        form,
        written: None,
        avro: Avro::NONE,
        schema: SchemaGenerator::subschema_for::<Described<T>>,
    }
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
        // As an object: not every tool knows `false` as a definition.
        Value::Bool(false) => schemars::json_schema!({"not": {}}),
        Value::Bool(any) => any.into(),
        _ => unreachable!("a schema is an object or a boolean"),
    }
}
