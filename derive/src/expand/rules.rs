//! Rules: each is a call, by full path, to validator's public traits, that notes its own finding.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, Ident, Type};

use super::event::optional;
use super::level::with_aliases;
use super::{Cx, shown_at};
use crate::model::{Field, Level, Shape};
use crate::rule::{Rule, RuleKind, float, integer};
use crate::types::{INTEGERS, head};

/// Whether any rule looks at the field alone.
pub(super) fn any_own(field: &Field<'_>) -> bool {
    field.rules.own.iter().any(|rule| !matches!(rule.kind, RuleKind::MustMatch(_)))
}

/// The function that checks rules of a value of this type.
pub(super) fn function(cx: &Cx<'_>, name: &Ident, ty: &Type, rules: &[Rule]) -> TokenStream {
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
    quote! {
        #[inline]
        fn #name #impl_generics (__value: &#ty, __cx: &mut __p::Context<'_>, __at: &__p::At<'_>) #where_clause {
            #rules
        }
    }
}

/// The types of the parts of a container, inside its options and boxes: of a list one, of a map two.
pub(super) fn parts(ty: &Type) -> Vec<&Type> {
    head(Inner::of(ty).ty).map(|(_, arguments)| arguments).unwrap_or_default()
}

/// What rules see of a field: the value inside its options, boxes and shared pointers.
struct Inner<'a> {
    wrappers: Vec<Wrapper>,
    ty: &'a Type,
}

enum Wrapper {
    Option,
    Pointer,
}

impl<'a> Inner<'a> {
    fn of(mut ty: &'a Type) -> Self {
        let mut wrappers = Vec::new();
        while let Some((name, arguments)) = head(ty)
            && let [argument, ..] = arguments[..]
        {
            wrappers.push(match name.as_str() {
                "Option" => Wrapper::Option,
                "Box" | "Rc" | "Arc" => Wrapper::Pointer,
                _ => break,
            });
            ty = argument;
        }
        Self { wrappers, ty }
    }

