//! The text of errors.

use std::error::Error;
use std::fmt;

use crate::report;
use crate::violation::Violations;

/// The text of an error, and of its causes: `main` shows an error that it returns by `Debug`, and `unwrap` does.
pub(crate) fn debug_as_text(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    while let Some(cause) = source {
        write!(f, "\nCaused by: {cause}")?;
        source = cause.source();
    }
    Ok(())
}

/// The text without the control characters that a terminal would obey; lines stay lines.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A text that a message brings along, without characters that begin another line or that a terminal would obey.
pub(crate) fn in_one_line(text: &str) -> String {
    printable(text).replace('\n', "\\u{a}")
}

/// "2 violations", and a line for each.
pub(super) fn count(f: &mut fmt::Formatter<'_>, violations: &Violations) -> fmt::Result {
    writeln!(f, "{}", report::violations(violations.len() + violations.omitted()))?;
    fmt::Display::fmt(violations, f)
}

/// "`a`, `b` or `c`".
pub(super) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

/// The name of a field in options, which the event does not have.
#[derive(Debug)]
pub(crate) struct UnknownName {
    pub(crate) name: String,
    /// The name of a field that it resembles.
    pub(crate) similar: Option<String>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the options name the field `{}`, which the event does not have", self.name)?;
        match &self.similar {
            Some(similar) => write!(f, ": did you mean `{similar}`?"),
            None => f.write_str(" (fields have their names on the wire)"),
        }
    }
}
