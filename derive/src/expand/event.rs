//! `impl EventSchema` and what it is built on, and `impl validator::Validate` beside it, where that is asked for.

use heck::ToKebabCase;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Member;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::cx::Cx;
use super::quoting::{optional, shown_at};
use crate::attr::Topic;
use crate::model::{Model, Shape};

pub(super) fn expand(cx: &Cx<'_>) -> TokenStream {
    let model = cx.model;
    let ident = &model.input.ident;
    let visibility = &model.input.vis;
    let (impl_generics, ty_generics, where_clause) = cx.generics.split_for_impl();
    let mut bounds = where_clause.cloned().unwrap_or_else(|| syn::parse_quote!(where));
    if !model.input.generics.params.is_empty() {
        bounds.predicates.push(syn::parse_quote!(Self: __p::serde::Serialize));
    }

    let name = match &model.event.name {
        Some(name) => name.value(),
        None => ident.unraw().to_string().to_kebab_case(),
    };
    let version = model.event.version.map_or(1, |(version, _)| version);
    let topic = optional(model.event.topic.as_ref().map(topic));
    let sensitive = model.levels().into_iter().flat_map(|level| &level.fields).filter(|field| field.event.sensitive);
    let sensitive = sensitive.map(|field| field.serde.attrs.name().deserialize_name().to_token_stream());
    let key_name = key_name(model).map(|name| quote!(.with_key(#name)));
    let key = model.event.key.as_ref().map(|key| {
        let access = &key.access;
        quote_spanned!(key.field.span()=> __p::EventKey::to_key_bytes(&self.#access))
    });
    let (key, types) = match types(model) {
        Some(types) => (Some(types.key), Some(types.items)),
        None => (key, None),
    };
    let key = key.map(|key| {
        quote! {
            fn message_key(&self) -> __p::Option<__p::Cow<'_, [u8]>> {
                #key
            }
        }
    });
    let validate = (cfg!(feature = "validator021") && model.event.validate != Some(false)).then(|| validate(cx));

    let schema_for = (model.event.json_schema == Some(false)).then(|| {
        quote! {
            fn schema_for(__contract: &__p::schemars::generate::Contract) -> __p::schemars::Schema {
                __p::json_schema::<Self>(__contract)
            }
        }
    });
    let hooks = hooks(model);
    let versions = versions(cx);
    let older = is_older(cx, version);
    let apart = are_apart(cx);
    quote! {
        #older
        #apart

        #[automatically_derived]
        impl #impl_generics __p::EventSchema for #ident #ty_generics #bounds {}

        #[automatically_derived]
        impl #impl_generics __p::Generated for #ident #ty_generics #bounds {
            const DESCRIPTOR: &'static __p::Descriptor =
                &__p::Descriptor::new(#name, #version, #topic).with_sensitive(&[#(#sensitive),*]) #key_name;

            #schema_for
            #key
            #types
            #hooks
            #versions
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

/// The name on the wire of the field that is the key, if the key is a whole field.
fn key_name(model: &Model<'_>) -> Option<String> {
    let key = model.event.key.as_ref()?;
    let is_whole = key.access.clone().into_iter().count() == 1;
    let mut fields = model.levels().into_iter().flat_map(|level| &level.fields);
    let field = fields.find(|field| matches!(&field.serde.member, Member::Named(name) if *name == key.field))?;
    is_whole.then(|| field.serde.attrs.name().serialize_name().to_string())
}

/// `impl validator::Validate`, or `ValidateArgs` for a type whose rules have a context, as validator has it.
fn validate(cx: &Cx<'_>) -> TokenStream {
    let self_ty = cx.self_ty();
    let (impl_generics, _, where_clause) = cx.generics.split_for_impl();
    let Some(context) = &cx.model.rules.context else {
        return quote! {
            #[automatically_derived]
            impl #impl_generics __p::validator::Validate for #self_ty #where_clause {
                fn validate(&self) -> __p::Result<(), __p::validator::ValidationErrors> {
                    __p::validate(self, &__p::LoadOptions::new())
                }
            }
        };
    };
    // A context that is not `Sync` is shown where it is written.
    let options = quote_spanned!(shown_at(context.span())=> __p::LoadOptions::new().context(__args));
    let mut generics = cx.generics.clone();
    generics.params.insert(0, syn::parse_quote!('v_a));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics __p::validator::ValidateArgs<'v_a> for #self_ty #where_clause {
            type Args = &'v_a #context;

            fn validate_with_args(&self, __args: &'v_a #context) -> __p::Result<(), __p::validator::ValidationErrors> {
                __p::validate(self, &#options)
            }
        }
    }
}

/// The methods that an enum delegates to the events of its variants.
struct Types {
    key: TokenStream,
    items: TokenStream,
}

fn types(model: &Model<'_>) -> Option<Types> {
    model.event.types?;
    let Shape::Enum(variants) = &model.shape else { return None };
    let held = || variants.iter().map(|variant| (&variant.ident, variant.level.fields[0].serde.ty));
    // Each call is shown at the type, which may be no event.
    let arms = |call: fn(Span) -> TokenStream| {
        let arms = held().map(|(ident, ty)| {
            let call = call(shown_at(ty.span()));
            quote!(Self::#ident(__event) => #call,)
        });
        quote!(match self { #(#arms)* })
    };
    let key = arms(|span| quote_spanned!(span=> __p::Generated::message_key(__event)));
    let descriptor = arms(|span| quote_spanned!(span=> __p::Generated::variant_descriptor(__event)));
    let after_dump = arms(|span| quote_spanned!(span=> __p::Generated::after_dump(__event, __value)));
    let before_dump = held().map(|(ident, ty)| {
        quote_spanned! {shown_at(ty.span())=>
            Self::#ident(__event) => __p::Generated::before_dump(__event).map(|__changed| __changed.map(Self::#ident)),
        }
    });
    let changes_dump =
        held().map(|(_, ty)| quote_spanned!(shown_at(ty.span())=> <#ty as __p::Generated>::CHANGES_DUMP));
    // Each of two versions of one event reads its own messages.
    let own = held().map(
        |(_, ty)| quote_spanned!(shown_at(ty.span())=> __p::is_of(<#ty as __p::Generated>::DESCRIPTOR, __event_type)),
    );
    let own: Vec<_> = own.collect();
    let load = held().map(|(ident, ty)| {
        quote_spanned! {shown_at(ty.span())=>
            if let __p::Some(__loaded) = <#ty as __p::Generated>::load_if_of(__event_type, __input, __options) {
                return __p::Some(__loaded.map(Self::#ident));
            }
        }
    });
    let load: Vec<_> = load.collect();
    let show = held().map(|(_, ty)| quote_spanned!(shown_at(ty.span())=> __p::show_version::<#ty>(__to, false);));
    let items = quote! {
        fn variant_descriptor(&self) -> &'static __p::Descriptor {
            #descriptor
        }

        const HAS_TYPES: bool = true;

        // The hooks are those of the variant's event.
        const CHANGES_DUMP: bool = #(#changes_dump)||*;

        fn before_dump(&self) -> __p::Option<__p::Result<Self, __p::Violations>> {
            match self { #(#before_dump)* }
        }

        fn after_dump(&self, __value: __p::Value) -> __p::Result<__p::Value, __p::Violations> {
            #after_dump
        }

        fn load_if_of<__I: __p::Input>(
            __event_type: &str,
            __input: __I,
            __options: &__p::LoadOptions<'_>,
        ) -> __p::Option<__p::Result<Self, __p::LoadError>> {
            #(if #own { #load })*
            #(#load)*
            __p::None
        }

        fn show_versions(__to: &mut impl __p::Versions) {
            #(#show)*
        }

        fn load_untyped(_: &[u8], _: &__p::LoadOptions<'_>) -> __p::Result<Self, __p::LoadError> {
            __p::Err(__p::untyped::<Self>())
        }
    };
    Some(Types { key, items })
}

/// The hooks around a dump; those around a load stand in the reader.
fn hooks(model: &Model<'_>) -> TokenStream {
    let before = model.event.pre_dump.as_ref().map(|hook| {
        let call = quote_spanned!(shown_at(hook.span())=> #hook(self));
        quote! {
            fn before_dump(&self) -> __p::Option<__p::Result<Self, __p::Violations>> {
                __p::Some(__p::HookResult::<Self>::into_result(#call).map_err(__p::resolved::<Self>))
            }
        }
    });
    let after = model.event.post_dump.as_ref().map(|hook| {
        let call = quote_spanned!(shown_at(hook.span())=> #hook(__value));
        quote! {
            const CHANGES_DUMP: bool = true;

            fn after_dump(&self, __value: __p::Value) -> __p::Result<__p::Value, __p::Violations> {
                __p::HookResult::<__p::Value>::into_result(#call).map_err(__p::resolved::<Self>)
            }
        }
    });
    quote!(#before #after)
}

/// The topic, as an expression.
fn topic(topic: &Topic) -> TokenStream {
    match topic {
        Topic::Text(text) => text.to_token_stream(),
        Topic::Constant(path) => quote_spanned!(shown_at(path.span())=> __p::legal_topic(#path)),
    }
}

/// Tells where it is written that the version before is not older: it would never be reached.
fn is_older(cx: &Cx<'_>, version: u32) -> Option<TokenStream> {
    let previous = cx.model.event.previous.as_ref().filter(|_| cx.model.input.generics.params.is_empty())?;
    Some(quote_spanned! {shown_at(previous.span())=>
        const _: () = ::core::assert!(
            <#previous as __p::Generated>::DESCRIPTOR.version() < #version,
            "the version of the type in `previous` must be lower than this one's"
        );
    })
}

/// Tells where it is written that a variant's event has the name and version of one before: it would never be reached.
fn are_apart(cx: &Cx<'_>) -> Option<TokenStream> {
    let model = cx.model;
    model.event.types.filter(|_| model.input.generics.params.is_empty())?;
    let Shape::Enum(variants) = &model.shape else { return None };
    let types = || variants.iter().map(|variant| variant.level.fields[0].serde.ty);
    let events = types().map(|ty| quote_spanned!(shown_at(ty.span())=> <#ty as __p::Generated>::DESCRIPTOR));
    let checks = types().enumerate().skip(1).map(|(index, ty)| {
        quote_spanned! {shown_at(ty.span())=>
            ::core::assert!(
                __p::is_first(EVENTS, #index),
                "an earlier variant holds an event with the same name and version, or `OtherEvent`: this one can never be \
                 selected"
            );
        }
    });
    Some(quote! {
        const _: () = {
            const EVENTS: &[&__p::Descriptor] = &[#(#events),*];
            #(#checks)*
        };
    })
}

/// The chain of earlier versions.
fn versions(cx: &Cx<'_>) -> TokenStream {
    let event = &cx.model.event;
    let refuse_newer = event.refuse_newer.map(|refuse| quote!(const REFUSES_NEWER: bool = #refuse;));
    let previous = event.previous.as_ref().map(|previous| {
        let upcast =
            quote_spanned!(shown_at(previous.span())=> __p::upcast::<#previous, Self, __I>(__version, __input, __options));
        let show = quote_spanned!(shown_at(previous.span())=> __p::show_version::<#previous>(__to, true));
        quote! {
            fn load_earlier<__I: __p::Input>(
                __version: u32,
                __input: __I,
                __options: &__p::LoadOptions<'_>,
            ) -> __p::Option<__p::Result<Self, __p::LoadError>> {
                #upcast
            }

            fn show_versions(__to: &mut impl __p::Versions) {
                #show
            }
        }
    });
    quote!(#refuse_newer #previous)
}
