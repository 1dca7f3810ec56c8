//! What a type says of itself: serde's attributes as serde reads them, `#[event]` and `#[validate]`.

use proc_macro2::Span;
use serde_derive_internals::ast::{self, Container, Data, Style};
use serde_derive_internals::attr::Variant as VariantAttrs;
use serde_derive_internals::{Ctxt, Derive};
use syn::{DeriveInput, ExprPath, Ident, Type};

use crate::attr::{self, EventAttrs, FieldAttrs};
use crate::rule::{Rules, TypeRules};
use crate::schemars::{On, SchemaAttrs};

pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    /// serde's reading of the type; its data have moved to `shape`.
    pub(crate) serde: Container<'a>,
    pub(crate) event: EventAttrs,
    pub(crate) rules: TypeRules,
    pub(crate) schema: SchemaAttrs,
    pub(crate) shape: Shape<'a>,
}

pub(crate) enum Shape<'a> {
    Struct(Level<'a>),
    Enum(Vec<Variant<'a>>),
}

/// The fields of a struct or of a variant.
pub(crate) struct Level<'a> {
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field<'a>>,
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: Ident,
    pub(crate) attrs: VariantAttrs,
    pub(crate) original: &'a syn::Variant,
    pub(crate) schema: SchemaAttrs,
    pub(crate) level: Level<'a>,
}

pub(crate) struct Field<'a> {
    pub(crate) serde: ast::Field<'a>,
    pub(crate) event: FieldAttrs,
    pub(crate) rules: Rules,
    pub(crate) schema: SchemaAttrs,
}

/// Who reads a field.
pub(crate) enum Reader<'a> {
    /// Its `FieldType`.
    Ours,
    /// Its `FieldType`, out of what the other fields leave.
    Flat,
    /// Its `Deserialize`.
    Plain,
    /// A function.
    With(&'a ExprPath),
    /// Nobody.
    Skipped,
}

impl<'a> Model<'a> {
    pub(crate) fn from_ast(cx: &Ctxt, input: &'a DeriveInput) -> Option<Self> {
        let event = EventAttrs::from_ast(cx, &input.attrs);
        let rules = TypeRules::from_ast(cx, &input.attrs);
        let schema = SchemaAttrs::from_ast(cx, &input.attrs, On::Type);
        if let syn::Data::Union(data) = &input.data {
            cx.error_spanned_by(data.union_token, "a union cannot be an event: nothing tells which field it holds");
            return None;
        }
        let private = Ident::new("__private", Span::call_site());
        let mut serde = Container::from_ast(cx, input, Derive::Deserialize, &private)?;
        let shape = Shape::from_ast(cx, std::mem::replace(&mut serde.data, Data::Enum(Vec::new())));
        Some(Self { input, serde, event, rules, schema, shape })
    }

    /// Every level: the struct's own, or those of the variants, by index.
    pub(crate) fn levels(&self) -> Vec<&Level<'a>> {
        match &self.shape {
            Shape::Struct(level) => vec![level],
            Shape::Enum(variants) => variants.iter().map(|variant| &variant.level).collect(),
        }
    }

    /// The type that is read in place of this one, and whether the conversion can fail.
    pub(crate) fn converted_from(&self) -> Option<(&Type, bool)> {
        let attrs = &self.serde.attrs;
        attrs.type_from().map(|ty| (ty, false)).or_else(|| attrs.type_try_from().map(|ty| (ty, true)))
    }
}

impl<'a> Shape<'a> {
    fn from_ast(cx: &Ctxt, data: Data<'a>) -> Self {
        match data {
            Data::Struct(style, fields) => Self::Struct(Level::from_ast(cx, style, fields)),
            Data::Enum(variants) => Self::Enum(
                variants
                    .into_iter()
                    .map(|variant| {
                        attr::refuse_event_attrs(cx, &variant.original.attrs, "a variant");
                        attr::refuse_validate_attrs(cx, &variant.original.attrs, "a variant");
                        Variant {
                            ident: variant.ident,
                            attrs: variant.attrs,
                            original: variant.original,
                            schema: SchemaAttrs::from_ast(cx, &variant.original.attrs, On::Variant),
                            level: Level::from_ast(cx, variant.style, variant.fields),
                        }
                    })
                    .collect(),
            ),
        }
    }
}

impl<'a> Level<'a> {
    fn from_ast(cx: &Ctxt, style: Style, fields: Vec<ast::Field<'a>>) -> Self {
        let field = |field: ast::Field<'a>| {
            let attrs = &field.original.attrs;
            let mut rules = Rules::from_ast(cx, attrs);
            let event = FieldAttrs::from_ast(cx, attrs, &mut rules);
            let schema = SchemaAttrs::from_ast(cx, attrs, On::Field);
            Field { event, rules: rules.unless_skipped(), schema, serde: field }
        };
        Self { style, fields: fields.into_iter().map(field).collect() }
    }

    /// The one field that the level is, if it is written without a wrapping: a newtype's, or the
    /// one of a `transparent` struct.
    pub(crate) fn inner(&self, transparent: bool) -> Option<usize> {
        if transparent {
            return self.fields.iter().position(|field| field.serde.attrs.transparent());
        }
        matches!(self.style, Style::Newtype).then_some(0)
    }
}

impl Field<'_> {
    pub(crate) fn reader(&self) -> Reader<'_> {
        let attrs = &self.serde.attrs;
        if attrs.skip_deserializing() {
            Reader::Skipped
        } else if let Some(path) = attrs.deserialize_with() {
            Reader::With(path)
        } else if self.event.plain {
            Reader::Plain
        } else if attrs.flatten() {
            Reader::Flat
        } else {
            Reader::Ours
        }
    }

    /// Whether it is not read.
    pub(crate) fn is_skipped(&self) -> bool {
        matches!(self.reader(), Reader::Skipped)
    }

    /// Whether its type is one of ours, all the way down.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.reader(), Reader::Ours | Reader::Flat)
    }
}
