//! The CloudEvents type of an event: its name, with its version at the end.

/// The CloudEvents type of an event of this version.
pub(crate) fn event_type(name: &str, version: u32) -> String {
    format!("{name}.v{version}")
}

/// Name and version of an event, from what CloudEvents calls it.
#[cfg(feature = "cloudevents")]
pub(crate) fn split(event_type: &str) -> Option<(&str, u32)> {
    let (name, version) = event_type.rsplit_once(".v")?;
    Some((name, number(version)?))
}

/// A version, as it stands there.
pub(crate) fn number(version: &str) -> Option<u32> {
    version.parse().ok().filter(|_| version.starts_with(|first: char| matches!(first, '1'..='9')))
}
