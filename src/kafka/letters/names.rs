//! Legal names of topics.

/// Kafka's maximum length of a topic's name.
const MAX_TOPIC: usize = 249;

/// The name of a topic: legal, and not too long with this at its end.
pub(crate) fn legal(name: &str, end: &str) -> String {
    let legal = |c| if is_letter(c) { c } else { '_' };
    name.chars().map(legal).take(MAX_TOPIC.saturating_sub(end.len())).chain(end.chars()).collect()
}

/// Whether a topic may have this name.
pub(crate) fn is_legal(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= MAX_TOPIC && name.chars().all(is_letter)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}
