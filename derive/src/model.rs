//! The model of a type: serde's attributes as serde reads them, `#[event]` and `#[validate]`.

use proc_macro2::Span;
use serde_derive_internals::ast::{self, Container, Data, Style};
use serde_derive_internals::attr::Variant as VariantAttrs;
use serde_derive_internals::{Ctxt, Derive};
use syn::{DeriveInput, ExprPath, Ident, Type};

use crate::attr::{self, EventAttrs, FieldAttrs};
use crate::avro::AvroAttrs;
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
    pub(crate) avro: AvroAttrs,
    pub(crate) level: Level<'a>,
}

pub(crate) struct Field<'a> {
    pub(crate) serde: ast::Field<'a>,
    pub(crate) event: FieldAttrs,
    pub(crate) rules: Rules,
    pub(crate) schema: SchemaAttrs,
}

/// The reader of a field.
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
            cx.error_spanned_by(data.union_token, "a union cannot be an event: its active field is not known");
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

    /// Whether a field is marked `#[event(sensitive)]`.
    pub(crate) fn has_sensitive(&self) -> bool {
        self.levels().into_iter().flat_map(|level| &level.fields).any(|field| field.event.sensitive)
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
                        attr::refuse_validate_attrs(cx, &variant.original.attrs, "a variant");
                        Variant {
                            ident: variant.ident,
                            attrs: variant.attrs,
                            original: variant.original,
                            schema: SchemaAttrs::from_ast(cx, &variant.original.attrs, On::Variant),
                            avro: attr::of_variant(cx, &variant.original.attrs),
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
        } else if let Some(path) = self.deserialize_with() {
            Reader::With(path)
        } else if self.event.plain {
            Reader::Plain
        } else if attrs.flatten() {
            Reader::Flat
        } else {
            Reader::Ours
        }
    }

    /// The function that reads it. For a borrowed `Cow` serde's derive has one of its own, which is not ours.
    pub(crate) fn deserialize_with(&self) -> Option<&ExprPath> {
        self.serde.attrs.deserialize_with().filter(|function| function.path.segments[0].ident != "_serde")
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

/// `serde_derive_internals` calls itself unstable: whatever the derive takes from it is asked here, so that a version
/// that reads an attribute differently is noticed.
#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use serde_derive_internals::Ctxt;
    use serde_derive_internals::attr::{Default, TagType};
    use syn::{DeriveInput, parse_quote};

    use super::{Model, Reader, Shape};

    fn read(input: &DeriveInput, look: impl FnOnce(&Model<'_>)) {
        let cx = Ctxt::new();
        look(&Model::from_ast(&cx, input).expect("a model"));
        cx.check().expect("no errors");
    }

    fn text(tokens: Option<impl ToTokens>) -> Option<String> {
        tokens.map(|tokens| tokens.to_token_stream().to_string().replace(' ', ""))
    }

    #[test]
    fn types_are_read_as_ever() {
        let input = parse_quote! {
            #[serde(rename(serialize = "Out", deserialize = "In"), deny_unknown_fields, default = "made")]
            #[serde(from = "Wire", into = "Other")]
            struct Order { id: u8 }
        };
        read(&input, |model| {
            let attrs = &model.serde.attrs;
            assert_eq!(attrs.name().serialize_name().value, "Out");
            assert_eq!(attrs.name().deserialize_name().value, "In");
            assert!(attrs.deny_unknown_fields() && !attrs.transparent());
            assert!(matches!(attrs.default(), Default::Path(path) if text(Some(path)).unwrap() == "made"));
            assert_eq!(text(attrs.type_from()).unwrap(), "Wire");
            assert_eq!(text(attrs.type_into()).unwrap(), "Other");
            assert!(attrs.type_try_from().is_none());
        });
    }

    #[test]
    fn fields_are_read_as_ever() {
        let input = parse_quote! {
            #[serde(rename_all = "camelCase")]
            struct Order {
                order_id: u8,
                #[serde(rename(serialize = "out", deserialize = "in"), alias = "old", default)]
                name: u8,
                #[serde(flatten)]
                rest: u8,
                #[serde(with = "hex", skip_serializing_if = "is_zero")]
                color: u8,
                #[serde(skip)]
                cache: u8,
                #[serde(skip_deserializing, default = "now")]
                at: u8,
            }
        };
        read(&input, |model| {
            let Shape::Struct(level) = &model.shape else { panic!("a struct") };
            let [id, name, rest, color, cache, at] = &level.fields[..] else { panic!("six fields") };
            assert_eq!(id.serde.attrs.name().deserialize_name().value, "orderId");
            assert!(id.serde.attrs.default().is_none());
            let attrs = &name.serde.attrs;
            assert_eq!(attrs.name().serialize_name().value, "out");
            let accepted: Vec<&str> = attrs.aliases().iter().map(|alias| alias.value.as_str()).collect();
            assert_eq!(accepted, ["in", "old"]);
            assert!(matches!(attrs.default(), Default::Default));
            assert!(matches!(rest.reader(), Reader::Flat));
            let attrs = &color.serde.attrs;
            assert_eq!(text(attrs.serialize_with()).unwrap(), "hex::serialize");
            assert_eq!(text(attrs.deserialize_with()).unwrap(), "hex::deserialize");
            assert_eq!(text(attrs.skip_serializing_if()).unwrap(), "is_zero");
            assert!(cache.is_skipped() && cache.serde.attrs.skip_serializing());
            assert!(at.is_skipped() && !at.serde.attrs.skip_serializing());
            assert!(matches!(at.serde.attrs.default(), Default::Path(path) if text(Some(path)).unwrap() == "now"));
        });
    }

    #[test]
    fn variants_are_read_as_ever() {
        let input = parse_quote! {
            #[serde(tag = "t", content = "c", rename_all = "kebab-case", rename_all_fields = "UPPERCASE")]
            enum Event {
                FirstOne { id: u8 },
                #[serde(alias = "second", skip_serializing)]
                Second(u8),
                #[serde(other)]
                Rest,
            }
        };
        read(&input, |model| {
            let tag = model.serde.attrs.tag();
            assert!(matches!(tag, TagType::Adjacent { tag, content } if tag == "t" && content == "c"));
            let Shape::Enum(variants) = &model.shape else { panic!("an enum") };
            assert_eq!(variants[0].attrs.name().serialize_name().value, "first-one");
            assert_eq!(variants[0].level.fields[0].serde.attrs.name().serialize_name().value, "ID");
            assert!(variants[1].attrs.aliases().iter().any(|alias| alias.value == "second"));
            assert!(variants[1].attrs.skip_serializing() && !variants[1].attrs.skip_deserializing());
            assert!(variants[2].attrs.other() && !variants[1].attrs.other());
        });
    }

    #[test]
    fn tags_are_read_as_ever() {
        let internal = parse_quote!(
            #[serde(tag = "kind")]
            enum Event {
                A,
            }
        );
        read(&internal, |model| {
            assert!(matches!(model.serde.attrs.tag(), TagType::Internal { tag } if tag == "kind"));
        });
        let untagged = parse_quote!(
            #[serde(untagged)]
            enum Event {
                A(u8),
            }
        );
        read(&untagged, |model| assert!(matches!(model.serde.attrs.tag(), TagType::None)));
        read(
            &parse_quote!(
                enum Event {
                    A,
                }
            ),
            |model| assert!(matches!(model.serde.attrs.tag(), TagType::External)),
        );
        let transparent = parse_quote!(
            #[serde(transparent)]
            struct Id {
                #[serde(skip)]
                unit: (),
                id: u8,
            }
        );
        read(&transparent, |model| {
            let Shape::Struct(level) = &model.shape else { panic!("a struct") };
            assert_eq!(level.inner(model.serde.attrs.transparent()), Some(1));
        });
    }
}
