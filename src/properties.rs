//! Keys and values of a configuration, from a file of properties or from the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use java_properties::{LineContent, PropertiesIter};

/// A key with its value, and the line where it stands.
pub(crate) struct Property {
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "the registry names malformed lines only"))]
    pub(crate) line: usize,
    pub(crate) key: String,
    /// Without the white space around it. As in Java's clients, a blank behind a value is not meant, even of a password.
    pub(crate) value: String,
}

/// The keys of a text in the syntax of Java's `.properties`. The error is the number of a malformed line: the parser's own
/// message may quote the line, and with it a secret.
pub(crate) fn properties(text: &str) -> impl Iterator<Item = Result<Property, usize>> {
    let lines = PropertiesIter::new_with_encoding(text.as_bytes(), encoding_rs::UTF_8);
    lines.filter_map(|line| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return Some(Err(error.line_number().unwrap_or(1))),
        };
        let number = line.line_number();
        match line.consume_content() {
            LineContent::KVPair(key, value) => {
                let value = value.trim_matches(|c| c <= ' ').to_owned();
                Some(Ok(Property { line: number, key, value }))
            }
            LineContent::Comment(_) => None,
        }
    })
}

/// The variables whose names begin with the prefix, each with the rest of its name in lower case, and its value. They are
/// in the order of their names: the environment has none.
pub(crate) fn variables(
    prefix: &str,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(String, String, OsString)> {
    let sorted: BTreeMap<_, _> = variables.collect();
    let named = sorted.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let prefixed = named.filter_map(|(name, value)| {
        let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())?.to_ascii_lowercase();
        Some((name, rest, value))
    });
    prefixed.collect()
}
