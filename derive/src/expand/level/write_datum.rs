//! `FieldType::write_datum`: how a type is written as Avro without its `Serialize`, where that is known to be serde's derive.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::TagType;
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::cx::Cx;
use crate::expand::generics::mentions_params;
use crate::expand::quoting::shown_at;
use crate::model::{Level, Model, Shape, Variant};

/// The method, if the type has one of its own.
pub(in crate::expand) fn write_datum(cx: &Cx<'_>) -> Option<TokenStream> {
    let model = cx.model;
    let attrs = &model.serde.attrs;
    let is_derived = model.event.derived_serialize && attrs.type_into().is_none() && attrs.remote().is_none();
    // The fields of a converted type need not be ours.
    if !is_derived || model.converted_from().is_some() {
        return None;
    }
    let body = match &model.shape {
        Shape::Struct(level) => {
            let ident = &model.input.ident;
            Expand::new(cx, level, 0, quote!(#ident)).write_struct()?
        }
        Shape::Enum(variants) => write_enum(cx, variants)?,
    };
    Some(quote! {
        __p::avro_items! {
            fn write_datum<'__p>(
                &self,
                __output: &mut __p::DatumOutput<'__p, '_>,
                __op: &'__p __p::DatumOp,
            ) -> __p::Result<(), __p::Unwritable> {
                #body
            }
        }
    })
}

fn write_enum(cx: &Cx<'_>, variants: &[Variant<'_>]) -> Option<TokenStream> {
    let (tag, content, is_around) = match cx.model.serde.attrs.tag() {
        TagType::External => ("", "", true),
        TagType::Internal { tag } => (tag.as_str(), "", false),
        TagType::Adjacent { tag, content } => (tag.as_str(), content.as_str(), true),
        TagType::None => return None,
    };
    // Without the names of tags, the plan's tagging would not be known.
    let is_external = matches!(cx.model.serde.attrs.tag(), TagType::External);
    if variants.iter().any(|variant| variant.attrs.untagged()) || !is_external && tag.is_empty() {
        return None;
    }
    let written: Vec<_> = variants.iter().filter(|variant| !variant.attrs.skip_serializing()).collect();
    let names = distinct(written.iter().map(|variant| &*variant.attrs.name().serialize_name().value))?;
    let ident = &cx.model.input.ident;
    let arms: Vec<_> = written
        .iter()
        .enumerate()
        .filter_map(|(index, variant)| {
            let variant_ident = &variant.ident;
            let level = Expand::new(cx, &variant.level, 0, quote!(#ident::#variant_ident));
            let arm = level.write_variant(index, is_around, variant.attrs.skip_deserializing());
            arm.filter(|_| variant.attrs.serialize_with().is_none())
        })
        .collect();
    if arms.is_empty() {
        return None;
    }
    let others = (arms.len() < variants.len()).then(|| quote!(_ => return __output.write_by_serialize(__op, self),));
    Some(quote! {
        static __VARIANTS: &[&str] = &[#tag, #content, #(#names),*];
        let __variant: usize = match self { #(#arms)* #others };
        __output.write_unit(__op, __VARIANTS, __variant, self)
    })
}

/// The names, if each is there once.
fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Option<Vec<&'n str>> {
    let names: Vec<&str> = names.collect();
    let count = names.iter().collect::<HashSet<_>>().len();
    (count == names.len()).then_some(names)
}

impl Expand<'_> {
    fn write_struct(&self) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let (member, write) = (&inner.field.serde.member, inner.write_datum());
            return inner.is_written_as_it_is().then(|| quote!(#write(&self.#member, __output, __op)));
        }
        let (names, write) = self.write_fields()?;
        let pattern = self.pattern();
        Some(quote! {
            static __NAMES: &[&str] = &[#(#names),*];
            let __p::Some(__fields) = __output.record(__op, __NAMES) else {
                return __output.write_by_serialize(__op, self);
            };
            let #pattern = self;
            #write
            __p::Ok(())
        })
    }

    /// The arm of the `index`th variant that is written: its index if it has no data, or else a return. `is_around` says
    /// that the tag stands outside of the data or beside it.
    fn write_variant(&self, index: usize, is_around: bool, is_never_read: bool) -> Option<TokenStream> {
        let constructor = &self.constructor;
        if self.is_unit() {
            return is_around.then(|| quote!(#constructor {} => #index,));
        }
        if is_never_read {
            // Its fields need not be ours.
            return None;
        }
        let pattern = self.pattern();
        if let Some(inner) = self.inner() {
            let (slot, write) = (inner.slot(), inner.write_datum());
            let write = quote! {
                __output.write_newtype(__op, __VARIANTS, #index, self, |__output, __op| #write(#slot, __output, __op))
            };
            return (is_around && inner.is_written_as_it_is()).then(|| quote!(#pattern => return #write,));
        }
        let (names, write) = self.write_fields()?;
        Some(quote! {
            #pattern => {
                static __NAMES: &[&str] = &[#(#names),*];
                let __p::Some(__fields) = __output.variant_record(__op, __VARIANTS, #index, __NAMES) else {
                    return __output.write_by_serialize(__op, self);
                };
                #write
                return __p::Ok(());
            }
        })
    }

    /// The names of the fields that are written, and statements that write them to `fields`, over what
    /// [`pattern`](Self::pattern) binds.
    fn write_fields(&self) -> Option<(Vec<&str>, TokenStream)> {
        if !matches!(self.level.style, Style::Struct) || !self.level.is_plainly_written(self.cx.model) {
            return None;
        }
        let written: Vec<_> = self.fields().filter(|field| !field.field.serde.attrs.skip_serializing()).collect();
        let level: &Level<'_> = self.level;
        let names = level.fields.iter().filter(|field| !field.serde.attrs.skip_serializing());
        let names = distinct(names.map(|field| &*field.serde.attrs.name().serialize_name().value))?;
        let is_tag = |name: &&str| match (self.cx.model.serde.attrs.tag(), &self.cx.model.shape) {
            (TagType::Internal { tag }, Shape::Struct(_)) => *name == tag,
            _ => false,
        };
        if names.is_empty() || names.iter().any(is_tag) {
            return None;
        }
        let arms = written.iter().enumerate().map(|(index, field)| {
            let write = field.write_value();
            quote!(#index => #write,)
        });
        let write = quote! {
            for __field in __fields {
                match __field.index() {
                    #(#arms)*
                    _ => __output.write_default(__field),
                }?;
            }
        };
        Some((names, write))
    }
}

impl Level<'_> {
    /// Whether each field is written under its name by the `Serialize` of its type.
    fn is_plainly_written(&self, model: &Model<'_>) -> bool {
        self.fields.iter().all(|field| {
            let attrs = &field.serde.attrs;
            // A type that is not ours may have bounds that only serde's derive knows.
            let is_known = field.is_ours() || !mentions_params(model, field.serde.ty);
            is_known && !attrs.flatten() && attrs.serialize_with().is_none() && attrs.getter().is_none()
        })
    }
}

impl ExpandField<'_> {
    /// Whether a level that is one with it is written as the field's type writes it.
    fn is_written_as_it_is(&self) -> bool {
        let attrs = &self.field.serde.attrs;
        self.field.is_ours()
            && !attrs.skip_serializing()
            && attrs.skip_serializing_if().is_none()
            && attrs.serialize_with().is_none()
            && attrs.getter().is_none()
    }

    /// The function that writes its value.
    fn write_datum(&self) -> TokenStream {
        // At the type, as its reader is: a type that is no field's is reported once.
        let ty = self.field.serde.ty;
        quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::write_datum)
    }

    /// `Result<(), Unwritable>`, over `field`.
    fn write_value(&self) -> TokenStream {
        let slot = self.slot();
        let write = if self.field.is_ours() {
            let write = self.write_datum();
            quote!(__field.written(#write(#slot, __output, __field.op())))
        } else {
            quote!(__output.write_foreign(__field, #slot))
        };
        match self.field.serde.attrs.skip_serializing_if() {
            Some(is_skipped) => quote!(if #is_skipped(#slot) { __output.write_default(__field) } else { #write }),
            None => write,
        }
    }
}
