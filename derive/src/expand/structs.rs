//! A struct, in any of its styles.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::cx::Cx;
use super::field_type::{Body, Flat};
use super::level::Expand;
use crate::model::Level;

pub(super) fn expand(cx: &Cx<'_>, level: &Level<'_>) -> Body {
    let ident = &cx.model.input.ident;
    let level = Expand::new(cx, level, 0, quote!(#ident));
    if let Some(body) = converted(cx, level.items(), level_check(&level)) {
        return body;
    }
    let pattern = level.pattern();
    let shares = level.has_flat();
    let uses_name = shares.then(|| level.uses_name()).map(|uses| quote!(let #pattern = self; #uses));
    Body {
        items: level.items(),
        read: level.read(),
        read_flat: level.read_flat(),
        read_datum: level.read_datum(&quote!(__datum.read(__cx, __put))),
        read_key: level.read_key().map(|(ty, read)| (ty.to_token_stream(), read)),
        check: level_check(&level),
        flat: Flat {
            field_name: level.field_name(),
            uses_name,
            takes_all: level.takes_all(&quote!(__p::FlattenedInto<__N>)),
            closes: level.closes().map(|closes| quote!(let #pattern = self; #closes)),
            patch: level.patch_flat(),
        },
        patch: level.patch(),
        flat_names: level.flat_names(),
        is_sensitive: level.is_sensitive(),
        is_null: level.is_null(&quote!(self)),
        same_as: cx.model.serde.attrs.transparent().then(|| level.missing()).flatten(),
    }
}

fn level_check(level: &Expand<'_>) -> TokenStream {
    let (pattern, check) = (level.pattern(), level.check());
    quote!(let #pattern = __this; #check)
}

/// A type with `from` or `try_from`: another type is read, by our reader, and converted.
pub(super) fn converted(cx: &Cx<'_>, items: TokenStream, check: TokenStream) -> Option<Body> {
    let (wire, fallible) = cx.model.converted_from()?;
    let convert = if fallible {
        quote!(__p::Result::ok(<Self as ::core::convert::TryFrom<#wire>>::try_from(__wire)))
    } else {
        quote!(__p::Some(<Self as ::core::convert::From<#wire>>::from(__wire)))
    };
    let convert = quote! {
        match #convert {
            __p::Some(__value) => {
                {
                    let __this = &__value;
                    #check
                }
                __p::Some(__value)
            }
            // Its error's text may quote the payload: that it failed is all that is told.
            __p::None => {
                __p::not_convertible(__cx, __at);
                __p::None
            }
        }
    };
    // A value that becomes sensitive is sensitive on the wire, too.
    let sensitive = cx.model.has_sensitive();
    let cover = sensitive.then(|| quote!(let __at = &__at.cover();));
    Some(Body {
        items,
        read: quote! {{
            #cover
            let __p::Some(__wire) = <#wire as __p::FieldType>::read(__input, __cx, __at)? else {
                return __p::Ok(__p::None);
            };
            let __value: __p::Option<Self> = #convert;
            __p::Ok(__value)
        }},
        read_flat: None,
        read_datum: None,
        read_key: Some((wire.to_token_stream(), quote!({ let __wire = __inner; #convert }))),
        flat: Flat {
            field_name: Some(quote!(<#wire as __p::FieldType>::field_name(__name))),
            takes_all: Some(quote!(<#wire as __p::FieldType>::takes_all::<__p::FlattenedInto<__N>>())),
            ..Flat::default()
        },
        patch: None,
        check,
        flat_names: quote!(<#wire as __p::FieldType>::flat_names(__names);),
        is_sensitive: sensitive.then(|| quote!(true)),
        is_null: None,
        same_as: None,
    })
}
