//! An enum without data.

use proc_macro2::TokenStream;
use quote::quote;
use serde_derive_internals::ast::Data;

use crate::model::Model;

pub(crate) fn expand(model: &Model<'_>) -> TokenStream {
    let ident = &model.input.ident;
    let Data::Enum(variants) = &model.serde.data else { unreachable!("a choice is an enum") };

    let readable = || variants.iter().filter(|variant| !variant.attrs.skip_deserializing());
    let names =
        readable().filter(|variant| !variant.attrs.other()).map(|variant| variant.attrs.name().deserialize_name());
    let find = readable().filter(|variant| !variant.attrs.other()).map(|variant| {
        let (aliases, variant) = (variant.attrs.aliases(), &variant.ident);
        quote!(#(#aliases)|* => __p::Some(Self::#variant),)
    });
    let other = match readable().find(|variant| variant.attrs.other()) {
        Some(variant) => {
            let variant = &variant.ident;
            quote!(__p::Some(Self::#variant))
        }
        None => quote!(__p::None),
    };
    let aliases: Vec<_> = readable()
        .filter(|variant| !variant.attrs.other())
        .flat_map(|variant| {
            let name = variant.attrs.name().deserialize_name();
            variant.attrs.aliases().iter().filter(move |alias| **alias != *name)
        })
        .collect();
    let takes_any = readable().any(|variant| variant.attrs.other());
    let written = variants.iter().map(|variant| {
        let (name, variant) = (variant.attrs.name().serialize_name(), &variant.ident);
        quote!(Self::#variant => #name,)
    });
    let empty = variants.is_empty().then(|| quote!(_ => ::core::unreachable!(),));

    quote! {
        #[automatically_derived]
        impl __p::FieldType for #ident {
            fn read<'de, __D: __p::Deserializer<'de>>(
                input: __D,
                cx: &mut __p::Context<'_>,
                at: &__p::At<'_>,
            ) -> __p::Result<__p::Option<Self>, __D::Error> {
                __p::read_choice(input, cx, at)
            }

            fn describe(walk: &mut __p::Walk<'_>, here: &__p::Place) {
                walk.choice(here, <Self as __p::Choice>::ALIASES, <Self as __p::Choice>::TAKES_ANY);
            }
        }

        #[automatically_derived]
        impl __p::Choice for #ident {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const ALIASES: &'static [&'static str] = &[#(#aliases),*];
            const TAKES_ANY: bool = #takes_any;

            fn find(name: &str) -> __p::Option<Self> {
                match name {
                    #(#find)*
                    _ => #other,
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    #(#written)*
                    #empty
                }
            }
        }
    }
}
