//! How a broken rule is noted.

use proc_macro2::TokenStream;
use quote::quote;

use super::inner::Inner;
use super::param::params;
use crate::expand::quoting::optional;
use crate::rule::Rule;

/// Defines how violations are given the `__value` that they are of, unless the `other` value is never shown. Called
/// where a rule is broken, so that nothing is done before.
pub(super) fn show(other: Option<&TokenStream>) -> TokenStream {
    let show = quote!(__cx.show(__at, __p::Shown(__value).to_text()););
    let show = match other {
        Some(other) => quote!(if !__p::Shown(#other).is_hidden() { #show }),
        None => show,
    };
    quote! {
        let __show = |__cx: &mut __p::Context<'_>, __at: &__p::At<'_>| {
            #[allow(unused_imports)]
            use __p::NotShown as _;
            #show
        };
    }
}

/// Calls what [`show`] defines, if values are asked for.
pub(super) fn shown() -> TokenStream {
    quote!(if __cx.shows_values() {
        __show(__cx, __at)
    })
}

/// Notes that the rule is broken: as a constant where its arguments are literals.
pub(super) fn found(rule: &Rule, inner: Option<&Inner<'_>>) -> TokenStream {
    let (params, shown) = (params(rule, inner), shown());
    let code = rule.code();
    let message = optional(rule.message.as_ref());
    if let Some(constants) = params.iter().map(|(name, param)| param.constant(name)).collect::<Option<Vec<_>>>() {
        return quote! {
            {
                static __RULE: __p::Rule = __p::Rule::new(#code, &[#(#constants),*], #message);
                __cx.broken(__at, &__RULE);
                #shown
            }
        };
    }
    let insert = params.iter().map(|(name, param)| {
        let value = &param.expr;
        quote!(__p::param(&mut __params, #name, #value);)
    });
    quote! {
        {
            let mut __params = ::core::default::Default::default();
            #(#insert)*
            __cx.broken_with(__at, #code, __params, #message);
            #shown
        }
    }
}
