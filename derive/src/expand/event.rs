//! `impl EventSchema`, and `impl validator::Validate` beside it.

use heck::ToKebabCase;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;

use super::Cx;

pub(super) fn expand(cx: &Cx<'_>) -> TokenStream {
    let model = cx.model;
    let ident = &model.input.ident;
    let visibility = &model.input.vis;
    let (impl_generics, ty_generics, where_clause) = cx.generics.split_for_impl();
    let mut bounds = where_clause.cloned().unwrap_or_else(|| syn::parse_quote!(where));
    if !model.input.generics.params.is_empty() {
        bounds.predicates.push(syn::parse_quote!(Self: __p::serde::Serialize + __p::schemars::JsonSchema));
    }

    let name = match &model.event.name {
        Some(name) => name.value(),
        None => ident.unraw().to_string().to_kebab_case(),
    };
    let version = model.event.version.map_or(1, |(version, _)| version);
    let topic = optional(model.event.topic.as_ref().map(LitStr::value));
    let key = match &model.event.key {
        Some(key) => {
            let access = &key.access;
            quote_spanned!(key.field.span()=> __p::EventKey::to_key_bytes(&self.#access))
        }
        None => quote!(__p::None),
    };

    let validate = (model.event.validate != Some(false)).then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics __p::validator::Validate for #ident #ty_generics #where_clause {
                fn validate(&self) -> __p::Result<(), __p::validator::ValidationErrors> {
                    __p::validate(self)
                }
            }
        }
    });

    quote! {
        #[automatically_derived]
        impl #impl_generics __p::EventSchema for #ident #ty_generics #bounds {
            fn descriptor() -> &'static __p::Descriptor {
                const { &__p::Descriptor::new(#name, #version, #topic) }
            }

            fn key(&self) -> __p::Option<__p::Cow<'_, [u8]>> {
                #key
            }

            fn json_schema_for(contract: &__p::schemars::generate::Contract) -> __p::schemars::Schema {
                __p::json_schema::<Self>(contract)
            }
        }

        impl #impl_generics #ident #ty_generics #bounds {
            /// The JSON Schema (draft 2020-12) of what `load` accepts, see `EventSchema::json_schema`.
            #[allow(dead_code, reason = "generated for every event")]
            #visibility fn json_schema() -> __p::schemars::Schema {
                __p::json_schema::<Self>(&__p::schemars::generate::Contract::Deserialize)
            }
        }

        #validate
    }
}

/// `Some(value)` or `None` in generated code.
pub(super) fn optional(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(__p::Some(#value)),
        None => quote!(__p::None),
    }
}
