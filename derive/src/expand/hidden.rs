//! Whether a violation never carries a value of the type, because it is, or holds, something sensitive.
//!
//! Lists and objects are never shown, so what counts are the types that are written as a single value.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::TagType;

use super::cx::Cx;
use crate::model::{Field, Level, Shape, Variant};
use crate::types::{is_known, is_same};

/// The method that tells, where it is not the default.
pub(super) fn expand(cx: &Cx<'_>) -> Option<TokenStream> {
    let hidden = is_hidden(cx)?;
    Some(quote! {
        fn is_hidden(&self) -> bool {
            #[allow(unused_imports)]
            use __p::NotShown as _;
            #hidden
        }
    })
}

/// `bool` from `self`.
fn is_hidden(cx: &Cx<'_>) -> Option<TokenStream> {
    let attrs = &cx.model.serde.attrs;
    let into = attrs.type_into();
    let read = cx.model.converted_from().map(|(ty, _)| ty).filter(|read| !into.is_some_and(|into| is_same(read, into)));
    // The value that was read is not at hand any more.
    if cx.model.has_sensitive() || read.is_some_and(|read| !is_known(read)) {
        return Some(quote!(true));
    }
    let own = match &cx.model.shape {
        Shape::Struct(level) => of_struct(cx, level),
        Shape::Enum(variants) => of_enum(cx, variants),
    };
    let Some(into) = into.filter(|into| !is_known(into)) else { return own };
    let own = own.unwrap_or_else(|| quote!(false));
    Some(quote! {
        // Bound first: a `match` at the beginning would be a statement of its own.
        let __own: bool = #own;
        __own || {
            let __written = <Self as ::core::convert::Into<#into>>::into(::core::clone::Clone::clone(self));
            __p::Shown(&__written).is_hidden()
        }
    })
}

fn of_struct(cx: &Cx<'_>, level: &Level<'_>) -> Option<TokenStream> {
    let transparent = cx.model.serde.attrs.transparent();
    let hides = |field: &Field<'_>| {
        let member = &field.serde.member;
        (!is_known(field.serde.ty)).then(|| quote!(__p::Shown(&self.#member).is_hidden()))
    };
    if let Some(inner) = level.inner(transparent) {
        return hides(&level.fields[inner]).or_else(|| transparent.then(|| quote!(false)));
    }
    if cx.model.serde.attrs.type_into().is_some() {
        let hidden = level.fields.iter().filter_map(hides);
        return Some(quote!(false #(|| #hidden)*));
    }
    matches!(level.style, Style::Tuple).then(|| quote!(true))
}

fn of_enum(cx: &Cx<'_>, variants: &[Variant<'_>]) -> Option<TokenStream> {
    let (ident, attrs) = (&cx.model.input.ident, &cx.model.serde.attrs);
    let (is_converted, is_untagged) = (attrs.type_into().is_some(), matches!(attrs.tag(), TagType::None));
    let arms = variants.iter().filter(|variant| !variant.level.fields.is_empty()).map(|variant| {
        let name = &variant.ident;
        if !(is_converted || is_untagged && matches!(variant.level.style, Style::Newtype)) {
            return quote!(#ident::#name { .. } => true,);
        }
        let asked = variant.level.fields.iter().enumerate().filter(|(_, field)| !is_known(field.serde.ty));
        let (members, slots): (Vec<_>, Vec<_>) =
            asked.map(|(index, field)| (&field.serde.member, format_ident!("__field_{index}"))).unzip();
        quote!(#ident::#name { #(#members: #slots,)* .. } => false #(|| __p::Shown(#slots).is_hidden())*,)
    });
    let arms: Vec<TokenStream> = arms.collect();
    (!arms.is_empty()).then(|| quote!(match self { #(#arms)* #[allow(unreachable_patterns)] _ => false }))
}
