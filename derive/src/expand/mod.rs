//! The code that is generated, by what it does.

mod choice;
mod event;
mod generics;
mod object;
mod rules;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::model::{Model, Shape};

pub(crate) fn expand(krate: &Path, model: &Model<'_>) -> TokenStream {
    let field_type = match &model.shape {
        Shape::Object(fields) => object::expand(model, fields),
        Shape::Choice => choice::expand(model),
        Shape::Unsupported => unreachable!("its error has been reported"),
    };
    let event = event::expand(model);
    quote! {
        #[doc(hidden)]
        #[allow(non_upper_case_globals, unused_attributes, unused_qualifications, clippy::all, clippy::pedantic, clippy::restriction, clippy::nursery)]
        const _: () = {
            use #krate::__private as __p;
            #field_type
            #event
        };
    }
}
