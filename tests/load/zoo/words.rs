//! The words of a type: the identifiers and texts of its definition and of those that it names, as they stand
//! in the source. What is called on the wire in any way, by a field's name or by an alias, is among them,
//! whoever forgot it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::choices::Choices;

const SOURCES: &[&str] = &[include_str!("mod.rs"), include_str!("corners.rs"), include_str!("oddities.rs")];

/// The words of each definition, by the name of its type.
static DEFINITIONS: LazyLock<BTreeMap<&str, BTreeSet<String>>> =
    LazyLock::new(|| SOURCES.iter().flat_map(|source| definitions(source)).collect());

/// The words of one type.
#[derive(Debug)]
pub(crate) struct Words(Vec<String>);

impl Words {
    pub(crate) fn of<T>() -> Self {
        let mut words = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut types: Vec<&str> = identifiers(std::any::type_name::<T>()).collect();
        while let Some(name) = types.pop() {
            if let Some((name, definition)) = DEFINITIONS.get_key_value(name)
                && seen.insert(name)
            {
                types.extend(definition.iter().map(String::as_str));
                words.extend(definition.iter().cloned());
            }
        }
        let in_camel_case = words.iter().filter(|word| word.contains('_')).map(|word| camel_case(word));
        let in_camel_case: Vec<String> = in_camel_case.collect();
        words.extend(in_camel_case);
        Self(words.into_iter().collect())
    }

    pub(crate) fn one(&self, choices: &mut Choices) -> &str {
        self.0.get(choices.below(self.0.len())).map_or("", String::as_str)
    }
}

/// What there is of serde's and Rust's own in every definition.
const NOT_OF_THE_WIRE: &[&str] = &[
    "serde",
    "validate",
    "event",
    "derive",
    "pub",
    "crate",
    "struct",
    "enum",
    "String",
    "Option",
    "Vec",
    "Box",
    "BTreeMap",
    "HashMap",
    "u8",
    "u16",
    "u32",
    "u64",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "bool",
    "alias",
    "default",
    "length",
    "range",
    "min",
    "max",
    "flatten",
    "Debug",
    "Clone",
    "PartialEq",
    "Deserialize",
    "Eq",
    "Ord",
    "PartialOrd",
    "Hash",
    "Copy",
    "event_schema",
    "rename",
    "rename_all",
    "tag",
    "deny_unknown_fields",
    "skip",
    "untagged",
    "transparent",
    "expect",
    "reason",
    "dead_code",
    "never",
    "read",
    "BTreeSet",
    "HashSet",
    "char",
];

/// The definitions of a source. What stands before one, its attributes, is among its words.
fn definitions(source: &'static str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut rest = source;
    while let Some((before, name, after)) = next_definition(rest) {
        let (body, next) = after.split_at(end_of_body(after));
        // The attributes: what follows the definition before, or the code between.
        let attributes = before.rfind(['}', ';']).map_or(before, |end| &before[end + 1..]);
        let words = [attributes, body].into_iter().flat_map(words_in);
        found.entry(name).or_insert_with(BTreeSet::new).extend(words);
        rest = next;
    }
    found
}

/// What stands before the next definition, its name, and what follows the name.
fn next_definition(source: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let starts = ["struct ", "enum "].into_iter().filter_map(|keyword| Some((source.find(keyword)?, keyword)));
    let (start, keyword) = starts.min()?;
    let after = &source[start + keyword.len()..];
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
    Some((&source[..start], &after[..end], &after[end..]))
}

/// Where the braces or parentheses of a definition close; a unit struct has none.
fn end_of_body(source: &str) -> usize {
    let mut depth = 0;
    for (index, c) in source.char_indices() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            ';' if depth == 0 => return index,
            _ => continue,
        }
        if depth == 0 {
            return index;
        }
    }
    source.len()
}

fn words_in(source: &str) -> impl Iterator<Item = String> {
    let literals = source.split('"').skip(1).step_by(2).map(str::to_owned);
    let names = source.split('"').step_by(2).flat_map(identifiers).map(str::to_owned);
    literals.chain(names.filter(|name| !NOT_OF_THE_WIRE.contains(&name.as_str())))
}

fn identifiers(source: &str) -> impl Iterator<Item = &str> {
    source.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.starts_with(char::is_alphabetic))
}

fn camel_case(word: &str) -> String {
    let mut parts = word.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut letters = part.chars();
        name + &letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
    })
}
