//! Flattened fields, and the data beside a tag, share one object. Each name has one owner in it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::attr::TagType;
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::generics::mentions_params;
use crate::expand::quoting::shown_at;
use crate::model::Shape;

impl Expand<'_> {
    /// Whether it refuses what it does not know of an object that it shares, or has for itself if `alone`, over what
    /// [`pattern`](Self::pattern) binds; `None` if it never does.
    pub(in crate::expand) fn closes(&self) -> Option<TokenStream> {
        let of = |field: &ExpandField<'_>, alone: &TokenStream| {
            let (ty, slot) = (field.field.serde.ty, field.slot());
            quote!(<#ty as __p::FieldType>::closes(#slot, #alone))
        };
        if let Some(inner) = self.inner() {
            return inner.field.is_ours().then(|| of(&inner, &quote!(__alone)));
        }
        if !self.is_object() {
            return None;
        }
        let flat: Vec<_> = self.fields().filter(ExpandField::is_flat).map(|field| of(&field, &quote!(false))).collect();
        match (self.cx.model.serde.attrs.deny_unknown_fields(), &flat[..]) {
            (true, []) => Some(quote!(__alone)),
            (true, _) => Some(quote!(true)),
            (false, []) => None,
            (false, flat) => Some(quote!(#(#flat)||*)),
        }
    }

    /// The tag of an enum beside which it stands.
    fn beside(&self) -> Option<&str> {
        match (self.cx.model.serde.attrs.tag(), &self.cx.model.shape) {
            (TagType::Internal { tag }, Shape::Enum(_)) => Some(tag),
            _ => None,
        }
    }

    /// Whether what is read and what is written is its own form.
    fn is_another(&self) -> bool {
        self.cx.model.converted_from().is_some() || self.cx.model.serde.attrs.type_into().is_some()
    }

    /// Notes what flattened fields would write and a load give to others, over what [`pattern`](Self::pattern) binds.
    pub(super) fn check_flat(&self, loaded: bool) -> TokenStream {
        let flat: Vec<_> = self.fields().filter(ExpandField::is_flat).collect();
        if flat.is_empty() || self.is_another() {
            return TokenStream::new();
        }
        let tag = self.beside().map(|tag| quote!(|| __name == #tag));
        let only_written = self.only_written();
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let own =
            quote!(<#marker as __p::Object<#self_ty>>::find(__name).is_some() #tag #(|| __name == #only_written)*);
        let several = flat.len() > 1;
        let checks = flat.iter().enumerate().filter_map(|(index, field)| {
            let (slot, at, write) = (field.slot(), field.at(), field.write()?);
            let check = if several {
                let before = flat[..index].iter().map(ExpandField::uses_name);
                let after = flat[index + 1..].iter().map(ExpandField::uses_name);
                quote! {
                    __flattened.check(
                        #slot,
                        #write,
                        &|__name, __all| #own #(|| #before)* || __all && (false #(|| #after)*),
                        __cx,
                        &#at,
                    );
                }
            } else {
                quote!(__p::check_names(#slot, #write, &|__name| #own, __cx, &#at);)
            };
            Some(match field.field.serde.attrs.skip_serializing_if() {
                Some(skip) => quote_spanned!(shown_at(skip.span())=> if !#skip(#slot) { #check }),
                None => check,
            })
        });
        let checks: Vec<TokenStream> = checks.collect();
        let all = (several && !checks.is_empty()).then(|| quote!(let mut __flattened = __p::Flattened::new(#loaded);));
        quote!(#all #(#checks)*)
    }

    /// Notes what `value`, the data of a variant, would write in the place of its tag.
    pub(super) fn check_beside_tag(&self, inner: &ExpandField<'_>, value: &TokenStream) -> TokenStream {
        match (self.beside(), inner.write()) {
            (Some(tag), Some(write)) if inner.field.is_ours() && !self.is_another() => {
                quote!(__p::check_names(#value, #write, &|__name| __name == #tag, __cx, __at);)
            }
            _ => TokenStream::new(),
        }
    }
}

impl ExpandField<'_> {
    /// The function that writes it, if it is written and the function can be asked more than once: what one of the
    /// user's asks of a parameter is known to the type's `Serialize` alone.
    fn write(&self) -> Option<TokenStream> {
        let (attrs, ty) = (&self.field.serde.attrs, self.field.serde.ty);
        match attrs.serialize_with() {
            _ if attrs.skip_serializing() => None,
            Some(_) if mentions_params(self.level.cx.model, ty) => None,
            Some(path) => Some(quote_spanned!(shown_at(path.span())=> |__value, __names| #path(__value, __names))),
            None => Some(quote_spanned! {shown_at(ty.span())=>
                |__value, __names| <#ty as __p::serde::Serialize>::serialize(__value, __names)
            }),
        }
    }
}
