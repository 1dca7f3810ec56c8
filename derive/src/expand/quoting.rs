//! Pieces of generated code.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use serde_derive_internals::name::Name;

/// Shows errors at a user's token. Names resolve as in all generated code: a token that came through
/// a `macro_rules` does not see our `cx` and `self`.
pub(super) fn shown_at(token: Span) -> Span {
    token.resolved_at(Span::call_site())
}

/// `Some(value)` or `None` in generated code.
pub(super) fn optional(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(__p::Some(#value)),
        None => quote!(__p::None),
    }
}

/// The other names that the input may have for `name`, as a call on its `FieldName`.
pub(super) fn with_aliases(name: &Name, aliases: &BTreeSet<Name>) -> Option<TokenStream> {
    let aliases: Vec<_> = aliases.iter().filter(|alias| *alias != name).collect();
    (!aliases.is_empty()).then(|| quote!(.with_aliases(&[#(#aliases),*])))
}
