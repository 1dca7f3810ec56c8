//! The fields of a struct or of a variant: how they are read together and checked.

mod check;
mod field;
mod flat;
mod items;
mod names;
mod patch;
mod read;
mod read_datum;
mod write_datum;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_derive_internals::ast::Style;
use syn::Ident;

pub(super) use self::write_datum::write_datum;
use super::cx::Cx;
use crate::model::Level;

/// The names of the fields of the `index`th level, as a constant.
pub(super) fn names(index: usize) -> Ident {
    format_ident!("__FIELDS_{index}")
}

/// A level in generated code: the `index`th of its type.
pub(super) struct Expand<'a> {
    cx: &'a Cx<'a>,
    level: &'a Level<'a>,
    index: usize,
    /// The constructor of its value: the struct's name, or the variant's path.
    constructor: TokenStream,
    /// The field that it is one with on the wire.
    inner: Option<usize>,
}

impl<'a> Expand<'a> {
    pub(super) fn new(cx: &'a Cx<'a>, level: &'a Level<'a>, index: usize, constructor: TokenStream) -> Self {
        let transparent = cx.model.serde.attrs.transparent();
        Self { cx, level, index, constructor, inner: level.inner(transparent) }
    }

    pub(super) fn is_unit(&self) -> bool {
        matches!(self.level.style, Style::Unit)
    }

    fn is_object(&self) -> bool {
        matches!(self.level.style, Style::Struct) && self.inner.is_none()
    }

    /// The library's type that the level's readers are implemented for.
    fn marker(&self) -> TokenStream {
        let index = self.index;
        quote!(__p::Level<#index>)
    }

    /// The names of its fields, as a constant.
    fn names(&self) -> Ident {
        names(self.index)
    }

    /// Where the field stands, below `at`.
    fn at(&self, index: usize) -> TokenStream {
        let sensitive = self.level.fields[index].event.sensitive;
        if self.inner == Some(index) || self.level.fields[index].serde.attrs.flatten() {
            return if sensitive { quote!(__at.cover()) } else { quote!(*__at) };
        }
        if self.is_named(index) {
            let names = self.names();
            quote!(__at.field(&#names[#index]))
        } else {
            let position = self.position(index);
            if sensitive { quote!(__at.secret_index(#position)) } else { quote!(__at.index(#position)) }
        }
    }

    /// Whether the field stands below `at` by its name.
    fn is_named(&self, index: usize) -> bool {
        let is_below = self.inner != Some(index) && !self.level.fields[index].serde.attrs.flatten();
        matches!(self.level.style, Style::Struct) && is_below
    }

    /// The place of an unnamed field on the wire, where skipped ones are not counted.
    fn position(&self, index: usize) -> usize {
        self.fields().take(index).filter(|field| !field.is_skipped()).count()
    }

    /// The pattern that binds its fields by reference.
    pub(super) fn pattern(&self) -> TokenStream {
        let constructor = &self.constructor;
        let members = self.fields().map(|field| {
            let (member, slot) = (&field.field.serde.member, field.slot());
            quote!(#member: #slot)
        });
        quote!(#constructor { #(#members),* })
    }

    /// Whether it is one with a sensitive field.
    pub(super) fn is_sensitive(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        let (ty, own) = (inner.field.serde.ty, inner.field.event.sensitive);
        Some(if own || !inner.field.is_ours() { quote!(#own) } else { quote!(<#ty as __p::FieldType>::SENSITIVE) })
    }

    /// Whether its value `this` is null on the wire, if that can be.
    pub(super) fn is_null(&self, this: &TokenStream) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let (ty, member) = (inner.field.serde.ty, &inner.field.serde.member);
            return inner.field.is_ours().then(|| quote!(<#ty as __p::FieldType>::is_null(&#this.#member)));
        }
        self.is_unit().then(|| quote!(true))
    }

    /// As [`is_null`](Self::is_null), as the arm of a variant.
    pub(super) fn is_null_arm(&self) -> Option<TokenStream> {
        let constructor = &self.constructor;
        if self.is_unit() {
            return Some(quote!(#constructor { .. } => true));
        }
        let inner = self.inner().filter(|inner| inner.field.is_ours())?;
        let (ty, member, slot) = (inner.field.serde.ty, &inner.field.serde.member, inner.slot());
        Some(quote!(#constructor { #member: #slot, .. } => <#ty as __p::FieldType>::is_null(#slot)))
    }
}
