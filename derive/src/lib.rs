//! The derive macro of `event-schema`: use it through that crate,
//! which documents it.

mod attr;
mod attribute;
mod avro;
mod check;
mod expand;
mod fallback;
mod krate;
mod meta;
mod model;
mod rule;
mod schemars;
mod types;

use proc_macro::TokenStream;
use proc_macro2::Span;
use quote::quote;
use serde_derive_internals::Ctxt;
use syn::{DeriveInput, parse_macro_input};

/// Implements `EventSchema`, `FieldType` and schemars' `JsonSchema` for a struct or an enum; see `event_schema::derive`.
#[proc_macro_derive(EventSchema, attributes(event, serde, validate, schemars))]
pub fn derive_event_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input).into()
}

/// Adds the derives `Serialize` and `EventSchema` to a struct or an enum. A crate needs only `event-schema` as a
/// dependency to use it; see `event_schema::derive`.
#[proc_macro_attribute]
pub fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    attribute::expand(&args.into(), input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Always an error, because `EventSchema` implements schemars' trait itself. The message says so; rustc's own would only
/// report two implementations.
#[proc_macro_derive(JsonSchema, attributes(event, serde, validate, schemars))]
pub fn derive_json_schema(_: TokenStream) -> TokenStream {
    let message = "`EventSchema` implements `JsonSchema` itself: remove it from the list. A type without `EventSchema` \
                   derives `event_schema::schemars::JsonSchema`";
    syn::Error::new(Span::call_site(), message).into_compile_error().into()
}

fn derive(input: &DeriveInput) -> proc_macro2::TokenStream {
    let cx = Ctxt::new();
    // As serde does: in field types and bounds the type's name stands for `Self`.
    let input = &mut input.clone();
    serde_derive_internals::replace_receiver(input);
    let input = &*input;
    let krate = attr::crate_path(input);
    let model = model::Model::from_ast(&cx, input);
    if let Some(model) = &model {
        check::check(&cx, model);
    }
    match (cx.check(), model) {
        (Ok(()), Some(model)) => expand::expand(&krate, &model),
        (Ok(()), None) => unreachable!("a type without a model has an error that says why"),
        (Err(errors), _) => {
            let errors = errors.into_compile_error();
            // The attribute form below, if there is one, will emit the impls.
            let fallback = attribute::below(input).is_none().then(|| fallback::expand(&krate, input));
            quote!(#errors #fallback)
        }
    }
}
