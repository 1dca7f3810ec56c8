//! A struct, in any of its styles.

use proc_macro2::TokenStream;
use quote::quote;

use super::Cx;
use super::field_type::Body;
use super::level::Expand;
use crate::model::Level;

pub(super) fn expand(cx: &Cx<'_>, level: &Level<'_>) -> Body {
    let ident = &cx.model.input.ident;
    let level = Expand::new(cx, level, 0, quote!(#ident));
    if let Some(body) = converted(cx, level.items(), level_check(&level)) {
        return body;
    }
    Body {
        items: level.items(),
        read: level.read(),
        read_flat: level.read_flat(),
        check: level_check(&level),
        flat_names: level.flat_names(),
        is_sensitive: level.is_sensitive(),
        is_null: level.is_null(&quote!(self)),
        same_as: cx.model.serde.attrs.transparent().then(|| level.missing()).flatten(),
    }
}

fn level_check(level: &Expand<'_>) -> TokenStream {
    let (pattern, check) = (level.pattern(), level.check());
    quote!(let #pattern = this; #check)
}

/// A type with `from` or `try_from`: another type is read, by our reader, and converted.
pub(super) fn converted(cx: &Cx<'_>, items: TokenStream, check: TokenStream) -> Option<Body> {
    let (wire, fallible) = cx.model.converted_from()?;
    let convert = if fallible {
        quote! {
            match <Self as ::core::convert::TryFrom<#wire>>::try_from(wire) {
                __p::Ok(value) => value,
                // Its text may quote the payload: that it failed is all that is told.
                __p::Err(_) => {
                    __p::not_convertible(cx, at);
                    return __p::Ok(__p::None);
                }
            }
        }
    } else {
        quote!(<Self as ::core::convert::From<#wire>>::from(wire))
    };
    Some(Body {
        items,
        read: quote! {{
            let __p::Some(wire) = <#wire as __p::FieldType>::read(input, cx, at)? else {
                return __p::Ok(__p::None);
            };
            let value: Self = #convert;
            {
                let this = &value;
                #check
            }
            __p::Ok(__p::Some(value))
        }},
        read_flat: None,
        check,
        flat_names: quote!(<#wire as __p::FieldType>::flat_names(names);),
        is_sensitive: None,
        is_null: None,
        same_as: None,
    })
}
