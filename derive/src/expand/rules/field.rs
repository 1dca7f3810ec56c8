//! The rules of one field.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Expr, Ident, Type};

use super::call::call;
use super::found::{found, show, shown};
use super::inner::Inner;
use super::param::{number, typed};
use crate::expand::cx::Cx;
use crate::expand::quoting::{optional, shown_at};
use crate::model::Field;
use crate::rule::{Rule, RuleKind, float};

/// Whether any rule looks at the field alone.
pub(in crate::expand) fn any_own(field: &Field<'_>) -> bool {
    field.rules.own.iter().any(|rule| !matches!(rule.kind, RuleKind::MustMatch(_)))
}

/// The function that checks rules of a value of this type.
pub(in crate::expand) fn function(cx: &Cx<'_>, name: &Ident, ty: &Type, rules: &[Rule]) -> TokenStream {
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let inner = Inner::of(ty);
    let rules = rules.iter().filter_map(|rule| match rule.kind {
        RuleKind::MustMatch(_) => None,
        RuleKind::Required => {
            let found = found(rule, None);
            let span = shown_at(rule.span);
            Some(quote_spanned!(span=> if ::core::option::Option::is_none(__value) { #found }))
        }
        _ => {
            let check = check(cx, rule, &inner);
            Some(inner.unwrap(&check))
        }
    });
    let rules = cx.without_self(quote!(#(#rules)*));
    let show = show(None);
    quote! {
        #[inline]
        fn #name #impl_generics (__value: &#ty, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) #where_clause {
            #show
            #rules
        }
    }
}

/// The check of one rule on `value: &Inner`.
fn check(cx: &Cx<'_>, rule: &Rule, inner: &Inner<'_>) -> TokenStream {
    let span = shown_at(rule.span);
    let found = found(rule, Some(inner));
    let holds = match &rule.kind {
        RuleKind::Length { min, max, equal } => {
            let (min, max, equal) = (optional(min.as_ref()), optional(max.as_ref()), optional(equal.as_ref()));
            if inner.is(&["String"]) {
                quote_spanned!(span=> __p::has_length(__value, #min, #max, #equal))
            } else {
                quote_spanned!(span=> __p::validator::ValidateLength::validate_length(__value, #min, #max, #equal))
            }
        }
        RuleKind::Range(range) => {
            // One type for all of them: on a decimal, `min = 0` beside `max = 99.95` is a float too.
            let is_float = inner.is_float() || range.bounds().any(|(_, bound)| float(bound).is_some());
            let bound = |bound: &Option<Expr>| optional(bound.as_ref().map(|bound| typed(bound, inner, is_float)));
            let (min, max) = (bound(&range.min), bound(&range.max));
            let (exclusive_min, exclusive_max) = (bound(&range.exclusive_min), bound(&range.exclusive_max));
            quote_spanned!(span=> __p::in_range(__value, #min, #max, #exclusive_min, #exclusive_max))
        }
        RuleKind::Email if inner.is(&["String"]) => quote_spanned!(span=> __p::is_email(__value)),
        RuleKind::Email => quote_spanned!(span=> __p::validator::ValidateEmail::validate_email(__value)),
        RuleKind::Url => quote_spanned!(span=> __p::validator::ValidateUrl::validate_url(__value)),
        RuleKind::Ip { v4, v6 } => {
            let method = Ident::new(
                match (v4, v6) {
                    (true, false) => "validate_ipv4",
                    (false, true) => "validate_ipv6",
                    _ => "validate_ip",
                },
                span,
            );
            quote_spanned!(span=> __p::validator::ValidateIp::#method(__value))
        }
        RuleKind::Regex(path) => {
            quote_spanned!(span=> __p::validator::ValidateRegex::validate_regex(__value, &#path))
        }
        RuleKind::Contains(pattern) => {
            quote_spanned!(span=> __p::validator::ValidateContains::validate_contains(__value, #pattern))
        }
        RuleKind::DoesNotContain(pattern) => {
            quote_spanned!(span=> __p::validator::ValidateDoesNotContain::validate_does_not_contain(__value, #pattern))
        }
        RuleKind::NonControlCharacter => {
            quote_spanned!(span=> __p::validator::ValidateNonControlCharacter::validate_non_control_character(__value))
        }
        RuleKind::CreditCard => {
            quote_spanned!(span=> __p::validator::ValidateCreditCard::validate_credit_card(__value))
        }
        RuleKind::OneOf(list) => {
            let list = list.iter().map(|value| number(value, inner.is_float()));
            quote_spanned!(span=> __p::is_one_of(__value, &[#(#list),*]))
        }
        RuleKind::NoneOf(list) => {
            let list = list.iter().map(|value| number(value, inner.is_float()));
            quote_spanned!(span=> !__p::is_one_of(__value, &[#(#list),*]))
        }
        RuleKind::Equal(other) => {
            let other = number(other, inner.is_float());
            quote_spanned!(span=> __p::is_one_of(__value, &[#other]))
        }
        RuleKind::ContainsOnly(list) => quote_spanned! {span=>
            ::core::iter::IntoIterator::into_iter(__value).all(|__value| __p::is_one_of(__value, &[#(#list),*]))
        },
        RuleKind::ContainsNoneOf(list) => quote_spanned! {span=>
            !::core::iter::IntoIterator::into_iter(__value).any(|__value| __p::is_one_of(__value, &[#(#list),*]))
        },
        RuleKind::Custom { function, use_context } => {
            // As validator passes them: numbers by value, a `Cow` as what it borrows.
            let argument = if inner.is_number() {
                quote_spanned!(span=> *__value)
            } else if inner.is(&["Cow"]) {
                quote_spanned!(span=> ::core::convert::AsRef::as_ref(__value))
            } else {
                quote_spanned!(span=> __value)
            };
            let (code, message) = (optional(rule.code.as_ref()), optional(rule.message.as_ref()));
            let shown = shown();
            let note = quote_spanned!(span=> __p::broken_custom(__cx, __at, __error, #code, #message););
            let note = quote!({ #note #shown });
            return call(cx, span, function, &argument, *use_context, &note);
        }
        RuleKind::MustMatch(_) | RuleKind::Required => unreachable!("checked elsewhere"),
    };
    quote!(if !#holds { #found })
}
