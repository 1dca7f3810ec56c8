//! Legal names of topics.

/// Kafka's maximum length of a topic's name.
const MAX_TOPIC: usize = 249;

/// The name of a topic: legal, and not too long with this at its end.
pub(crate) fn legal(name: &str, end: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    name.chars().map(legal).take(MAX_TOPIC.saturating_sub(end.len())).chain(end.chars()).collect()
}

/// Whether a topic may have this name.
pub(crate) fn is_legal(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && legal(name, "") == name
}
