//! A configuration that cannot be used.

use std::fmt;

/// A configuration that cannot be used: every fault, one a line, by key and place and never with
/// a value.
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
/// // A `main` that returns it shows it as it is to be read.
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

    /// What is wrong, one text for each fault.
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
