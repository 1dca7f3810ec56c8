//! The rules that look at several fields, and those of a whole type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::call::call;
use super::found::{found, show, shown};
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
        let other_index = level.fields.iter().position(is_other)?;
        let ((one, at), (other, _)) = (field(index), field(other_index));
        let (found, span) = (found(rule, None), shown_at(rule.span));
        let (field, other_field) = (&level.fields[index], &level.fields[other_index]);
        // A field that must equal a sensitive one is as good as sensitive.
        let cover = other_field.event.sensitive.then(|| quote!(let __at = &__at.cover();));
        let show = show(field.serde.ty, &[other_field.serde.ty]);
        Some(quote_spanned! {span=>
            if !__p::validator::validate_must_match(#one, #other) {
                let (__at, __value) = (&#at, #one);
                #cover
                #show
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
        let note = match rule.field.as_ref().and_then(|field| named(cx, field)) {
            Some(field) => {
                let (name, member) = (name_of(field), &field.serde.member);
                let (show, shown) = (show(field.serde.ty, &[]), shown());
                let note = quote_spanned!(span=> __p::broken_custom(__cx, __at, __error, #code, #message););
                quote!({
                    let (__at, __value) = (&__at.field(const { &#name }), &__value.#member);
                    #show
                    #note
                    #shown
                })
            }
            None => {
                quote_spanned!(span=> __p::broken_schema::<#self_ty>(__cx, __at, __error, #code, #message))
            }
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

/// A struct's field of this name.
fn named<'a>(cx: &'a Cx<'_>, name: &Ident) -> Option<&'a Field<'a>> {
    let Shape::Struct(level) = &cx.model.shape else { return None };
    let named = |f: &&Field<'_>| f.serde.original.ident.as_ref().is_some_and(|ident| ident.unraw() == name.unraw());
    level.fields.iter().find(named)
}

/// The two names of a struct's field, for a path.
fn name_of(field: &Field<'_>) -> TokenStream {
    let wire = field.serde.attrs.name().deserialize_name();
    let rust = field.serde.original.ident.as_ref().map(|ident| ident.unraw().to_string());
    let sensitive = field.event.sensitive.then(|| quote!(.sensitive()));
    let aliases = with_aliases(wire, field.serde.attrs.aliases());
    quote!(__p::FieldName::new(#wire, #rust) #sensitive #aliases)
}
