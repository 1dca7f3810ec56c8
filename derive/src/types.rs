//! Properties of a type that the derive can tell by its name.

use syn::ext::IdentExt;
use syn::visit::Visit;

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
