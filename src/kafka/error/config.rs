//! An invalid configuration.

use std::fmt;

/// An invalid configuration. The text has one line for each fault, with its key and its place in the file, and never
/// quotes a value.
///
/// ```
/// use event_schema::kafka::KafkaConfig;
///
/// let error = KafkaConfig::from_properties_str(
///     "bootstrap.servers=localhost:9092\nsasl.passwort=hush\nacks=most",
/// ).unwrap_err();
/// assert_eq!(error.problems().count(), 2);
/// assert!(error.to_string().starts_with("line 2: unknown key `sasl.passwort`, did you mean"));
/// assert!(!error.to_string().contains("hush"));
///
/// // A `main` that returns this error prints the same text.
/// assert_eq!(format!("{error:?}"), error.to_string());
/// ```
#[derive(Clone)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    pub(crate) fn one(problem: String) -> Self {
        Self::all(vec![problem])
    }

    pub(crate) fn all(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// The faults, one text each.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let error = KafkaConfig::from_properties_str("").unwrap_err();
    /// assert!(error.problems().eq(["`bootstrap.servers` is missing"]));
    /// ```
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(String::as_str)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
