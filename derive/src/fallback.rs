//! Impls that are emitted beside errors. They do nothing, so that one bad attribute is one error and not one more at
//! every use of the type.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use serde_derive_internals::ast::Container;
use serde_derive_internals::attr::Identifier;
use serde_derive_internals::{Ctxt, Derive};
use syn::{Data, DeriveInput, Fields, Ident, Path, parse_quote};

use crate::attr::{asks_for_debug, keeps_event_key, keeps_json_schema, keeps_validate};
use crate::check::derived_json_schema;

pub(crate) fn expand(krate: &Path, input: &DeriveInput) -> TokenStream {
    let (ident, visibility) = (&input.ident, &input.vis);
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();

    // Generic types ask for it, as the real impl does; of others rustc says itself that it is missing.
    let mut event_generics = input.generics.clone();
    if !event_generics.params.is_empty() {
        event_generics.make_where_clause().predicates.push(parse_quote!(Self: __p::serde::Serialize));
    }
    let (_, _, event_where) = event_generics.split_for_impl();

    // serde's derive gives up on the same attributes and emits nothing.
    let serialize = serde_gives_up(input).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::serde::Serialize for #ident #ty_generics #where_clause {
                fn serialize<__S: __p::serde::Serializer>(&self, _: __S) -> __p::Result<__S::Ok, __S::Error> {
                    ::core::unreachable!()
                }
            }
        }
    });
    let debug = asks_for_debug(input).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #ident #ty_generics #where_clause {
                fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::unreachable!()
                }
            }
        }
    });
    let validate = (!keeps_validate(input)).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::validator::Validate for #ident #ty_generics #where_clause {
                fn validate(&self) -> __p::Result<(), __p::validator::ValidationErrors> {
                    ::core::unreachable!()
                }
            }
        }
    });

    let json_schema = json_schema(input);
    let one_value = match &input.data {
        Data::Struct(data) => matches!(&data.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1),
        Data::Enum(data) => data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)),
        Data::Union(_) => false,
    };
    let key = (one_value && !keeps_event_key(input)).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::EventKey for #ident #ty_generics #where_clause {
                fn to_key_bytes(&self) -> __p::Option<__p::Cow<'_, [u8]>> {
                    ::core::unreachable!()
                }
            }
        }
    });

    quote! {
        #[doc(hidden)]
        #[allow(unused_qualifications, clippy::all, clippy::pedantic, clippy::restriction, clippy::nursery)]
        const _: () = {
            use #krate::__private as __p;

            #[automatically_derived]
            impl #impl_generics __p::FieldType for #ident #ty_generics #event_where {
                fn read<'__de, __D: __p::Deserializer<'__de>>(
                    _: __D,
                    _: &mut __p::Context<'_>,
                    _: &__p::At<'_>,
                ) -> __p::Result<__p::Option<Self>, __D::Error> {
                    ::core::unreachable!()
                }

                fn shape() -> __p::Shape {
                    ::core::unreachable!()
                }
            }

            #json_schema

            #[automatically_derived]
            impl #impl_generics __p::EventSchema for #ident #ty_generics #event_where {}

            #[automatically_derived]
            impl #impl_generics __p::Generated for #ident #ty_generics #event_where {
                const DESCRIPTOR: &'static __p::Descriptor = &__p::Descriptor::new("", 1, __p::None);
            }

            impl #impl_generics #ident #ty_generics #where_clause {
                #[allow(dead_code, reason = "generated for every event")]
                #visibility fn json_schema() -> __p::schemars::Schema {
                    ::core::unreachable!()
                }
            }

            #key
            #serialize
            #validate
            #debug
        };
    }
}

/// The `impl JsonSchema`, unless the type has one of its own.
fn json_schema(input: &DeriveInput) -> Option<TokenStream> {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let has_own = keeps_json_schema(input) || derived_json_schema(input).is_some();
    (!has_own).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::schemars::JsonSchema for #ident #ty_generics #where_clause {
                fn schema_name() -> __p::Cow<'static, str> {
                    ::core::unreachable!()
                }

                fn json_schema(_: &mut __p::schemars::SchemaGenerator) -> __p::schemars::Schema {
                    ::core::unreachable!()
                }
            }
        }
    })
}

/// Whether serde's derive has errors of its own for the type, or writes an impl for another one.
fn serde_gives_up(input: &DeriveInput) -> bool {
    if matches!(input.data, Data::Union(_)) {
        return true;
    }
    let silent = Ctxt::new();
    let container = Container::from_ast(&silent, input, Derive::Serialize, &Ident::new("__private", Span::call_site()));
    let elsewhere = container.is_some_and(|container| {
        container.attrs.remote().is_some() || !matches!(container.attrs.identifier(), Identifier::No)
    });
    silent.check().is_err() || elsewhere
}
