//! The items that the code of a level uses.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::Default;
use syn::Ident;
use syn::spanned::Spanned;

use super::Expand;
use super::field::ExpandField;
use crate::expand::quoting::{optional, shown_at, with_aliases};
use crate::expand::rules;
use crate::model::Reader;
use crate::rule::Rule;

impl Expand<'_> {
    /// The items that its code uses.
    pub(in crate::expand) fn items(&self) -> TokenStream {
        let names = self.names();
        let list = self.fields().map(|field| {
            let (wire, rust) = (field.field.serde.attrs.name().deserialize_name(), field.rust_name());
            let messages = &field.field.event.messages;
            let texts = [&messages.required, &messages.null, &messages.invalid];
            let messages = texts.iter().any(|text| text.is_some()).then(|| {
                let texts = texts.map(|text| optional(text.as_ref()));
                quote!(.with_messages(&[#(#texts),*]))
            });
            let sensitive = field.field.event.sensitive.then(|| quote!(.sensitive()));
            let aliases = with_aliases(wire, field.field.serde.attrs.aliases());
            quote!(__p::FieldName::new(#wire, #rust) #messages #sensitive #aliases)
        });
        let rule_fns = self.fields().map(|field| field.rule_fns());
        let rule_fns: Vec<TokenStream> = rule_fns.collect();
        let readers = self.fields().filter_map(|field| field.reader_item());
        let readers: Vec<TokenStream> = readers.collect();
        let traits = match self.level.style {
            _ if self.inner.is_some() => None,
            Style::Struct => Some(self.object()),
            Style::Tuple | Style::Newtype => Some(self.elements()),
            Style::Unit => None,
        };
        quote! {
            const #names: &[__p::FieldName] = &[#(#list),*];
            #(#rule_fns)*
            #(#readers)*
            #traits
        }
    }

    pub(super) fn object(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let (impl_generics, _, where_clause) = self.cx.generics.split_for_impl();
        let flattens = self.fields().any(|field| field.is_flat());
        let denies = self.cx.model.serde.attrs.deny_unknown_fields();
        let deny_unknown = denies && !flattens;
        let find = self.fields().filter(|field| !field.is_skipped() && !field.is_flat()).map(|field| {
            let (aliases, index) = (field.field.serde.attrs.aliases(), field.index);
            quote!(#(#aliases)|* => __p::Some(#index),)
        });

        let known = self.fields().filter(|field| !field.is_skipped() && !field.is_flat());
        let known = known.map(|field| field.field.serde.attrs.name().deserialize_name().to_token_stream());

        let slots = self.fields().map(|field| field.declare());
        let arms: Vec<TokenStream> = self
            .fields()
            .filter(|field| !field.is_skipped() && !field.is_flat())
            .map(|field| field.read_entry())
            .collect();
        let entries = if flattens {
            let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.read_flat());
            let names = self.flat_names();
            // A flattened map must not keep a name that is written and never read, or a dump writes it twice.
            let written = self.only_written();
            let only_written = (!denies && !written.is_empty()).then(|| {
                quote! {
                    __p::Err(__name) if ::core::matches!(&*__name, #(#written)|*) => {
                        __p::skip_written::<Self, #self_ty, __A>(&mut __entries, &__name, __cx, __at)
                    }
                }
            });
            let takes_all = self.takes_all(&quote!(())).unwrap_or_else(|| quote!(false));
            let deny = quote!(__leftovers.deny(#denies, #takes_all, __cx, __at, |__names| { #names }););
            quote! {
                let mut __leftovers = __p::Leftovers::default();
                while let __p::Some(__field) =
                    __p::next_field_or_name::<Self, #self_ty, __A>(&mut __entries, __cx, __at, #denies)?
                {
                    match __field {
                        #(__p::Ok #arms)*
                        __p::Ok(_) => ::core::unreachable!(),
                        #only_written
                        __p::Err(__name) => __p::keep_value(&mut __entries, __name, &mut __leftovers, __cx),
                    }?;
                }
                #(#flat)*
                #deny
            }
        } else {
            quote! {
                while let __p::Some(__field) = __p::next_field::<Self, #self_ty, __A>(&mut __entries, __cx, __at)? {
                    match __field {
                        #(__p::Some #arms)*
                        _ => __p::skip_value(&mut __entries),
                    }?;
                }
            }
        };
        let written = self.only_written();
        let only_writes = (!written.is_empty()).then(|| {
            quote! {
                fn only_writes(__name: &str) -> bool {
                    ::core::matches!(__name, #(#written)|*)
                }
            }
        });
        let (finish, fields) = (self.finish(), self.names());
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::Object<#self_ty> for #marker #where_clause {
                const DENY_UNKNOWN: bool = #deny_unknown;
                const FLATTENS: bool = #flattens;
                const NAMES: &'static [&'static str] = &[#(#known),*];
                const FIELDS: &'static [__p::FieldName] = #fields;

                fn find(__name: &str) -> __p::Option<usize> {
                    match __name {
                        #(#find)*
                        _ => __p::None,
                    }
                }

                #only_writes

                fn read_entries<'__de, __A: __p::MapAccess<'__de>>(
                    mut __entries: __A,
                    __cx: &mut __p::Context<'_>,
                    __at: &__p::At<'_>,
                ) -> __p::Result<__p::Option<#self_ty>, __A::Error> {
                    #(#slots)*
                    #entries
                    #finish
                }
            }
        }
    }

    pub(super) fn elements(&self) -> TokenStream {
        let (marker, self_ty) = (self.marker(), self.cx.self_ty());
        let (impl_generics, _, where_clause) = self.cx.generics.split_for_impl();
        let length = self.fields().filter(|field| !field.is_skipped()).count();
        // As serde, a reader takes a list that ends before the fields with a default.
        let has_default = |field: &ExpandField<'_>| !field.field.serde.attrs.default().is_none();
        let read: Vec<bool> =
            self.fields().filter(|field| !field.is_skipped()).map(|field| has_default(&field)).collect();
        let required = read.iter().rposition(|has_default| !has_default).map_or(0, |last| last + 1);
        let required = (required < length).then(|| quote!(const REQUIRED: usize = #required;));
        let slots = self.fields().map(|field| field.declare());
        let reads = self.fields().filter(|field| !field.is_skipped()).map(|field| field.read_element());
        let finish = self.finish();
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::Elements<#self_ty> for #marker #where_clause {
                const LENGTH: usize = #length;
                #required

                fn read_elements<'__de, __A: __p::SeqAccess<'__de>>(
                    __elements: &mut __A,
                    __cx: &mut __p::Context<'_>,
                    __at: &__p::At<'_>,
                ) -> __p::Result<__p::Option<#self_ty>, __A::Error> {
                    #(#slots)*
                    #(#reads)*
                    #finish
                }
            }
        }
    }

    /// Fills in what was not met, checks the rules over several fields, and builds the value.
    pub(super) fn finish(&self) -> TokenStream {
        let fills = self.fields().map(|field| field.fill());
        let may_be_filled = self.is_object() && !self.level.fields.is_empty();
        let fills = match (may_be_filled, self.cx.model.serde.attrs.default()) {
            (true, default @ (Default::Default | Default::Path(_))) => {
                let self_ty = self.cx.self_ty();
                let slots = self.fields().map(|field| field.slot());
                let value = match default {
                    Default::Path(path) => quote!(#path()),
                    _ => quote!(<#self_ty as ::core::default::Default>::default()),
                };
                // Made only when it is needed, but then once for all, as serde does.
                quote! {
                    if #(::core::matches!(#slots, __p::Slot::Missing))||* {
                        let __container: #self_ty = #value;
                        #(#fills)*
                    }
                }
            }
            _ => quote!(#(#fills)*),
        };
        let slots: Vec<Ident> = self.fields().map(|field| field.slot()).collect();
        let across = rules::across_fields(self.level, |index| {
            let (slot, at) = (&slots[index], self.at(index));
            (quote!(&#slot), at)
        });
        let shared = self.check_flat(true);
        let shared = (!shared.is_empty()).then(|| {
            let flat = self.fields().filter(ExpandField::is_flat).map(|field| field.slot());
            quote!({ #(let #flat = &#flat;)* #shared })
        });
        let constructor = &self.constructor;
        let members: Vec<_> = self.fields().map(|field| field.field.serde.member.clone()).collect();
        if across.is_empty() && shared.is_none() {
            let unless =
                (!slots.is_empty()).then(|| quote!(if #(#slots.good().is_none())||* { return __p::Ok(__p::None); }));
            // Each value is moved once, from its slot to its place.
            return quote! {
                #fills
                #unless
                __p::Ok(__p::Some(#constructor { #(#members: #slots.into_good()),* }))
            };
        }
        quote! {
            #fills
            #(let __p::Slot::Good(#slots) = #slots else { return __p::Ok(__p::None) };)*
            #across
            #shared
            __p::Ok(__p::Some(#constructor { #(#members: #slots),* }))
        }
    }
}

impl ExpandField<'_> {
    /// The functions that check its rules and those of its parts.
    pub(super) fn rule_fns(&self) -> TokenStream {
        let (cx, rules, ty) = (self.level.cx, &self.field.rules, self.field.serde.ty);
        let own = self.has_rules().then(|| rules::function(cx, &self.item("rules"), ty, &rules.own));
        let parts = rules::parts(ty);
        let part = |what: &str, index: usize, of: &[Rule]| {
            // The compiler reports a type with rules for its parts and no such part in sight.
            let ty = parts.get(index).copied().unwrap_or(ty);
            (!of.is_empty()).then(|| rules::function(cx, &self.item(what), ty, of))
        };
        let each = part("each", 0, &rules.each);
        let keys = part("keys", 0, &rules.keys);
        let values = part("values", 1, &rules.values);
        quote!(#own #each #keys #values)
    }

    /// The type that calls the field's `deserialize_with`.
    pub(super) fn reader_item(&self) -> Option<TokenStream> {
        let Reader::With(path) = self.field.reader() else { return None };
        let (name, ty, self_ty) = (self.item("Read"), self.field.serde.ty, self.level.cx.self_ty());
        let generics = &self.level.cx.generics;
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let call = quote_spanned!(shown_at(path.span())=> #path(__input));
        Some(quote! {
            struct #name #impl_generics (::core::marker::PhantomData<fn() -> #self_ty>) #where_clause;

            #[automatically_derived]
            impl #impl_generics __p::With<#ty> for #name #ty_generics #where_clause {
                fn call<'__de, __D: __p::Deserializer<'__de>>(__input: __D) -> __p::Result<#ty, __D::Error> {
                    #call
                }
            }
        })
    }
}
