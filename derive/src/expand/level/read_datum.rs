//! How a level is read directly from a valid Avro datum.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::Default;
use syn::Ident;
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::quoting::shown_at;
use crate::model::Reader;

impl Expand<'_> {
    /// Reads it from `datum` and gives it to `put`, as an expression of type `Result<(), Malformed>`, if it has a name or
    /// stands for its field, and its fields are read by their types. `otherwise` is returned for a datum that is
    /// something else.
    pub(in crate::expand) fn read_datum(&self, otherwise: &TokenStream) -> Option<TokenStream> {
        if let Some(inner) = self.inner() {
            let (ty, build) = (inner.field.serde.ty, self.build_around(&inner));
            let read = quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_datum);
            let is_ours = matches!(inner.field.reader(), Reader::Ours);
            return is_ours.then(|| {
                quote! {{
                    let mut __inner: __p::Option<#ty> = __p::None;
                    #read(__datum, __cx, &mut __inner)?;
                    __p::give(__inner.map(|__inner| #build), __put)
                }}
            });
        }
        let is_direct = |field: &ExpandField<'_>| matches!(field.field.reader(), Reader::Ours | Reader::Skipped);
        if !matches!(self.level.style, Style::Struct) || !self.fields().all(|field| is_direct(&field)) {
            return None;
        }
        let (marker, self_ty, constructor) = (self.marker(), self.cx.self_ty(), &self.constructor);
        let slots: Vec<Ident> = self.fields().map(|field| field.slot()).collect();
        let types = self.fields().map(|field| field.field.serde.ty);
        let members = self.fields().map(|field| &field.field.serde.member);
        // The names of a level are those of the fields that are read.
        let read = self.fields().filter(|field| !field.is_skipped()).zip(0_u32..);
        let arms = read.map(|(field, index)| field.read_datum(index));
        let fills = self.fields().map(|field| field.fill_datum());
        let fills = match self.container_default() {
            Some(container) => quote! {
                if #(::core::matches!(#slots, __p::None))||* {
                    let __container: #self_ty = #container;
                    #(#fills)*
                }
            },
            None => quote!(#(#fills)*),
        };
        // By reference: a trait in scope that every type has may have a method of this name, which takes a value.
        Some(quote! {{
            let __p::Some(__record) = (&__datum).record(<#marker as __p::Object<#self_ty>>::NAMES) else {
                return #otherwise;
            };
            let __fields = &mut __datum.fields(__record, __cx)?;
            #(let mut #slots: __p::Option<#types> = __p::None;)*
            while let __p::Some((__index, __op)) = __fields.next()? {
                match __index {
                    #(#arms)*
                    _ => return __p::Err(__p::not_read()),
                }
            }
            __cx.leave();
            #fills
            #(let __p::Some(#slots) = #slots else { return __p::Err(__p::not_read()) };)*
            __put.put(#constructor { #(#members: #slots),* });
            __p::Ok(())
        }})
    }

    /// The value that has the fields that are missing, if the type has one and any fields.
    fn container_default(&self) -> Option<TokenStream> {
        if self.level.fields.is_empty() {
            return None;
        }
        let self_ty = self.cx.self_ty();
        match self.cx.model.serde.attrs.default() {
            Default::None => None,
            Default::Default => Some(quote!(<#self_ty as ::core::default::Default>::default())),
            Default::Path(path) => Some(quote!(#path())),
        }
    }
}

impl ExpandField<'_> {
    /// The match arm that reads it.
    fn read_datum(&self, index: u32) -> TokenStream {
        let (slot, ty) = (self.slot(), self.field.serde.ty);
        let read = quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_datum);
        // Where it is not written, no rule refuses it.
        let refuse_null = self.field.event.not_null.map(|_| {
            let is_null = quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::is_null);
            quote! {
                if let __p::Some(__value) = &#slot {
                    if #is_null(__value) {
                        return __p::Err(__p::not_read());
                    }
                }
            }
        });
        quote! {
            #index => {
                #read(__fields.value(__op), __cx, &mut #slot)?;
                #refuse_null
            }
        }
    }

    /// Fills it in if the datum does not have it; `container` has the container's default.
    fn fill_datum(&self) -> TokenStream {
        let (slot, ty, member) = (self.slot(), self.field.serde.ty, &self.field.serde.member);
        let of_container = self.level.container_default().is_some();
        let value = match self.field.serde.attrs.default() {
            Default::None if of_container => quote!(__p::Some(__container.#member)),
            Default::None if !self.is_skipped() => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::missing(__cx, &__p::At::ROOT))
            }
            _ => {
                let default = self.default();
                quote!(__p::Some(#default))
            }
        };
        quote! {
            if let __p::None = #slot {
                #slot = #value;
            }
        }
    }
}
