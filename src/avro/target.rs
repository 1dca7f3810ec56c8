//! The type of a value on this side: [`Target`].

use crate::contract::Shape;
use crate::contract::avro_name::{legal_type, pascal_case};
use crate::contract::parts::Way;
use crate::contract::shape::{AvroForm, Content, Definition, Enum, Field, Form, Kind, Tagging};

/// A shape without what says nothing of its form: names, options, rules.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The fields of a struct or of a variant.
    Content { content: Content, id: String, name: String },
    /// An enum, with the name of its type in Avro.
    Enum { owner: String, id: String, choice: Enum, form: Option<AvroForm> },
    /// Anything else.
    Kind { shape: Shape, form: Option<AvroForm> },
}

/// How deep types stand in each other. Only an untagged enum that holds itself with nothing around it gets there.
pub(super) const MAX_DEPTH: usize = 256;

/// How many types may stand for each other.
const MAX_STEPS: usize = 128;

impl Target {
    pub(super) fn is_untagged(&self) -> bool {
        matches!(self, Self::Enum { choice: Enum { tagging: Tagging::Untagged, .. }, .. })
    }

    /// The JSON that a value is converted to.
    pub(super) fn natural() -> Self {
        Self::Kind { shape: Shape::any(), form: None }
    }

    /// A value for which its field, or what it is a part of, chose this form.
    pub(super) fn of(shape: Shape, form: Option<AvroForm>, way: Way) -> Self {
        Self::named(shape, None, form, way)
    }

    /// The value of a field.
    pub(super) fn of_field(field: &Field, way: Way) -> Self {
        Self::of((field.shape)(), field.avro.form, way)
    }

    /// An event, whose type is named after it.
    pub(super) fn root(shape: &Shape, event: &str, way: Way) -> Self {
        Self::named(shape.clone(), Some(pascal_case(event)), None, way)
    }

    fn named(mut shape: Shape, mut owner: Option<String>, mut form: Option<AvroForm>, way: Way) -> Self {
        for _ in 0..MAX_STEPS {
            shape = match shape.into_kind() {
                Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => *inner,
                Kind::Ways { read, written } => match way {
                    Way::Read => *read,
                    Way::Written => *written,
                },
                Kind::Named(definition) => match *way.of_type(definition) {
                    Form::As(shape) => {
                        owner.get_or_insert_with(|| name(definition));
                        shape()
                    }
                    Form::Content(Content::Inner(field)) => {
                        owner = None;
                        form = field.avro.form.or(form);
                        (field.shape)()
                    }
                    Form::Content(content) => {
                        let name = owner.unwrap_or_else(|| name(definition));
                        return Self::Content { content, id: (definition.id)(), name };
                    }
                    Form::Enum(choice) => {
                        let owner = owner.unwrap_or_else(|| name(definition));
                        return Self::Enum { owner, id: (definition.id)(), choice, form };
                    }
                },
                kind => return Self::Kind { shape: kind.into(), form },
            };
        }
        Self::natural()
    }
}

/// The elements of a list.
pub(super) fn items(kind: Kind) -> Option<Shape> {
    match kind {
        Kind::List { items, .. } => Some(*items),
        _ => None,
    }
}

/// The values of a map.
pub(super) fn values(kind: Kind) -> Option<Shape> {
    match kind {
        Kind::Map { values, .. } => Some(*values),
        _ => None,
    }
}

/// The name of the type in Avro.
fn name(definition: &'static Definition) -> String {
    match definition.avro.name {
        Some(name) => name.to_owned(),
        None => legal_type(&Shape::named(definition).name()),
    }
}

/// Whether null is a value of the shape.
pub(super) fn is_nullable(shape: &Shape) -> bool {
    is_nullable_within(shape.clone(), MAX_STEPS)
}

fn is_nullable_within(mut shape: Shape, steps: usize) -> bool {
    for _ in 0..steps {
        shape = match shape.into_kind() {
            Kind::Optional(_) | Kind::Null | Kind::Any | Kind::Foreign(_) => return true,
            Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } | Kind::Ways { read: inner, .. } => *inner,
            Kind::Named(definition) => match definition.form {
                Form::As(shape) => shape(),
                Form::Content(Content::Inner(field)) => (field.shape)(),
                Form::Content(content) => return matches!(content, Content::Unit),
                Form::Enum(Enum { tagging: Tagging::Untagged, variants, .. }) => {
                    return variants.iter().any(|variant| match variant.content {
                        Content::Unit => true,
                        Content::Inner(field) => is_nullable_within((field.shape)(), steps / 2),
                        Content::Tuple(_) | Content::Record(_) => false,
                    });
                }
                Form::Enum(_) => return false,
            },
            _ => return false,
        };
    }
    false
}

/// Whether it is a list of bytes.
pub(super) fn byte_list(shape: &Shape) -> bool {
    let Kind::List { items, .. } = shape.kind() else { return false };
    match Target::of((**items).clone(), None, Way::Read) {
        Target::Kind { shape, .. } => matches!(shape.kind(), Kind::Integer(byte) if (byte.min, byte.max) == (0, 255)),
        Target::Content { .. } | Target::Enum { .. } => false,
    }
}
