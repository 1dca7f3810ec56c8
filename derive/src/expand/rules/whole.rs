//! The rules that look at several fields, and those of a whole type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::call::call;
use super::found::found;
use crate::expand::cx::Cx;
use crate::expand::quoting::{optional, shown_at, with_aliases};
use crate::model::{Field, Level, Shape};
use crate::rule::RuleKind;

/// The rules that look at several fields of a level; `field` gives a reference to one, and its place.
pub(in crate::expand) fn across_fields(
    level: &Level<'_>,
    field: impl Fn(usize) -> (TokenStream, TokenStream),
) -> TokenStream {
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
pub(in crate::expand) fn of_whole(cx: &Cx<'_>) -> Option<TokenStream> {
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
