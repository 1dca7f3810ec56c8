//! How a part is put into a value.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::quoting::shown_at;

impl Expand<'_> {
    /// The methods that put a part, `input`, into the value, if it has places for parts.
    pub(in crate::expand) fn patch(&self) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            return Some(method(&inner.patch(&quote!(__input))));
        }
        if !self.is_object() {
            return None;
        }
        let marker = self.marker();
        let arms = self.fields().filter(|field| !field.is_skipped() && !field.is_flat()).map(|field| {
            let (index, patch) = (field.index, field.patch(&quote!(__input)));
            quote!(#index => #patch,)
        });
        let flat = self.fields().filter(ExpandField::is_flat).map(|field| {
            let member = &field.field.serde.member;
            quote!(__p::FieldType::patch_flat(&mut self.#member, __rest, __cx, __at);)
        });
        let patch = method(&quote! {
            let __rest = &mut __p::patch_fields::<#marker, Self>(self, __input, __cx, __at);
            #(#flat)*
        });
        // A method, for a closure would take longer to compile.
        Some(quote! {
            #patch

            fn patch_field(&mut self, __index: usize, __input: &str, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) {
                match __index {
                    #(#arms)*
                    _ => {}
                }
            }
        })
    }

    /// As [`patch`](Self::patch), of a flattened value, where that is not the default.
    pub(in crate::expand) fn patch_flat(&self) -> Option<TokenStream> {
        if self.is_unit() {
            return Some(quote!(__p::FieldType::patch_flat(&mut (), __rest, __cx, __at)));
        }
        let inner = self.inner().filter(|inner| inner.field.is_ours())?;
        let member = &inner.field.serde.member;
        Some(quote!(__p::FieldType::patch_flat(&mut self.#member, __rest, __cx, __at)))
    }
}

/// The method that puts a part into the value.
fn method(body: &TokenStream) -> TokenStream {
    quote! {
        fn patch(&mut self, __input: &str, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) {
            #body
        }
    }
}

impl ExpandField<'_> {
    /// Puts `value` in its place.
    pub(super) fn patch(&self, value: &TokenStream) -> TokenStream {
        let (ty, member) = (self.field.serde.ty, &self.field.serde.member);
        match self.foreign() {
            Some(foreign) => quote!(__p::replace_foreign::<#ty, #foreign>(&mut self.#member, #value, __cx, __at)),
            // With the type, so that one that is no field is told once.
            None => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::patch(&mut self.#member, #value, __cx, __at))
            }
        }
    }
}
