//! What is emitted beside errors: impls without use, so that one bad attribute is one error and not
//! one more at every use of the type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

pub(crate) fn expand(krate: &Path, input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[doc(hidden)]
        #[allow(unused_qualifications)]
        const _: () = {
            use #krate::__private as __p;

            #[automatically_derived]
            impl #impl_generics __p::FieldType for #ident #ty_generics #where_clause {
                fn read<'__de, __D: __p::Deserializer<'__de>>(
                    _: __D,
                    _: &mut __p::Context<'_>,
                    _: &__p::At<'_>,
                ) -> __p::Result<__p::Option<Self>, __D::Error> {
                    ::core::unreachable!()
                }
            }

            #[automatically_derived]
            impl #impl_generics __p::EventSchema for #ident #ty_generics #where_clause
            where
                Self: __p::serde::Serialize,
            {
                fn descriptor() -> &'static __p::Descriptor {
                    ::core::unreachable!()
                }

                fn key(&self) -> __p::Option<__p::Cow<'_, [u8]>> {
                    ::core::unreachable!()
                }

                fn json_schema_for(_: &__p::schemars::generate::Contract) -> __p::schemars::Schema {
                    ::core::unreachable!()
                }
            }
        };
    }
}
