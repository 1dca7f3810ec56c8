//! What a type says of itself: serde's attributes as serde reads them, `#[event]` and `#[validate]`.

use proc_macro2::Span;
use serde_derive_internals::ast::{self, Container, Data, Style};
use serde_derive_internals::attr::TagType;
use serde_derive_internals::{Ctxt, Derive};
use syn::{DeriveInput, Ident};

use crate::attr::{self, EventAttrs};
use crate::rule::{self, Rule, SchemaRule};

pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    /// serde's reading of the type.
    pub(crate) serde: Container<'a>,
    pub(crate) event: EventAttrs,
    pub(crate) rules: Vec<SchemaRule>,
    pub(crate) shape: Shape<'a>,
}

pub(crate) enum Shape<'a> {
    /// A struct with named fields.
    Object(Vec<Field<'a>>),
    /// An enum without data.
    Choice,
    /// Refused; the error has been reported.
    Unsupported,
}

/// A field of a struct.
pub(crate) struct Field<'a> {
    pub(crate) serde: ast::Field<'a>,
    pub(crate) rules: Vec<Rule>,
}

impl<'a> Model<'a> {
    pub(crate) fn from_ast(cx: &Ctxt, input: &'a DeriveInput) -> Option<Self> {
        let event = EventAttrs::from_ast(cx, &input.attrs);
        let rules = rule::of_type(cx, &input.attrs);
        if let syn::Data::Union(data) = &input.data {
            cx.error_spanned_by(data.union_token, "a union cannot be an event: nothing tells which field it holds");
            return None;
        }
        let mut serde =
            Container::from_ast(cx, input, Derive::Deserialize, &Ident::new("__private", Span::call_site()))?;
        let shape = Shape::from_ast(cx, input, &mut serde);
        Some(Self { input, serde, event, rules, shape })
    }
}

impl<'a> Shape<'a> {
    fn from_ast(cx: &Ctxt, input: &DeriveInput, serde: &mut Container<'a>) -> Self {
        match &mut serde.data {
            Data::Struct(Style::Struct, fields) => Self::Object(
                std::mem::take(fields)
                    .into_iter()
                    .map(|field| {
                        attr::refuse_event_attrs(cx, &field.original.attrs, "a field");
                        Field { rules: rule::of_field(cx, &field.original.attrs), serde: field }
                    })
                    .collect(),
            ),
            Data::Struct(..) => {
                cx.error_spanned_by(
                    &input.ident,
                    "a struct without named fields cannot be an event yet: name its fields",
                );
                Self::Unsupported
            }
            Data::Enum(variants) => {
                let mut supported = true;
                for variant in &*variants {
                    attr::refuse_event_attrs(cx, &variant.original.attrs, "a variant");
                    if !matches!(variant.style, Style::Unit) {
                        cx.error_spanned_by(variant.original, "variants with data are not supported yet");
                        supported = false;
                    }
                }
                if !matches!(serde.attrs.tag(), TagType::External) {
                    cx.error_spanned_by(&input.ident, "tagged and untagged enums are not supported yet");
                    supported = false;
                }
                if supported { Self::Choice } else { Self::Unsupported }
            }
        }
    }
}
