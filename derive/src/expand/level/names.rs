//! The names that a level has on the wire.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_derive_internals::attr::TagType;

use super::Expand;
use super::field::ExpandField;
use crate::model::Shape;

impl Expand<'_> {
    /// The wire name of the field that the input calls `name`, of type `Option<&'static str>`.
    pub(in crate::expand) fn field_name(&self) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let ty = inner.field.serde.ty;
            return inner.field.is_ours().then(|| quote!(<#ty as __p::FieldType>::field_name(__name)));
        }
        if !self.is_object() {
            return None;
        }
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| {
            let ty = field.field.serde.ty;
            quote!(.or_else(|| <#ty as __p::FieldType>::field_name(__name)))
        });
        // A name that it only writes is its own too: no other field can have it.
        let written = self.only_written();
        let written = (!written.is_empty())
            .then(|| quote!(.or_else(|| match __name { #(#written => __p::Some(#written),)* _ => __p::None })));
        Some(quote!(__p::wire_name::<#marker, #self_ty>(__name) #written #(#flat)*))
    }

    /// Whether a load would give it the entry `name`, over what [`pattern`](Self::pattern) binds.
    pub(in crate::expand) fn uses_name(&self) -> TokenStream {
        if let Some(inner) = self.inner() {
            let (ty, slot) = (inner.field.serde.ty, inner.slot());
            let uses = quote!(<#ty as __p::FieldType>::uses_name(#slot, __name));
            return if inner.field.is_ours() { uses } else { quote!(false) };
        }
        if !self.is_object() {
            return quote!(false);
        }
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.uses_name());
        let written = self.only_written();
        quote!((<#marker as __p::Object<#self_ty>>::find(__name).is_some() #(|| __name == #written)* #(|| #flat)*))
    }

    /// Whether it takes every entry of its level, if that can be.
    pub(in crate::expand) fn takes_all(&self) -> Option<TokenStream> {
        let takers = self.fields().filter(|field| match self.inner {
            Some(inner) => field.index == inner && field.field.is_ours(),
            None => self.is_object() && field.is_flat(),
        });
        let takers = takers.map(|field| field.field.serde.ty);
        let takers: Vec<_> = takers.map(|ty| quote!(<#ty as __p::FieldType>::takes_all())).collect();
        (!takers.is_empty()).then(|| quote!(#(#takers)||*))
    }

    /// Whether what it uses of its level differs from value to value.
    pub(in crate::expand) fn has_flat(&self) -> bool {
        match self.inner() {
            Some(inner) => inner.field.is_ours(),
            None => self.is_object() && self.fields().any(|field| field.is_flat()),
        }
    }

    /// Adds its fields' names, and those of its flattened ones, to `names`.
    pub(in crate::expand) fn flat_names(&self) -> TokenStream {
        if let Some(inner) = self.inner() {
            let ty = inner.field.serde.ty;
            return inner
                .field
                .is_ours()
                .then(|| quote!(<#ty as __p::FieldType>::flat_names(__names);))
                .into_token_stream();
        }
        if !self.is_object() {
            return TokenStream::new();
        }
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| {
            let ty = field.field.serde.ty;
            quote!(<#ty as __p::FieldType>::flat_names(__names);)
        });
        quote!(__names.push(<#marker as __p::Object<#self_ty>>::NAMES); #(#flat)*)
    }

    /// The names that a dump writes on the level and a load does not look at: its dump-only fields, those that have
    /// another name for writing, and the tag of a struct.
    pub(super) fn only_written(&self) -> Vec<TokenStream> {
        let tag = match (self.cx.model.serde.attrs.tag(), &self.cx.model.shape) {
            (TagType::Internal { tag }, Shape::Struct(_)) => Some(tag.to_token_stream()),
            _ => None,
        };
        let fields = self.fields().filter(|field| {
            let attrs = &field.field.serde.attrs;
            let is_read = !attrs.skip_deserializing() && attrs.aliases().contains(attrs.name().serialize_name());
            !is_read && !attrs.skip_serializing() && !attrs.flatten()
        });
        let fields = fields.map(|field| field.field.serde.attrs.name().serialize_name().to_token_stream());
        tag.into_iter().chain(fields).collect()
    }
}

impl ExpandField<'_> {
    /// Whether a load would give it the entry `name`, if it is flattened.
    pub(super) fn uses_name(&self) -> TokenStream {
        let (ty, slot) = (self.field.serde.ty, self.slot());
        quote!(<#ty as __p::FieldType>::uses_name(#slot, __name))
    }
}
