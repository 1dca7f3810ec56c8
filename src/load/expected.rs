//! What a type's value is called: [`Expected`].

use crate::violation::Rule;

/// What a type's value is called in a sentence: "Not a valid *integer*."
///
/// ```
/// use event_schema::load::{Expected, Leaf};
///
/// struct Country(String);
///
/// impl Leaf for Country {
///     const EXPECTED: &'static Expected = { static E: Expected = Expected::new("country code"); &E };
///
///     fn from_text(text: &str) -> Option<Self> {
///         (text.len() == 2).then(|| Country(text.to_owned()))
///     }
/// }
///
/// assert!(Country::from_text("de").is_some());
/// assert!(format!("{:?}", Country::EXPECTED).contains("country code"));
/// ```
#[derive(Debug)]
pub struct Expected(pub(super) Rule);

impl Expected {
    /// From the words that complete "Not a valid ...".
    ///
    /// See the example of [`Expected`].
    #[must_use]
    pub const fn new(words: &'static str) -> Self {
        Self(Rule::expect(words))
    }
}
