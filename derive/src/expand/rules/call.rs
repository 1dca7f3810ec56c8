//! How a function of the user's is called.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::expand::cx::Cx;

/// Calls a user's function, whose `error` is noted by `note`.
pub(super) fn call(
    cx: &Cx<'_>,
    span: Span,
    function: &syn::Path,
    argument: &TokenStream,
    use_context: bool,
    note: &TokenStream,
) -> TokenStream {
    match &cx.model.rules.context {
        Some(context) if use_context => quote_spanned! {span=>
            match __cx.user::<#context>() {
                __p::Some(__context) => if let __p::Err(__error) = #function(#argument, __context) { #note; },
                __p::None => __p::no_context::<#context>(__cx, __at),
            }
        },
        _ => quote_spanned!(span=> if let __p::Err(__error) = #function(#argument) { #note; }),
    }
}
