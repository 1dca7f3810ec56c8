//! How a broken rule is noted.

use proc_macro2::TokenStream;
use quote::quote;

use super::inner::Inner;
use super::param::params;
use crate::expand::quoting::optional;
use crate::rule::Rule;

/// Notes that the rule is broken: as a constant where its arguments are literals.
pub(super) fn found(rule: &Rule, inner: Option<&Inner<'_>>) -> TokenStream {
    let params = params(rule, inner);
    let code = rule.code();
    let message = optional(rule.message.as_ref());
    if let Some(constants) = params.iter().map(|(name, param)| param.constant(name)).collect::<Option<Vec<_>>>() {
        return quote! {
            {
                static __RULE: __p::Rule = __p::Rule::new(#code, &[#(#constants),*], #message);
                __cx.broken(__at, &__RULE)
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
        }
    }
}
