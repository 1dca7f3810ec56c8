//! How a level and its fields are read, and built.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::Default;
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::Expand;
use super::field::ExpandField;
use crate::expand::quoting::shown_at;
use crate::model::Reader;

impl Expand<'_> {
    /// Reads it from `input`, as an expression of type `Result<Option<Type>, __D::Error>`.
    pub(in crate::expand) fn read(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        if let Some(inner) = self.inner() {
            let read = inner.read_alone();
            let build = self.build_checked(&inner);
            let parts = inner.foreign().and_then(|_| inner.check_parts(&quote!(__value)));
            let rules = inner.check_rules(&quote!(__value));
            let names = self.check_beside_tag(&inner, &quote!(__value));
            let check = quote!(#parts #rules #names);
            let cover = inner.cover();
            return quote! {{
                #cover
                let __read = #read?;
                if let __p::Some(__value) = &__read { #check }
                __p::Ok(__read.map(|__inner| #build))
            }};
        }
        match self.level.style {
            Style::Struct => quote!(__p::read_object::<#marker, #self_ty, __D>(__input, __cx, __at)),
            Style::Tuple | Style::Newtype => quote!(__p::read_tuple::<#marker, #self_ty, __D>(__input, __cx, __at)),
            Style::Unit => {
                let constructor = &self.constructor;
                quote!(__p::Ok(<() as __p::FieldType>::read(__input, __cx, __at)?.map(|()| #constructor)))
            }
        }
    }

    /// Reads it from `leftovers`, where that is not the default.
    pub(in crate::expand) fn read_flat(&self) -> Option<TokenStream> {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        if let Some(inner) = self.inner() {
            if !matches!(inner.field.reader(), Reader::Ours) {
                return None;
            }
            let ty = inner.field.serde.ty;
            let build = self.build_checked(&inner);
            let check = inner.check_rules(&quote!(__value));
            let cover = inner.cover();
            return Some(quote! {{
                #cover
                let __read = <#ty as __p::FieldType>::read_flat::<__E>(__leftovers, __cx, __at)?;
                if let __p::Some(__value) = &__read { #check }
                __p::Ok(__read.map(|__inner| #build))
            }});
        }
        if self.is_unit() {
            let constructor = &self.constructor;
            return Some(
                quote!(__p::Ok(<() as __p::FieldType>::read_flat::<__E>(__leftovers, __cx, __at)?.map(|()| #constructor))),
            );
        }
        self.is_object().then(|| quote!(__p::read_object_flat::<#marker, #self_ty, __E>(__leftovers, __cx, __at)))
    }

    /// Reads it from the key of a map, where it is one with a field: that field's type, and what makes
    /// `Option<Type>` of its value `inner`.
    pub(in crate::expand) fn read_key(&self) -> Option<(&Type, TokenStream)> {
        let inner = self.inner().filter(|inner| matches!(inner.field.reader(), Reader::Ours))?;
        let (build, check) = (self.build_checked(&inner), inner.check_rules(&quote!(__value)));
        Some((inner.field.serde.ty, quote!({ { let __value = &__inner; #check } __p::Some(#build) })))
    }

    /// Its value when it is missing, if a field decides that: of type `Option<Type>`.
    pub(in crate::expand) fn missing(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        if !matches!(inner.field.reader(), Reader::Ours) {
            return None;
        }
        let ty = inner.field.serde.ty;
        let build = self.build_around(&inner);
        Some(quote!(<#ty as __p::FieldType>::missing(__cx, __at).map(|__inner| #build)))
    }

    /// As [`missing`](Self::missing), and checks the rules of what there is then.
    pub(in crate::expand) fn missing_checked(&self) -> Option<TokenStream> {
        let inner = self.inner()?;
        if !matches!(inner.field.reader(), Reader::Ours) {
            return None;
        }
        let ty = inner.field.serde.ty;
        let (build, check) = (self.build_checked(&inner), inner.check_all(&quote!(__value)));
        Some(quote! {{
            let __p::Some(__inner) = <#ty as __p::FieldType>::missing(__cx, __at) else { return __p::None };
            { let __value = &__inner; #check }
            __p::Some(#build)
        }})
    }

    /// Builds the value around `inner`; other fields of a transparent struct have their defaults.
    pub(super) fn build_around(&self, inner: &ExpandField<'_>) -> TokenStream {
        let constructor = &self.constructor;
        let members = self.fields().map(|field| {
            let member = &field.field.serde.member;
            let value = if field.index == inner.index { quote!(__inner) } else { field.default() };
            quote!(#member: #value)
        });
        quote!(#constructor { #(#members),* })
    }

    /// As [`build_around`](Self::build_around), and checks the rules of the other fields.
    pub(super) fn build_checked(&self, inner: &ExpandField<'_>) -> TokenStream {
        let ruled =
            |field: &ExpandField<'_>| field.index != inner.index && field.check_rules(&quote!(__value)).is_some();
        if !self.fields().any(|field| ruled(&field)) {
            return self.build_around(inner);
        }
        let constructor = &self.constructor;
        let others: Vec<_> = self.fields().filter(|field| field.index != inner.index).collect();
        let slots: Vec<Ident> = others.iter().map(ExpandField::slot).collect();
        let members = others.iter().map(|field| &field.field.serde.member);
        let makes = others.iter().zip(&slots).map(|(field, slot)| {
            let (default, at, check) = (field.default(), field.at(), field.check_rules(&quote!(__value)));
            quote!(let #slot = #default; { let (__value, __at) = (&#slot, &#at); #check })
        });
        let inner = &inner.field.serde.member;
        quote!({ #(#makes)* #constructor { #inner: __inner, #(#members: #slots),* } })
    }
}

impl ExpandField<'_> {
    /// Reads the field's value where nothing else stands, from `input`.
    pub(super) fn read_alone(&self) -> TokenStream {
        let ty = self.field.serde.ty;
        if let Some(foreign) = self.foreign() {
            return quote_spanned!(shown_at(ty.span())=> __p::read_foreign::<#ty, #foreign, __D>(__input, __cx, __at));
        }
        match self.part_fns() {
            Some((kind, functions)) => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::#kind>::read_parts(__input, __cx, __at, #functions))
            }
            None => quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read(__input, __cx, __at)),
        }
    }

    /// The match arm that reads it from `entries`, without the constructor around its pattern: a `Result<(), _>`.
    pub(super) fn read_entry(&self) -> TokenStream {
        let (index, slot, at, ty) = (self.index, self.slot(), self.at(), self.field.serde.ty);
        let then = if let Some(read) = self.read_entry_alone() {
            return quote!((#index) => #read,);
        } else if let Some(foreign) = self.foreign() {
            let read =
                quote_spanned!(shown_at(ty.span())=> #slot.read_with::<#foreign, __A>(&mut __entries, __cx, __at)?);
            self.and_check_all(&read)
        } else {
            let functions = self.part_fns().map(|(kind, functions)| {
                let parts = if kind == "ListType" { quote!(__p::Each) } else { quote!(__p::Pairs) };
                quote!(#parts(#functions))
            });
            let read = match (functions, self.field.event.not_null.is_some()) {
                (None, false) => {
                    quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_slot(&mut #slot, &mut __entries, __cx, __at)?)
                }
                (None, true) => quote_spanned!(shown_at(ty.span())=> #slot.read_not_null(&mut __entries, __cx, __at)?),
                (Some(functions), not_null) => {
                    quote_spanned!(shown_at(ty.span())=> #slot.read_parts(&mut __entries, __cx, __at, #functions, #not_null)?)
                }
            };
            self.and_check(&read)
        };
        quote!((#index) => { let __at = &#at; #then __p::Ok(()) })
    }

    /// Reads it from `entries` in one call, if it has no rules of its own.
    fn read_entry_alone(&self) -> Option<TokenStream> {
        let has_rules = self.check_rules(&quote!(__value)).is_some() || self.field.rules.any_of_parts();
        if has_rules || self.field.event.not_null.is_some() || !self.field.is_ours() {
            return None;
        }
        let (slot, ty, name) = (self.slot(), self.field.serde.ty, self.name()?);
        Some(
            quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_field(&mut #slot, #name, &mut __entries, __cx, __at)),
        )
    }

    /// Reads it from `elements`.
    pub(super) fn read_element(&self) -> TokenStream {
        let (slot, at, ty) = (self.slot(), self.at(), self.field.serde.ty);
        let read = match self.foreign() {
            Some(foreign) => {
                quote_spanned!(shown_at(ty.span())=> #slot.read_element_with::<#foreign, __A>(__elements, __cx, __at)?)
            }
            None => {
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::read_element_slot(&mut #slot, __elements, __cx, __at)?)
            }
        };
        let then = self.and_check_all(&read);
        quote!({ let __at = &#at; #then })
    }

    /// Reads it from `leftovers`.
    pub(super) fn read_flat(&self) -> TokenStream {
        let (slot, ty, cover) = (self.slot(), self.field.serde.ty, self.cover());
        let read = quote_spanned!(shown_at(ty.span())=> #slot.read_flat::<__A::Error>(&mut __leftovers, __cx, __at)?);
        let then = self.and_check_all(&read);
        quote!({ #cover #then })
    }

    /// Checks the rules on what `read`, of type `Option<&Type>`, gives.
    pub(super) fn and_check(&self, read: &TokenStream) -> TokenStream {
        match self.check_rules(&quote!(__value)) {
            Some(check) => quote!(if let __p::Some(__value) = #read { #check }),
            None => quote!(#read;),
        }
    }

    /// As [`and_check`](Self::and_check), with the rules of the parts, which were not seen one by one.
    pub(super) fn and_check_all(&self, read: &TokenStream) -> TokenStream {
        let value = quote!(__value);
        match (self.check_parts(&value), self.check_rules(&value)) {
            (None, None) => quote!(#read;),
            (parts, own) => quote!(if let __p::Some(__value) = #read { #parts #own }),
        }
    }

    pub(super) fn declare(&self) -> TokenStream {
        let (slot, ty) = (self.slot(), self.field.serde.ty);
        quote_spanned!(shown_at(ty.span())=> let mut #slot: __p::Slot<#ty> = __p::Slot::Missing;)
    }

    pub(super) fn default(&self) -> TokenStream {
        let ty = self.field.serde.ty;
        match self.field.serde.attrs.default() {
            Default::Path(path) => quote_spanned!(shown_at(path.span())=> #path()),
            _ => quote_spanned!(shown_at(ty.span())=> <#ty as ::core::default::Default>::default()),
        }
    }

    /// Fills it in if it was not met; `container` has the container's default.
    pub(super) fn fill(&self) -> TokenStream {
        let (slot, at, ty) = (self.slot(), self.at(), self.field.serde.ty);
        let attrs = &self.field.serde.attrs;
        let member = &self.field.serde.member;
        let of_container = self.level.is_object() && !self.level.cx.model.serde.attrs.default().is_none();
        let fill = match (attrs.default(), self.field.reader()) {
            (Default::None, Reader::Skipped) if of_container => quote!(#slot.or_skipped(__cx, || __container.#member)),
            (_, Reader::Skipped) => {
                let default = self.default();
                quote!(#slot.or_skipped(__cx, || #default))
            }
            (Default::None, _) if of_container => quote!(#slot.or_default(__cx, || __container.#member)),
            (Default::Default | Default::Path(_), _) => {
                let default = self.default();
                quote!(#slot.or_default(__cx, || #default))
            }
            // The length of a list tells which elements are missing at its end.
            (Default::None, _) if !self.level.is_object() => return TokenStream::new(),
            (Default::None, Reader::Flat) => return TokenStream::new(),
            (Default::None, Reader::Plain) => {
                quote_spanned!(shown_at(ty.span())=> #slot.or_foreign_missing(__cx, __at))
            }
            (Default::None, Reader::With(_)) => quote_spanned!(shown_at(ty.span())=> #slot.or_required(__cx, __at)),
            (Default::None, Reader::Ours) => {
                if let (false, Some(name)) = (self.checks_more(), self.name()) {
                    return quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::fill_field(&mut #slot, #name, __cx, __at););
                }
                quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::fill_slot(&mut #slot, __cx, __at))
            }
        };
        let check = self.check_all(&quote!(__value));
        if check.is_empty() {
            return quote!({ let __at = &#at; #fill; });
        }
        quote!({ let __at = &#at; if let __p::Some(__value) = #fill { #check } })
    }
}
