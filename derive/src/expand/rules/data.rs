//! The rules as data, for the contracts.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, Ident, Type};

use super::inner::{Inner, parts};
use super::param::Param;
use crate::expand::quoting::optional;
use crate::model::Field;
use crate::rule::{Rule, RuleKind};

/// The rules as data, for the contracts: a list in generated code, if there are any.
pub(in crate::expand) fn to_data(field: &Field<'_>) -> Option<TokenStream> {
    let rules = &field.rules;
    let mut list = data(&rules.own, field.serde.ty);
    let parts = parts(field.serde.ty);
    for (name, part, of) in [("Each", 0, &rules.each), ("Keys", 0, &rules.keys), ("Values", 1, &rules.values)] {
        if let Some(ty) = parts.get(part).filter(|_| !of.is_empty()) {
            let (name, of) = (Ident::new(name, Span::call_site()), data(of, ty));
            list.push(quote!(__p::ShapeRule::#name(__p::Vec::from([#(#of),*]))));
        }
    }
    (!list.is_empty()).then(|| quote!(__p::Vec::from([#(#list),*])))
}

/// The rules of a value of this type, as expressions.
fn data(rules: &[Rule], ty: &Type) -> Vec<TokenStream> {
    let inner = Inner::of(ty);
    let list = |list: &[Expr]| {
        let values = list.iter().map(|value| Param::value(value).expr);
        quote!(__p::Vec::from([#(__p::to_json(#values)),*]))
    };
    let rule = |rule: &Rule| match &rule.kind {
        RuleKind::Length { min, max, equal } => {
            let bound = |bound: &Option<Expr>| optional(equal.as_ref().or(bound.as_ref()));
            let (min, max) = (bound(min), bound(max));
            quote!(Length { min: #min, max: #max })
        }
        RuleKind::Range(range) => {
            let bounds = range.bounds().map(|(name, bound)| {
                let (name, value) = (Ident::new(name, Span::call_site()), Param::number(bound, Some(&inner)).expr);
                quote!(#name: __p::MaybeValue(#value).to_value(),)
            });
            quote!(Range(__p::Range { #(#bounds)* ..::core::default::Default::default() }))
        }
        RuleKind::Email => quote!(Format(__p::Cow::Borrowed("email"))),
        RuleKind::Url => quote!(Format(__p::Cow::Borrowed("uri"))),
        RuleKind::Ip { v4, v6 } => quote!(Ip { v4: #v4, v6: #v6 }),
        RuleKind::Regex(path) => {
            let regex = quote!(__p::validator::AsRegex::as_regex(&#path).as_str());
            quote!(Pattern(__p::Cow::Owned(::std::borrow::ToOwned::to_owned(#regex))))
        }
        RuleKind::Contains(pattern) => quote!(Contains(#pattern)),
        RuleKind::DoesNotContain(pattern) => quote!(DoesNotContain(#pattern)),
        RuleKind::NonControlCharacter => quote!(NoControlCharacters),
        RuleKind::OneOf(choices) => {
            let choices = list(choices);
            quote!(OneOf(#choices))
        }
        RuleKind::NoneOf(choices) => {
            let choices = list(choices);
            quote!(NoneOf(#choices))
        }
        RuleKind::Equal(other) => {
            let other = list(std::slice::from_ref(other));
            quote!(OneOf(#other))
        }
        RuleKind::ContainsOnly(choices) => {
            let choices = list(choices);
            quote!(Each(__p::Vec::from([__p::ShapeRule::OneOf(#choices)])))
        }
        RuleKind::ContainsNoneOf(choices) => {
            let choices = list(choices);
            quote!(Each(__p::Vec::from([__p::ShapeRule::NoneOf(#choices)])))
        }
        RuleKind::Required => quote!(Required),
        RuleKind::CreditCard => quote!(CreditCard),
        RuleKind::MustMatch(other) => {
            let other = other.unraw().to_string();
            quote!(MustMatch(#other))
        }
        RuleKind::Custom { .. } => quote!(Custom),
    };
    let data = rules.iter().map(|one| {
        let data = rule(one);
        quote!(__p::ShapeRule::#data)
    });
    data.collect()
}
