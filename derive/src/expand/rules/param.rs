//! The arguments of rules.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Expr;
use syn::ext::IdentExt;

use super::inner::Inner;
use crate::rule::{Rule, RuleKind, float, integer};

/// A rule's argument, as it is reported.
pub(super) struct Param {
    pub(super) expr: TokenStream,
    /// Its value, if it is known already.
    pub(super) constant: Option<TokenStream>,
}

impl Param {
    pub(super) fn constant(&self, name: &str) -> Option<TokenStream> {
        let constant = self.constant.as_ref()?;
        Some(quote!((#name, __p::Param::#constant)))
    }

    pub(super) fn number(expr: &Expr, inner: Option<&Inner<'_>>) -> Self {
        let constant = match (integer(expr), float(expr)) {
            (Some(value), _) if u64::try_from(value).is_ok() => {
                let literal = proc_macro2::Literal::i128_unsuffixed(value);
                Some(quote!(Unsigned(#literal)))
            }
            (Some(value), _) if i64::try_from(value).is_ok() => {
                let literal = proc_macro2::Literal::i128_unsuffixed(value);
                Some(quote!(Signed(#literal)))
            }
            (_, Some(value)) => {
                let literal = proc_macro2::Literal::f64_unsuffixed(value.abs());
                Some(if value.is_sign_negative() { quote!(Float(-#literal)) } else { quote!(Float(#literal)) })
            }
            _ => None,
        };
        let expr = match inner {
            Some(inner) => typed(expr, inner, inner.is_float()),
            None => expr.to_token_stream(),
        };
        Self { expr, constant }
    }

    /// A value of any type.
    pub(super) fn value(expr: &Expr) -> Self {
        match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Self::text(&text.value()),
            _ => Self { constant: Self::number(expr, None).constant, expr: quote!(&#expr) },
        }
    }

    /// Several values of any type.
    pub(super) fn list(list: &[Expr]) -> Self {
        let texts = list.iter().map(|expr| match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text),
            _ => None,
        });
        let constant = texts.collect::<Option<Vec<_>>>().map(|texts| quote!(Strs(&[#(#texts),*])));
        Self { expr: quote!([#(#list),*]), constant }
    }

    pub(super) fn text(text: &str) -> Self {
        Self { expr: text.to_token_stream(), constant: Some(quote!(Str(#text))) }
    }
}

pub(super) fn params(rule: &Rule, inner: Option<&Inner<'_>>) -> Vec<(&'static str, Param)> {
    match &rule.kind {
        RuleKind::Length { min, max, equal } => [("min", min), ("max", max), ("equal", equal)]
            .into_iter()
            .filter_map(|(name, bound)| Some((name, Param::number(bound.as_ref()?, None))))
            .collect(),
        RuleKind::Range(range) => range.bounds().map(|(name, bound)| (name, Param::number(bound, inner))).collect(),
        RuleKind::Contains(pattern) | RuleKind::DoesNotContain(pattern) => {
            vec![("pattern", Param::text(&pattern.value()))]
        }
        RuleKind::MustMatch(other) => vec![("other", Param::text(&other.unraw().to_string()))],
        RuleKind::Ip { v4, v6 } => [("v4", *v4), ("v6", *v6)]
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| (name, Param { expr: quote!(true), constant: Some(quote!(Bool(true))) }))
            .collect(),
        RuleKind::OneOf(list) | RuleKind::NoneOf(list) | RuleKind::ContainsOnly(list) => {
            vec![("choices", Param::list(list))]
        }
        RuleKind::ContainsNoneOf(list) => vec![("values", Param::list(list))],
        RuleKind::Equal(other) => vec![("other", Param::value(other))],
        RuleKind::Email
        | RuleKind::Url
        | RuleKind::Regex(_)
        | RuleKind::Required
        | RuleKind::NonControlCharacter
        | RuleKind::CreditCard
        | RuleKind::Custom { .. } => Vec::new(),
    }
}

/// A bound of a range; an integer literal serves a float too.
pub(super) fn number(bound: &Expr, is_float: bool) -> TokenStream {
    match integer(bound) {
        Some(value) if is_float => {
            let literal = proc_macro2::Literal::i128_unsuffixed(value.abs());
            let literal: syn::LitFloat =
                syn::LitFloat::new(&format!("{literal}.0"), syn::spanned::Spanned::span(bound));
            if value < 0 { quote!(-#literal) } else { quote!(#literal) }
        }
        _ => bound.to_token_stream(),
    }
}

/// A bound as a value of the field's type, so that its errors are its own.
pub(super) fn typed(bound: &Expr, inner: &Inner<'_>, is_float: bool) -> TokenStream {
    let (ty, bound) = (inner.ty, number(bound, is_float));
    if inner.is_number() { quote!({ let __bound: #ty = #bound; __bound }) } else { bound }
}
