//! The lists in attributes: how their items are read, and what is said of wrong ones.

use proc_macro2::TokenTree;
use quote::ToTokens;
use serde_derive_internals::Ctxt;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Expr, LitBool, LitStr, Token};

/// Parses an attribute's list. An item with an error is skipped, so that those behind it are looked at.
pub(crate) fn items(cx: &Ctxt, attr: &Attribute, mut parse: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>) {
    let result = attr.parse_nested_meta(|meta| {
        if let Err(error) = parse(&meta) {
            cx.syn_error(error);
            skip_item(&meta)?;
        }
        Ok(())
    });
    if let Err(error) = result {
        cx.syn_error(error);
    }
}

/// As [`items`], of the list in an item's parentheses.
pub(crate) fn nested_items(
    cx: &Ctxt,
    meta: &ParseNestedMeta<'_>,
    mut parse: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !meta.input.peek(syn::token::Paren) {
        let name = name_of(meta);
        return Err(meta.error(format!("`{name}` takes a list in parentheses: `{name}(...)`")));
    }
    meta.parse_nested_meta(|inner| {
        if let Err(error) = parse(&inner) {
            cx.syn_error(error);
            skip_item(&inner)?;
        }
        Ok(())
    })
}

/// Skips the rest of an item, up to the comma.
pub(crate) fn skip_item(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Parses `name = value`; `what` completes "`name` takes ...".
pub(crate) fn value<T: Parse>(meta: &ParseNestedMeta<'_>, what: &str) -> syn::Result<T> {
    let name = name_of(meta);
    if !meta.input.peek(Token![=]) {
        return Err(meta.error(format!("`{name}` takes {what}")));
    }
    let input = meta.value()?;
    let found = input.fork();
    input.parse().map_err(|error| match found.parse::<Expr>() {
        Ok(expr) => syn::Error::new_spanned(expr, format!("`{name}` takes {what}")),
        Err(_) => error,
    })
}

/// A literal or a path without the group that stands around what a `macro_rules` was given for `$value:literal`.
pub(crate) fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) if matches!(*group.expr, Expr::Group(_) | Expr::Lit(_) | Expr::Path(_) | Expr::Unary(_)) => {
            ungrouped(*group.expr)
        }
        other => other,
    }
}

pub(crate) fn string(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    value(meta, &format!("a string: `{} = \"...\"`", name_of(meta)))
}

/// `name` or `name = true`.
pub(crate) fn flag(meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
    if meta.input.peek(Token![=]) { Ok(value::<LitBool>(meta, "`true` or `false`")?.value) } else { Ok(true) }
}

pub(crate) fn name_of(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map_or_else(|| meta.path.to_token_stream().to_string(), |ident| ident.unraw().to_string())
}

/// Sets an option once.
pub(crate) fn set<T>(cx: &Ctxt, meta: &ParseNestedMeta<'_>, option: &mut Option<T>, value: T) {
    if option.is_some() {
        cx.error_spanned_by(&meta.path, format!("`{}` is given twice", name_of(meta)));
    } else {
        *option = Some(value);
    }
}

pub(crate) fn unknown(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], attr: &str, place: &str) -> syn::Error {
    unknown_in(meta, name, known, &format!("#[{attr}(...)] on {place}"))
}

pub(crate) fn unknown_in(meta: &ParseNestedMeta<'_>, name: &str, known: &[&str], place: &str) -> syn::Error {
    let hint = match suggestion(name, known) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("known are {}", list(known)),
    };
    meta.error(format!("unknown `{name}` in {place}; {hint}"))
}

/// The known name that was most probably meant.
pub(crate) fn suggestion<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
