//! Names that Avro allows: `[A-Za-z_][A-Za-z0-9_]*`.

/// The name with `_` for each character that Avro does not allow.
pub(crate) fn legal(name: &str) -> String {
    let mut legal: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if legal.chars().next().is_none_or(|first| first.is_ascii_digit()) {
        legal.insert(0, '_');
    }
    legal
}

/// The name of a type: a reference to it must not be one to a primitive type.
pub(crate) fn legal_type(name: &str) -> String {
    let mut legal = legal(name);
    if PRIMITIVES.contains(&legal.as_str()) {
        legal.push('_');
    }
    legal
}

pub(super) const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// The words of the name, each with a capital: `order.requested` is `OrderRequested`.
pub(crate) fn pascal_case(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars)
        })
        .collect()
}
