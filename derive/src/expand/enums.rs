//! An enum, in any of serde's representations.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_derive_internals::attr::TagType;
use syn::ext::IdentExt;

use super::cx::Cx;
use super::field_type::{Body, Flat};
use super::level::Expand;
use super::quoting::with_aliases;
use super::structs;
use crate::model::Variant;

pub(super) fn expand(cx: &Cx<'_>, variants: &[Variant<'_>]) -> Body {
    let ident = &cx.model.input.ident;
    let levels: Vec<(&Variant<'_>, Expand<'_>)> = variants
        .iter()
        .enumerate()
        .map(|(index, variant)| {
            let variant_ident = &variant.ident;
            (variant, Expand::new(cx, &variant.level, index, quote!(#ident::#variant_ident)))
        })
        .collect();
    let readable: Vec<_> = levels.iter().filter(|(variant, _)| !variant.attrs.skip_deserializing()).collect();

    let items = levels.iter().map(|(_, level)| level.items());
    let variants_impl = variants_impl(cx, &readable);
    let (constants, read, read_flat) = representation(cx);
    let arms = levels.iter().map(|(variant, level)| {
        // A variant that is never read need not be readable: its fields have no bounds.
        if variant.attrs.skip_deserializing() {
            let variant = &variant.ident;
            return quote!(#ident::#variant { .. } => {});
        }
        let (pattern, check) = (level.pattern(), level.check());
        let at = step(cx, variant);
        quote!(#pattern => { let __at = &#at; #check })
    });
    let check = if levels.is_empty() { quote!(match *__this {}) } else { quote!(match __this { #(#arms)* }) };
    let items = quote!(#(#items)* #constants);
    if let Some(body) = structs::converted(cx, items.clone(), check.clone()) {
        return body;
    }
    Body {
        items: quote!(#items #variants_impl),
        read,
        read_flat,
        read_datum: read_datum(cx, &readable),
        read_key: None,
        check,
        flat: Flat { takes_all: takes_all(cx, &readable), ..flat(cx, &levels) },
        patch: None,
        flat_names: flat_names(cx, &readable),
        is_sensitive: cx.model.has_sensitive().then(|| quote!(true)),
        is_null: is_null(cx, &levels),
        same_as: None,
    }
}

fn variants_impl(cx: &Cx<'_>, readable: &[&(&Variant<'_>, Expand<'_>)]) -> TokenStream {
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();

    let named = || readable.iter().filter(|(variant, _)| !variant.attrs.other());
    let field_names = readable.iter().map(|(variant, _)| {
        let (wire, rust) = (variant.attrs.name().deserialize_name(), variant.ident.unraw().to_string());
        let aliases = with_aliases(wire, variant.attrs.aliases());
        quote!(__p::FieldName::new(#wire, #rust) #aliases)
    });
    let choices = named().map(|(variant, _)| variant.attrs.name().deserialize_name().to_token_stream());
    let find =
        readable.iter().enumerate().filter(|(_, (variant, _))| !variant.attrs.other()).map(|(index, (variant, _))| {
            let aliases = variant.attrs.aliases();
            quote!(#(#aliases)|* => __p::Some(#index),)
        });
    let other = match readable.iter().position(|(variant, _)| variant.attrs.other()) {
        Some(index) => quote!(__p::Some(#index)),
        None => quote!(__p::None),
    };
    let ident = &cx.model.input.ident;
    let units = readable.iter().enumerate().filter(|(_, (_, level))| level.is_unit()).map(|(index, (variant, _))| {
        let variant = &variant.ident;
        quote!(#index => __p::Some(#ident::#variant {}),)
    });
    let contents = readable.iter().enumerate().filter(|(_, (_, level))| !level.is_unit()).map(|(index, (_, level))| {
        let read = level.read();
        quote!(#index => #read,)
    });
    let missing = readable.iter().enumerate().filter_map(|(index, (_, level))| {
        let missing = level.missing_checked()?;
        Some(quote!(#index => #missing,))
    });
    // Only an enum without any tag is asked.
    let any_field = matches!(cx.model.serde.attrs.tag(), TagType::None).then(|| {
        let fields = readable.iter().filter_map(|(_, level)| level.field_name());
        quote! {
            fn any_field(__name: &str) -> bool {
                false #(|| #fields.is_some())*
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics __p::Variants for #self_ty #where_clause {
            const VARIANTS: &'static [__p::FieldName] = &[#(#field_names),*];

            fn choices() -> &'static __p::Rule {
                static __CHOICES: __p::Rule =
                    __p::Rule::new("choice", &[("choices", __p::Param::Strs(&[#(#choices),*]))], __p::None);
                &__CHOICES
            }

            #[inline]
            fn find(__name: &str) -> __p::Option<usize> {
                match __name {
                    #(#find)*
                    _ => #other,
                }
            }

            #[inline]
            fn unit(__variant: usize) -> __p::Option<Self> {
                match __variant {
                    #(#units)*
                    _ => __p::None,
                }
            }

            fn read_content<'__de, __D: __p::Deserializer<'__de>>(
                __variant: usize,
                __input: __D,
                __cx: &mut __p::Context<'_>,
                __at: &__p::At<'_>,
            ) -> __p::Result<__p::Option<Self>, __D::Error> {
                match __variant {
                    #(#contents)*
                    _ => ::core::unreachable!(),
                }
            }

            #any_field

            fn missing_content(
                __variant: usize,
                __cx: &mut __p::Context<'_>,
                __at: &__p::At<'_>,
            ) -> __p::Option<Self> {
                match __variant {
                    #(#missing)*
                    _ => {
                        __cx.missing(__at);
                        __p::None
                    }
                }
            }
        }
    }
}

/// The constants, the read and the flat read of the enum's representation.
fn representation(cx: &Cx<'_>) -> (TokenStream, TokenStream, Option<TokenStream>) {
    let self_ty = cx.self_ty();
    let deny_unknown = cx.model.serde.attrs.deny_unknown_fields();
    match cx.model.serde.attrs.tag() {
        TagType::External => (
            TokenStream::new(),
            quote!(__p::read_external::<#self_ty, __D>(__input, __cx, __at)),
            Some(quote!(__p::read_external_flat::<#self_ty, __E>(__leftovers, __cx, __at))),
        ),
        TagType::Internal { tag } => (
            quote!(const __TAG: &__p::FieldName = &__p::FieldName::new(#tag, #tag);),
            quote!(__p::read_internal::<#self_ty, __D>(__TAG, __input, __cx, __at)),
            None,
        ),
        TagType::Adjacent { tag, content } => (
            quote! {
                const __FORM: &__p::Adjacent = &__p::Adjacent {
                    tag: __p::FieldName::new(#tag, #tag),
                    content: __p::FieldName::new(#content, #content),
                    names: &[#tag, #content],
                    deny_unknown: #deny_unknown,
                };
            },
            quote!(__p::read_adjacent::<#self_ty, __D>(__FORM, __input, __cx, __at)),
            None,
        ),
        TagType::None => (TokenStream::new(), quote!(__p::read_untagged::<#self_ty, __D>(__input, __cx, __at)), None),
    }
}

/// The read from a valid datum, of an enum whose variants have their data for themselves.
fn read_datum(cx: &Cx<'_>, readable: &[&(&Variant<'_>, Expand<'_>)]) -> Option<TokenStream> {
    let (other, around) = match cx.model.serde.attrs.tag() {
        TagType::External => (quote!(__p::read_symbol(__datum, __cx, __put)), None),
        // The object that has the tag counts as a level.
        TagType::Adjacent { .. } => {
            let around = quote! {
                __cx.enter::<__p::Malformed>()?;
                __cx.leave();
            };
            (quote!(__datum.read(__cx, __put)), Some(around))
        }
        TagType::Internal { .. } | TagType::None => return None,
    };
    if around.is_none() && readable.iter().all(|(_, level)| level.is_unit()) {
        return Some(other);
    }
    let ident = &cx.model.input.ident;
    let arms = readable.iter().enumerate().filter_map(|(index, (variant, level))| {
        if level.is_unit() {
            let variant = &variant.ident;
            return Some(quote! {
                __p::Some((#index, false)) => {
                    #around
                    __datum.skip()?;
                    __put.put(#ident::#variant {});
                    __p::Ok(())
                }
            });
        }
        let read = level.read_datum(&quote!(__p::Err(__p::not_read())))?;
        Some(quote! {
            __p::Some((#index, true)) => {
                let __datum = __datum.content(__cx)?;
                #read?;
                __cx.leave();
                __p::Ok(())
            }
        })
    });
    Some(quote! {
        let __datum = __datum.branch()?;
        match __p::variant_of::<Self>(&__datum) {
            #(#arms)*
            _ => #other,
        }
    })
}

/// The fields that the enum has on a level on which it is flattened.
fn flat(cx: &Cx<'_>, levels: &[(&Variant<'_>, Expand<'_>)]) -> Flat {
    let self_ty = cx.self_ty();
    let readable = || levels.iter().filter(|(variant, _)| !variant.attrs.skip_deserializing());
    // Matches the variant at hand; `body` sees the bindings of its pattern.
    let by_variant = |body: &dyn Fn(&Expand<'_>) -> TokenStream, other: &TokenStream| {
        let arms = readable().filter(|(_, level)| !level.is_unit()).map(|(_, level)| {
            let (pattern, body) = (level.pattern(), body(level));
            quote!(#pattern => { #body })
        });
        quote!(match self { #(#arms)* #[allow(unreachable_patterns)] _ => #other })
    };
    // Its data are read from all that others leave.
    let closes = || {
        let arms: Vec<_> = readable()
            .filter_map(|(_, level)| {
                let (pattern, closes) = (level.pattern(), level.closes()?);
                Some(quote!(#pattern => #closes,))
            })
            .collect();
        (!arms.is_empty())
            .then(|| quote!({ let __alone = true; match self { #(#arms)* #[allow(unreachable_patterns)] _ => false } }))
    };
    let flat = match cx.model.serde.attrs.tag() {
        TagType::External => Flat {
            field_name: Some(quote! {
                <#self_ty as __p::Variants>::find(__name)
                    .map(|__variant| <#self_ty as __p::Variants>::VARIANTS[__variant].wire())
            }),
            // The variant's data is alone in its entry.
            closes: levels.iter().any(|(_, level)| !level.is_unit()).then(|| quote!(__alone)),
            ..Flat::default()
        },
        TagType::Adjacent { tag, content } => Flat {
            field_name: Some(quote! {
                match __name {
                    #tag => __p::Some(#tag),
                    #content => __p::Some(#content),
                    _ => __p::None,
                }
            }),
            closes: cx.model.serde.attrs.deny_unknown_fields().then(|| quote!(__alone)),
            ..Flat::default()
        },
        TagType::Internal { tag } => {
            let uses = by_variant(&|level| level.uses_name(), &quote!(false));
            Flat {
                field_name: Some(quote!((__name == #tag).then_some(#tag))),
                uses_name: Some(quote!(__name == #tag || #uses)),
                closes: closes(),
                ..Flat::default()
            }
        }
        // One without data is not there: what others have would make another of it.
        TagType::None => Flat {
            uses_name: Some(by_variant(
                &|level| level.uses_name(),
                &quote!(<#self_ty as __p::Variants>::any_field(__name)),
            )),
            closes: closes(),
            ..Flat::default()
        },
    };
    Flat { patch: Some(quote!(__p::replace_used(self, __rest, __cx, __at))), ..flat }
}

/// Whether a variant takes all that is left on the level on which the enum is flattened.
fn takes_all(cx: &Cx<'_>, readable: &[&(&Variant<'_>, Expand<'_>)]) -> Option<TokenStream> {
    if matches!(cx.model.serde.attrs.tag(), TagType::External | TagType::Adjacent { .. }) {
        return None;
    }
    let takers: Vec<_> =
        readable.iter().filter_map(|(_, level)| level.takes_all(&quote!(__p::FlattenedInto<__N>))).collect();
    (!takers.is_empty()).then(|| quote!(#(#takers)||*))
}

/// Where a variant's data stand, below `at`.
fn step(cx: &Cx<'_>, variant: &Variant<'_>) -> TokenStream {
    match cx.model.serde.attrs.tag() {
        TagType::External => {
            let (wire, rust) = (variant.attrs.name().deserialize_name(), variant.ident.unraw().to_string());
            let aliases = with_aliases(wire, variant.attrs.aliases());
            quote!(__at.field(const { &__p::FieldName::new(#wire, #rust) #aliases }))
        }
        TagType::Adjacent { .. } => quote!(__at.field(&__FORM.content)),
        TagType::Internal { .. } | TagType::None => quote!(*__at),
    }
}

/// Adds the names that stand at the level on which the enum is flattened.
fn flat_names(cx: &Cx<'_>, readable: &[&(&Variant<'_>, Expand<'_>)]) -> TokenStream {
    let self_ty = cx.self_ty();
    let variants = || readable.iter().map(|(_, level)| level.flat_names());
    match cx.model.serde.attrs.tag() {
        TagType::External => quote!(__names.push(<#self_ty as __p::Variants>::choices().choices());),
        TagType::Internal { tag } => {
            let variants = variants();
            quote!(__names.push(&[#tag]); #(#variants)*)
        }
        TagType::Adjacent { .. } => quote!(__names.push(__FORM.names);),
        TagType::None => variants().collect(),
    }
}

/// Whether the value is null on the wire, which of all enums one without any tag can be.
fn is_null(cx: &Cx<'_>, levels: &[(&Variant<'_>, Expand<'_>)]) -> Option<TokenStream> {
    if !matches!(cx.model.serde.attrs.tag(), TagType::None) {
        return None;
    }
    let arms = levels.iter().filter(|(variant, _)| !variant.attrs.skip_deserializing());
    let arms: Vec<_> = arms.filter_map(|(_, level)| level.is_null_arm()).collect();
    (!arms.is_empty()).then(|| quote!(match self { #(#arms,)* #[allow(unreachable_patterns)] _ => false }))
}
