//! `impl EventKey` for types that are one value on the wire: newtypes, and enums without data.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use serde_derive_internals::attr::TagType;
use syn::Type;
use syn::spanned::Spanned;

use super::cx::Cx;
use super::quoting::shown_at;
use crate::model::{Level, Shape, Variant};

pub(super) fn expand(cx: &Cx<'_>) -> Option<TokenStream> {
    if cx.model.event.event_key == Some(false) {
        return None;
    }
    if let Some(wire) = cx.model.serde.attrs.type_into() {
        let wire_key = quote! {
            let __wire = <#wire as ::core::convert::From<Self>>::from(::core::clone::Clone::clone(self));
            let __key = __p::EventKey::to_key_bytes(&__wire)?.into_owned();
            __p::Some(__p::Cow::Owned(__key))
        };
        return Some(implement(cx, Some(wire), &wire_key));
    }
    match &cx.model.shape {
        Shape::Struct(level) => of_newtype(cx, level),
        Shape::Enum(variants) => of_enum(cx, variants),
    }
}

fn of_newtype(cx: &Cx<'_>, level: &Level<'_>) -> Option<TokenStream> {
    let inner = &level.fields[level.inner(cx.model.serde.attrs.transparent())?].serde;
    if inner.attrs.skip_serializing() || inner.attrs.serialize_with().is_some() {
        return None;
    }
    // rustc would ask forever whether a type that contains itself is a key.
    if mentions(inner.ty.to_token_stream(), &cx.model.input.ident) {
        return None;
    }
    let member = &inner.member;
    Some(implement(cx, Some(inner.ty), &quote!(__p::EventKey::to_key_bytes(&self.#member))))
}

fn of_enum(cx: &Cx<'_>, variants: &[Variant<'_>]) -> Option<TokenStream> {
    let is_unit = |variant: &Variant<'_>| matches!(variant.level.style, serde_derive_internals::ast::Style::Unit);
    let external = matches!(cx.model.serde.attrs.tag(), TagType::External);
    if variants.is_empty() || !external || !variants.iter().all(is_unit) {
        return None;
    }
    let arms = variants.iter().map(|variant| {
        let (ident, name) = (&variant.ident, variant.attrs.name().serialize_name());
        quote!(Self::#ident {} => #name)
    });
    Some(implement(
        cx,
        None,
        &quote!(__p::Some(__p::Cow::Borrowed(::core::primitive::str::as_bytes(match self { #(#arms),* })))),
    ))
}

/// Whether the type's own name stands among the tokens.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name || ident == "Self",
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// The impl, which counts only where `inner` is a key itself. The lifetime, which says nothing, keeps rustc
/// from asking that of every type at its definition.
fn implement(cx: &Cx<'_>, inner: Option<&Type>, body: &TokenStream) -> TokenStream {
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let mut bounds = where_clause.cloned().unwrap_or_else(|| syn::parse_quote!(where));
    if let Some(inner) = inner {
        let bound = quote_spanned!(shown_at(inner.span())=> for<'__k> #inner: __p::EventKey);
        bounds.predicates.push(syn::parse_quote!(#bound));
    }
    quote! {
        #[automatically_derived]
        impl #impl_generics __p::EventKey for #self_ty #bounds {
            fn to_key_bytes(&self) -> __p::Option<__p::Cow<'_, [u8]>> {
                #body
            }
        }
    }
}
