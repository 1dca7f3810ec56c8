//! The code that is generated, by what it does.

mod cx;
mod debug;
mod enums;
mod event;
mod field_type;
mod generics;
mod hidden;
mod key;
mod level;
mod quoting;
mod rules;
pub(crate) mod shape;
mod structs;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use self::cx::Cx;
use crate::model::{Model, Shape};

pub(crate) fn expand(krate: &Path, model: &Model<'_>) -> TokenStream {
    let cx = Cx { model, generics: generics::bounded(model) };
    let body = match &model.shape {
        Shape::Struct(level) => structs::expand(&cx, level),
        Shape::Enum(variants) => enums::expand(&cx, variants),
    };
    let field_type = field_type::expand(&cx, &body);
    let json_schema = shape::json_schema(&cx);
    let event = event::expand(&cx);
    let key = key::expand(&cx);
    let debug = debug::expand(&cx);
    let masked = debug::is_masked(&cx);
    quote! {
        #[doc(hidden)]
        #[allow(
            dead_code,
            non_camel_case_types,
            non_upper_case_globals,
            unreachable_code,
            unused_attributes,
            unused_qualifications,
            unused_variables,
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            clippy::restriction
        )]
        const _: () = {
            use #krate::__private as __p;
            #field_type
            #json_schema
            #event
            #key
            #debug
            #masked
        };
    }
}
