//! The value of a field that its rules see.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::types::{INTEGERS, head};

/// The value that rules check: the one inside options, boxes and shared pointers.
pub(super) struct Inner<'a> {
    wrappers: Vec<Wrapper>,
    pub(super) ty: &'a Type,
}

enum Wrapper {
    Option,
    Pointer,
}

impl<'a> Inner<'a> {
    pub(super) fn of(mut ty: &'a Type) -> Self {
        let mut wrappers = Vec::new();
        while let Some((name, arguments)) = head(ty)
            && let [argument, ..] = arguments[..]
        {
            wrappers.push(match name.as_str() {
                "Option" => Wrapper::Option,
                "Box" | "Rc" | "Arc" => Wrapper::Pointer,
                _ => break,
            });
            ty = argument;
        }
        Self { wrappers, ty }
    }

    /// Wraps the check of `value: &Inner` so that it has `value: &Field`; nothing to see is no fault.
    pub(super) fn unwrap(&self, check: &TokenStream) -> TokenStream {
        // validator's traits are for types that have a size: of a `Box<str>` they see a `&str`.
        let check = if self.is(&["str"]) { quote!({ let __value = &__value; #check }) } else { check.clone() };
        self.wrappers.iter().rev().fold(check, |check, wrapper| match wrapper {
            Wrapper::Option => quote!(if let __p::Some(__value) = __value { #check }),
            Wrapper::Pointer => quote!({ let __value = &**__value; #check }),
        })
    }

    pub(super) fn is(&self, names: &[&str]) -> bool {
        head(self.ty).is_some_and(|(name, _)| names.contains(&name.as_str()))
    }

    pub(super) fn is_number(&self) -> bool {
        self.is(INTEGERS) || self.is_float()
    }

    pub(super) fn is_float(&self) -> bool {
        self.is(&["f32", "f64"])
    }
}

/// The types of the parts of a container, inside its options and boxes: of a list one, of a map two.
pub(in crate::expand) fn parts(ty: &Type) -> Vec<&Type> {
    head(Inner::of(ty).ty).map(|(_, arguments)| arguments).unwrap_or_default()
}
