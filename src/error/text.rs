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

/// "2 violations", and a line for each.
pub(super) fn count(f: &mut fmt::Formatter<'_>, violations: &Violations) -> fmt::Result {
    writeln!(f, "{}", report::violations(violations.len() + violations.omitted()))?;
    fmt::Display::fmt(violations, f)
}
