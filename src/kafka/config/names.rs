//! The real names of topics: those that the code declares, with a prefix, or others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::kafka::letters;

/// The key of the prefix.
pub(super) const PREFIX: &str = "event.schema.topic.prefix";

/// The key of the other names.
pub(super) const NAMES: &str = "event.schema.topic.names";

/// Whether a key is of this crate.
pub(super) fn is_key(key: &str) -> bool {
    key == PREFIX || key == NAMES
}

/// How the topics that the code names are called at the brokers.
///
/// The real name of a real name is the same name: names that come from messages can be used as those of the code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TopicNames {
    prefix: String,
    /// The real names by the declared ones.
    others: BTreeMap<String, String>,
}

impl TopicNames {
    /// The names that these values say: a prefix, and pairs `declared:real`, separated by commas.
    pub(super) fn parse(prefix: Option<&str>, names: Option<&str>) -> (Self, Vec<(&'static str, String)>) {
        let (mut parsed, mut problems) = (Self::default(), Vec::new());
        if let Some(prefix) = prefix {
            if prefix.is_empty() || letters::is_legal(prefix) {
                prefix.clone_into(&mut parsed.prefix);
            } else {
                problems.push((PREFIX, "a topic's name has only letters, digits, `.`, `_` and `-`".to_owned()));
            }
        }
        for pair in names.unwrap_or_default().split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            match pair.split_once(':').map(|(declared, real)| (declared.trim(), real.trim())) {
                Some((declared, real)) if letters::is_legal(declared) && letters::is_legal(real) => {
                    if parsed.others.insert(declared.to_owned(), real.to_owned()).is_some_and(|other| other != real) {
                        problems.push((NAMES, format!("`{declared}` has two names")));
                    }
                }
                _ => problems
                    .push((NAMES, "expected `declared:real` pairs of topic names, separated by commas".to_owned())),
            }
        }
        let others = &parsed.others;
        if let Some((_, real)) = others.iter().find(|(_, real)| others.get(*real).is_some_and(|next| next != *real)) {
            problems.push((NAMES, format!("`{real}` is the name of one topic and is renamed itself")));
        }
        (parsed, problems)
    }

    /// Whether no name differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.prefix.is_empty() && self.others.is_empty()
    }

    /// The name at the brokers of a topic or of a pattern of topics.
    pub(crate) fn real<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        if self.is_empty() {
            return Cow::Borrowed(name);
        }
        if let Some(pattern) = name.strip_prefix('^') {
            let prefix = self.prefix.replace('.', "\\.");
            return if prefix.is_empty() || pattern.starts_with(&prefix) || pattern.starts_with(&self.prefix) {
                Cow::Borrowed(name)
            } else {
                Cow::Owned(format!("^{prefix}({pattern})"))
            };
        }
        if let Some(real) = self.others.get(name) {
            return Cow::Borrowed(real);
        }
        if name.starts_with(&self.prefix) || self.others.values().any(|real| real == name) {
            return Cow::Borrowed(name);
        }
        let prefixed = format!("{}{name}", self.prefix);
        match self.others.get(&prefixed) {
            Some(real) => Cow::Borrowed(real),
            None => Cow::Owned(prefixed),
        }
    }

    /// The name that the code declares for a real one, if it is another.
    fn declared<'a>(&'a self, real: &'a str) -> Option<&'a str> {
        let other = self.others.iter().find(|(_, name)| *name == real).map(|(declared, _)| declared.as_str());
        let prefixed = || real.strip_prefix(&*self.prefix).filter(|rest| !self.prefix.is_empty() && !rest.is_empty());
        other.or_else(prefixed).filter(|declared| *declared != real)
    }

    /// A real name for messages, with the declared one if it is another.
    pub(crate) fn shown<'a>(&'a self, real: &'a str) -> Cow<'a, str> {
        match self.declared(real) {
            Some(declared) => Cow::Owned(format!("{real}`, declared as `{declared}")),
            None => Cow::Borrowed(real),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TopicNames;

    fn names(prefix: &str, names: &str) -> TopicNames {
        let (parsed, problems) = TopicNames::parse(Some(prefix), Some(names));
        assert!(problems.is_empty(), "{problems:?}");
        parsed
    }

    #[test]
    fn a_real_name_stays_as_it_is() {
        let names = names("staging.", "orders:orders-v2, audit:audit, staging.notes-billing-dlt:dlq");
        for (declared, real) in [
            ("notes", "staging.notes"),
            ("orders", "orders-v2"),
            ("audit", "audit"),
            ("notes-billing-dlt", "dlq"),
            ("^notes.*", "^staging\\.(notes.*)"),
        ] {
            assert_eq!(names.real(declared), real);
            assert_eq!(names.real(real), real);
        }
        assert_eq!(names.shown("staging.notes"), "staging.notes`, declared as `notes");
        assert_eq!(names.shown("orders-v2"), "orders-v2`, declared as `orders");
        assert_eq!(names.shown("audit"), "audit");
        let none = TopicNames::default();
        assert_eq!((none.real("orders"), none.shown("orders")), ("orders".into(), "orders".into()));
    }

    #[test]
    fn a_pattern_without_a_prefix_is_none() {
        assert_eq!(names("", "orders:orders-v2").real("^orders.*"), "^orders.*");
    }

    #[test]
    fn two_names_for_a_topic_are_refused() {
        for pairs in ["a:b,a:c", "a:b,b:c", "a:b,b:a", "a", "a:", ":b", "a:b:c", "a b:c"] {
            assert!(!TopicNames::parse(None, Some(pairs)).1.is_empty(), "{pairs}");
        }
        assert!(TopicNames::parse(None, Some("a:b, a:b,")).1.is_empty());
    }
}
