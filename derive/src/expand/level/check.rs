//! How a value at hand is checked.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::generics::mentions_params;
use crate::expand::quoting::shown_at;
use crate::expand::rules;
use crate::model::Reader;
use crate::types::{head, names_a_float};

impl Expand<'_> {
    /// Checks the fields that [`pattern`](Self::pattern) binds. A type that is read as another may
    /// hold what is none of ours: there only fields with rules are looked at.
    pub(in crate::expand) fn check(&self) -> TokenStream {
        let converted = self.cx.model.converted_from().is_some();
        let checks = self.fields().map(|field| {
            let (slot, at, ty) = (field.slot(), self.at(field.index), field.field.serde.ty);
            let rules = field.check_rules(&quote!(#slot));
            let is_nested = field.field.is_ours() && !converted || field.field.rules.nested;
            if let (true, false, Some(name)) = (is_nested, field.checks_more(), field.name()) {
                return Some(
                    quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::check_field(#slot, #name, __cx, __at);),
                );
            }
            let nested = is_nested
                .then(|| quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::check(#slot, __cx, __at);));
            let parts = field.check_parts(&quote!(#slot));
            let written = field.check_written(&quote!(#slot));
            (nested.is_some() || rules.is_some() || parts.is_some() || written.is_some())
                .then(|| quote!({ let __at = &#at; #nested #parts #rules #written }))
        });
        let keys = match self.inner() {
            Some(inner) => self.check_beside_tag(&inner, &inner.slot().into_token_stream()),
            None => self.check_flat(false),
        };
        let across = rules::across_fields(self.level, |index| {
            let slot = format_ident!("__field_{index}");
            (quote!(#slot), self.at(index))
        });
        quote!(#(#checks)* #keys #across)
    }
}

impl ExpandField<'_> {
    /// Checks the rules of its parts on `value`.
    pub(super) fn check_parts(&self, value: &TokenStream) -> Option<TokenStream> {
        let (kind, functions) = self.part_fns()?;
        Some(quote!(__p::#kind::check_parts(#value, __cx, __at, #functions);))
    }

    /// Calls the field's rules on `value`, in a scope that has `cx` and `at`.
    pub(super) fn check_rules(&self, value: &TokenStream) -> Option<TokenStream> {
        let not_null = self.check_not_null(value);
        let rules = self.has_rules().then(|| {
            let (rules, turbofish) = (self.item("rules"), self.level.cx.turbofish());
            quote!(#rules #turbofish(#value, __cx, __at);)
        });
        (not_null.is_some() || rules.is_some()).then(|| quote!(#not_null #rules))
    }

    /// Refuses what would be written, or left out, though it could not be read.
    pub(super) fn check_written(&self, value: &TokenStream) -> Option<TokenStream> {
        let (attrs, model) = (&self.field.serde.attrs, self.level.cx.model);
        if attrs.skip_serializing() || model.serde.attrs.type_into().is_some() {
            return None;
        }
        let left_out = self.check_left_out(value);
        let written = self.check_what_is_written(value);
        (left_out.is_some() || written.is_some()).then(|| quote!(#left_out #written))
    }

    /// Refuses what a dump would leave out though every load asks for it.
    fn check_left_out(&self, value: &TokenStream) -> Option<TokenStream> {
        let (attrs, ty) = (&self.field.serde.attrs, self.field.serde.ty);
        let skip = attrs.skip_serializing_if()?;
        let has_default = !attrs.default().is_none() || !self.level.cx.model.serde.attrs.default().is_none();
        let is_option = head(ty).is_some_and(|(name, _)| name == "Option");
        let unless = match self.field.reader() {
            _ if !self.level.is_object() || has_default => return None,
            Reader::Skipped => return None,
            Reader::Ours | Reader::Plain | Reader::Flat if is_option => return None,
            Reader::Ours => Some(quote!(&& !__p::may_be_missing::<#ty>(__cx, __at))),
            Reader::Flat => Some(quote!(&& !__p::may_be_nothing::<#ty>(__cx, __at))),
            Reader::Plain => Some(quote!(&& !__p::may_be_missing_foreign::<#ty>())),
            Reader::With(_) => None,
        };
        let check = quote_spanned!(shown_at(skip.span())=> if #skip(#value) #unless { __p::left_out(__cx, __at); });
        Some(check)
    }

    /// Refuses what a foreign type, or a function, would write though it could not be read.
    fn check_what_is_written(&self, value: &TokenStream) -> Option<TokenStream> {
        let (attrs, model) = (&self.field.serde.attrs, self.level.cx.model);
        let ty = self.field.serde.ty;
        if let Some(path) = attrs.serialize_with() {
            // The function is called for it, which only a float is worth. What it asks of a parameter is known to the
            // type's `Serialize` alone.
            if !names_a_float(ty) || mentions_params(model, ty) {
                return None;
            }
            let check = quote_spanned!(shown_at(path.span())=> __p::check_finite(|__output| #path(#value, __output), __cx, __at););
            return Some(match attrs.skip_serializing_if() {
                Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#value) { #check }),
                None => check,
            });
        }
        matches!(self.field.reader(), Reader::Plain)
            .then(|| quote_spanned!(shown_at(ty.span())=> __p::check_plain::<#ty>(#value, __cx, __at);))
    }

    /// Whether more of it is checked than its type checks.
    pub(super) fn checks_more(&self) -> bool {
        let value = quote!(__value);
        let own = [self.check_rules(&value), self.check_parts(&value), self.check_written(&value)];
        own.iter().any(Option::is_some)
    }

    /// Checks a value that was not read: all the way down, and its own rules.
    pub(super) fn check_all(&self, value: &TokenStream) -> TokenStream {
        let ty = self.field.serde.ty;
        let nested = self
            .field
            .is_ours()
            .then(|| quote_spanned!(shown_at(ty.span())=> <#ty as __p::FieldType>::check(#value, __cx, __at);));
        let (parts, own, written) = (self.check_parts(value), self.check_rules(value), self.check_written(value));
        quote!(#nested #parts #own #written)
    }

    /// Refuses a null that would be written though it could not be read.
    pub(super) fn check_not_null(&self, value: &TokenStream) -> Option<TokenStream> {
        let attrs = &self.field.serde.attrs;
        if self.field.event.not_null.is_none() || attrs.skip_serializing() || attrs.serialize_with().is_some() {
            return None;
        }
        let check = quote!(__p::not_null(#value, __cx, __at););
        Some(match attrs.skip_serializing_if() {
            Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#value) { #check }),
            None => check,
        })
    }
}
