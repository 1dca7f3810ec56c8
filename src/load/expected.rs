//! The name of a type's values in messages: [`Expected`].

use crate::violation::{Param, Rule};

/// The name of a type's values in a message: "Not a valid *integer*."
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
    /// The name, which completes "Not a valid ...".
    ///
    /// See the example of [`Expected`].
    #[must_use]
    pub const fn new(words: &'static str) -> Self {
        Self(Rule::expect(words))
    }

    /// An integer between these, of which the smaller is not above zero.
    pub(crate) const fn between(bounds: &'static [(&'static str, Param); 2]) -> Self {
        Self(Rule::new("range", bounds, None))
    }
}

/// The message for a value that only foreign code rejects.
pub(crate) static VALUE: Expected = Expected::new("value");
pub(crate) static OBJECT: Expected = Expected::new("object");
pub(super) static MAPPING: Expected = Expected::new("mapping");
pub(super) static LIST: Expected = Expected::new("list");
pub(super) static STRING: Expected = Expected::new("string");
pub(crate) static NUMBER: Expected = Expected::new("number");
