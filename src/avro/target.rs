//! The type of a value on this side: [`Target`].

use crate::contract::Shape;
use crate::contract::avro_name::{legal_type, pascal_case};
use crate::contract::parts::Way;
use crate::contract::shape::{AvroForm, Content, Definition, Enum, Field, Form, Kind, Tagging};

/// A shape without what says nothing of its form: names, options, rules.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The fields of a struct or of a variant.
    Content { content: Content, id: String, name: TypeName },
    /// An enum, with the name of its type in Avro.
    Enum { owner: TypeName, id: String, choice: Enum, form: Option<AvroForm> },
    /// Anything else.
    Kind { shape: Shape, form: Option<AvroForm> },
}

/// The name of a type in Avro and its earlier ones, without namespaces.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeName {
    pub(super) name: String,
    aliases: &'static [&'static str],
}

impl TypeName {
    /// The name that the type was given, or that of the event, or its own.
    fn of(definition: &'static Definition, root: Option<String>) -> Self {
        let given = definition.avro.name.map(str::to_owned);
        let name = given.or(root).unwrap_or_else(|| legal_type(&Shape::named(definition).name()));
        Self { name, aliases: definition.avro.aliases }
    }

    /// All of them, today's first.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(|alias| alias.rsplit('.').next().unwrap_or(alias));
        std::iter::once(&*self.name).chain(aliases)
    }
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

    /// `root` is the name of an event's type, unless it was given another.
    fn named(mut shape: Shape, mut root: Option<String>, mut form: Option<AvroForm>, way: Way) -> Self {
        let mut owner: Option<TypeName> = None;
        for _ in 0..MAX_STEPS {
            shape = match shape.into_kind() {
                Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => *inner,
                Kind::Ways { read, written } => match way {
                    Way::Read => *read,
                    Way::Written => *written,
                },
                Kind::Named(definition) => {
                    let mut name = || owner.take().unwrap_or_else(|| TypeName::of(definition, root.take()));
                    match *way.of_type(definition) {
                        Form::As(shape) => {
                            owner = Some(name());
                            shape()
                        }
                        Form::Content(Content::Inner(field)) => {
                            (owner, root) = (None, None);
                            form = field.avro.form.or(form);
                            (field.shape)()
                        }
                        Form::Content(content) => {
                            return Self::Content { content, id: (definition.id)(), name: name() };
                        }
                        Form::Enum(choice) => {
                            return Self::Enum { owner: name(), id: (definition.id)(), choice, form };
                        }
                    }
                }
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