    /// Wraps the check of `value: &Inner` so that it has `value: &Field`; nothing to see is no fault.
    fn unwrap(&self, check: &TokenStream) -> TokenStream {
        // validator's traits are for types that have a size: of a `Box<str>` they see a `&str`.
        let check = if self.is(&["str"]) { quote!({ let __value = &__value; #check }) } else { check.clone() };
        self.wrappers.iter().rev().fold(check, |check, wrapper| match wrapper {
            Wrapper::Option => quote!(if let __p::Some(__value) = __value { #check }),
            Wrapper::Pointer => quote!({ let __value = &**__value; #check }),
        })
    }

    fn is(&self, names: &[&str]) -> bool {
        head(self.ty).is_some_and(|(name, _)| names.contains(&name.as_str()))
    }

    fn is_number(&self) -> bool {
        self.is(INTEGERS) || self.is_float()
    }

    fn is_float(&self) -> bool {
        self.is(&["f32", "f64"])
    }
}

/// The check of one rule on `value: &Inner`.
fn check(cx: &Cx<'_>, rule: &Rule, inner: &Inner<'_>) -> TokenStream {
    let span = shown_at(rule.span);
    let found = found(rule, Some(inner));
    let holds = match &rule.kind {
        RuleKind::Length { min, max, equal } => {
            let (min, max, equal) = (optional(min.as_ref()), optional(max.as_ref()), optional(equal.as_ref()));
            quote_spanned!(span=> __p::validator::ValidateLength::validate_length(__value, #min, #max, #equal))
        }
        RuleKind::Range(range) => {
            // One type for all of them: on a decimal, `min = 0` beside `max = 99.95` is a float too.
            let is_float = inner.is_float() || range.bounds().any(|(_, bound)| float(bound).is_some());
            let bound = |bound: &Option<Expr>| optional(bound.as_ref().map(|bound| typed(bound, inner, is_float)));
            let (min, max) = (bound(&range.min), bound(&range.max));
            let (exclusive_min, exclusive_max) = (bound(&range.exclusive_min), bound(&range.exclusive_max));
            quote_spanned!(span=> __p::in_range(__value, #min, #max, #exclusive_min, #exclusive_max))
        }
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
            let note = quote!(__p::broken_custom(__cx, __at, __error, #code, #message));
            return call(cx, span, function, &argument, *use_context, &note);
        }
        RuleKind::MustMatch(_) | RuleKind::Required => unreachable!("checked elsewhere"),
    };
    quote!(if !#holds { #found })
}

/// Calls a user's function, whose `error` is noted by `note`.
fn call(
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

/// A bound of a range; an integer literal serves a float too.
fn number(bound: &Expr, is_float: bool) -> TokenStream {
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
fn typed(bound: &Expr, inner: &Inner<'_>, is_float: bool) -> TokenStream {
    let (ty, bound) = (inner.ty, number(bound, is_float));
    if inner.is_number() { quote!({ let __bound: #ty = #bound; __bound }) } else { bound }
}

/// Notes that the rule is broken: as a constant where its arguments are literals.
fn found(rule: &Rule, inner: Option<&Inner<'_>>) -> TokenStream {
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

/// A rule's argument, as it is reported.
struct Param {
    expr: TokenStream,
    /// Its value, if it is known already.
    constant: Option<TokenStream>,
}

impl Param {
    fn constant(&self, name: &str) -> Option<TokenStream> {
        let constant = self.constant.as_ref()?;
        Some(quote!((#name, __p::Param::#constant)))
    }

    fn number(expr: &Expr, inner: Option<&Inner<'_>>) -> Self {
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
    fn value(expr: &Expr) -> Self {
        match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Self::text(&text.value()),
            _ => Self { constant: Self::number(expr, None).constant, expr: quote!(&#expr) },
        }
    }

    /// Several values of any type.
    fn list(list: &[Expr]) -> Self {
        let texts = list.iter().map(|expr| match expr {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text),
            _ => None,
        });
        let constant = texts.collect::<Option<Vec<_>>>().map(|texts| quote!(Strs(&[#(#texts),*])));
        Self { expr: quote!([#(#list),*]), constant }
    }

    fn text(text: &str) -> Self {
        Self { expr: text.to_token_stream(), constant: Some(quote!(Str(#text))) }
    }
}

fn params(rule: &Rule, inner: Option<&Inner<'_>>) -> Vec<(&'static str, Param)> {
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

/// The rules that look at several fields of a level; `field` gives a reference to one, and its place.
pub(super) fn across_fields(level: &Level<'_>, field: impl Fn(usize) -> (TokenStream, TokenStream)) -> TokenStream {
    let rules =
        level.fields.iter().enumerate().flat_map(|(index, f)| f.rules.own.iter().map(move |rule| (index, rule)));
    let checks = rules.filter_map(|(index, rule)| {
        let RuleKind::MustMatch(other) = &rule.kind else { return None };
        let is_other = |f: &Field<'_>| f.serde.original.ident.as_ref().is_some_and(|it| it.unraw() == other.unraw());
        let ((one, at), (other, _)) = (field(index), field(level.fields.iter().position(is_other)?));
        let (found, span) = (found(rule, None), shown_at(rule.span));
        Some(quote_spanned! {span=>
            if !__p::validator::validate_must_match(#one, #other) {
                let __at = &#at;
                #found
            }
        })
    });
    quote!(#(#checks)*)
}

/// The function that checks the rules of the whole type; `before` is what had been found before it
/// was read: rules of the whole wait until its parts are without fault.
pub(super) fn of_whole(cx: &Cx<'_>) -> Option<TokenStream> {
    if cx.model.rules.schemas.is_empty() {
        return None;
    }
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let rules = cx.model.rules.schemas.iter().map(|rule| {
        let function = &rule.function;
        let (code, message) = (optional(rule.code.as_ref()), optional(rule.message.as_ref()));
        let span = function.segments.last().map_or_else(Span::call_site, |last| shown_at(last.ident.span()));
        let note = match rule.field.as_ref().and_then(|field| name_of(cx, field)) {
            Some(name) => quote!({
                let __at = __at.field(const { &#name });
                __p::broken_custom(__cx, &__at, __error, #code, #message);
            }),
            None => quote!(__p::broken_schema(__cx, __at, __error, #code, #message)),
        };
        let check = call(cx, span, function, &quote_spanned!(span=> __value), rule.use_context, &note);
        if rule.skip_on_field_errors { quote!(if __clean { #check }) } else { check }
    });
    let rules = cx.without_self(quote!(#(#rules)*));
    Some(quote! {
        fn __whole #impl_generics (
            __value: &#self_ty,
            __cx: &mut __p::Context<'_>,
            __at: &__p::At<'_>,
            __before: usize,
        ) #where_clause {
            let __clean = __cx.found() == __before;
            let _ = __clean;
            #rules
        }
    })
}

/// The two names of a struct's field, for a path.
fn name_of(cx: &Cx<'_>, field: &Ident) -> Option<TokenStream> {
    let Shape::Struct(level) = &cx.model.shape else { return None };
    let named = |f: &&Field<'_>| f.serde.original.ident.as_ref().is_some_and(|ident| ident.unraw() == field.unraw());
    let found = level.fields.iter().find(named)?;
    let (wire, rust) = (found.serde.attrs.name().deserialize_name(), field.unraw().to_string());
    let sensitive = found.event.sensitive.then(|| quote!(.sensitive()));
    let aliases = with_aliases(wire, found.serde.attrs.aliases());
    Some(quote!(__p::FieldName::new(#wire, #rust) #sensitive #aliases))
}

/// The rules as data, for the contracts: a list in generated code, if there are any.
pub(super) fn to_data(field: &Field<'_>) -> Option<TokenStream> {
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
