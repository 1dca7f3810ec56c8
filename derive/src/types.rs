//! Properties of a type that the derive can tell by its name.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};

pub(crate) const INTEGERS: &[&str] =
    &["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

/// The last name of a type's path, and its type arguments; of an array, `[]` and its element.
pub(crate) fn head(ty: &syn::Type) -> Option<(String, Vec<&syn::Type>)> {
    let path = match serde_derive_internals::ungroup(ty) {
        syn::Type::Path(path) => path,
        syn::Type::Array(array) => return Some(("[]".to_owned(), vec![&*array.elem])),
        syn::Type::Slice(slice) => return Some(("[]".to_owned(), vec![&*slice.elem])),
        _ => return None,
    };
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                syn::GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((last.ident.unraw().to_string(), arguments))
}

/// Whether a float is named in the type.
pub(crate) fn names_a_float(ty: &syn::Type) -> bool {
    struct Floats(bool);

    impl<'ast> Visit<'ast> for Floats {
        fn visit_ident(&mut self, ident: &'ast syn::Ident) {
            self.0 |= ident == "f32" || ident == "f64";
        }
    }

    let mut floats = Floats(false);
    floats.visit_type(ty);
    floats.0
}

/// Whether two types are written the same way.
pub(crate) fn is_same(one: &impl ToTokens, other: &impl ToTokens) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// Whether every name in it is of a type of the standard library that has a shape.
pub(crate) fn is_known(ty: &syn::Type) -> bool {
    const CONTAINERS: &[&str] = &["Option", "Box", "Vec", "BTreeMap", "HashMap", "BTreeSet", "HashSet"];
    const LEAVES: &[&str] = &["String", "bool", "char", "f32", "f64"];
    match serde_derive_internals::ungroup(ty) {
        syn::Type::Tuple(tuple) => tuple.elems.iter().all(is_known),
        syn::Type::Path(path)
            if path.path.get_ident().is_some() || head(ty).is_some_and(|(_, list)| !list.is_empty()) =>
        {
            head(ty).is_some_and(|(name, arguments)| match name.as_str() {
                name if arguments.is_empty() => LEAVES.contains(&name) || INTEGERS.contains(&name),
                name => CONTAINERS.contains(&name) && arguments.into_iter().all(is_known),
            })
        }
        _ => false,
    }
}

/// Whether one of these containers in it holds a type of another's, which may lead back.
pub(crate) fn holds_another(ty: &syn::Type, containers: &[&str]) -> bool {
    struct Held<'a>(&'a [&'a str], bool);

    impl<'ast> Visit<'ast> for Held<'_> {
        fn visit_type(&mut self, ty: &'ast syn::Type) {
            if let Some((name, arguments)) = head(ty) {
                let is_another =
                    |ty: &syn::Type| !is_known(ty) && matches!(ty, syn::Type::Path(path) if !path.path.is_ident("str"));
                self.1 |= self.0.contains(&name.as_str()) && arguments.into_iter().any(is_another);
            }
            visit::visit_type(self, ty);
        }
    }

    let mut held = Held(containers, false);
    held.visit_type(ty);
    held.1
}
