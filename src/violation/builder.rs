//! Violations that rules and hooks return.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::list::Violations;
use super::path::{FieldName, InputName, Path, Segment};
use super::rule::{Fault, OtherFault};
use super::violation::{Concern, Violation};

/// # Rules and hooks of your own
///
/// A function of a rule (`custom`, `schema`), a hook and a conversion between versions return a violation to reject
/// their argument. Several violations are returned together as [`Violations`].
impl Violation {
    /// A violation of the value that the rule or hook was given.
    ///
    /// The code is for programs. The message for people is "Invalid value." unless the violation
    /// ([`with_message`](Self::with_message)) or the rule's attribute has one. The attribute's `code` and `message`
    /// replace those of the violation.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[validate(schema(function = in_order))]
    /// struct Window {
    ///     start: u32,
    ///     end: u32,
    ///     #[validate(custom(function = even, message = "Odd."))]
    ///     count: u32,
    /// }
    ///
    /// fn even(count: u32) -> Result<(), Violation> {
    ///     if count.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd")) }
    /// }
    ///
    /// fn in_order(window: &Window) -> Result<(), Violation> {
    ///     if window.start < window.end {
    ///         return Ok(());
    ///     }
    ///     Err(Violation::new("order").with_message("Must be after the start.").at("end"))
    /// }
    ///
    /// let error = Window::load(br#"{"start": 2, "end": 1, "count": 2}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "1 violation\nend: Must be after the start.");
    /// let error = Window::load(br#"{"start": 1, "end": 2, "count": 3}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].code(), "odd");
    /// assert_eq!(error.to_string(), "1 violation\ncount: Odd.");
    /// ```
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        let fault = Fault::other(code.into(), Map::new(), None);
        Self { path: Path::default(), concern: Concern::Value, fault, of_shape: false, beside: None }
    }

    /// Sets the message for people. It may contain params by name in braces.
    ///
    /// ```
    /// use event_schema::Violation;
    ///
    /// let violation = Violation::new("late").with_message("At most {days} days.").with_param("days", 3);
    /// assert_eq!(violation.message(), "At most 3 days.");
    /// ```
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.other_mut().message = Some(message.into());
        self
    }

    /// Adds a param of the violation, for programs and for the message.
    ///
    /// See the example of [`with_message`](Self::with_message).
    #[must_use]
    pub fn with_param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other_mut().params.insert(name.into(), value.into());
        self
    }

    /// Adds a step to the path of the violation, which starts at the argument of the rule or hook. A step is the name
    /// of a field, or the index of an element of a list.
    ///
    /// A field of the struct itself is named as on the wire or as in Rust, a field of a nested value as on the wire.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[serde(rename_all = "camelCase")]
    /// #[validate(schema(function = no_repetition))]
    /// struct Order { line_items: Vec<Line> }
    ///
    /// #[event_schema::event]
    /// #[derive(Debug, PartialEq)]
    /// struct Line { sku: String }
    ///
    /// /// Any number of violations can be returned together.
    /// fn no_repetition(order: &Order) -> Result<(), Violations> {
    ///     let repeated = |index: &usize| order.line_items[..*index].contains(&order.line_items[*index]);
    ///     let found: Violations = (0..order.line_items.len())
    ///         .filter(repeated)
    ///         .map(|index| Violation::new("repeated").with_message("Repeated.").at("line_items").at(index).at("sku"))
    ///         .collect();
    ///     if found.is_empty() { Ok(()) } else { Err(found) }
    /// }
    ///
    /// let error = Order::load_str(r#"{"lineItems": [{"sku": "a"}, {"sku": "b"}, {"sku": "a"}]}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "1 violation\nlineItems[2].sku: Repeated.");
    /// ```
    #[must_use]
    pub fn at(mut self, step: impl Into<Segment>) -> Self {
        self.path.extend([step.into()]);
        self
    }

    /// Its fault, as one that can be changed.
    pub(crate) fn other_mut(&mut self) -> &mut OtherFault {
        if !matches!(self.fault, Fault::Other(_)) {
            let (params, suggestion) = (self.params(), self.suggestion());
            let message = Some(self.message().into_owned().into());
            let code = self.code().to_owned().into();
            self.fault = Fault::Other(Box::new(OtherFault { code, params, message, suggestion }));
        }
        match &mut self.fault {
            Fault::Other(other) => other,
            _ => unreachable!("just made"),
        }
    }
}

impl std::error::Error for Violation {}

/// A field, by its name.
///
/// ```
/// use event_schema::Segment;
///
/// assert!(matches!(Segment::from("sku"), Segment::Name(name) if &*name == "sku"));
/// ```
impl From<&str> for Segment {
    fn from(name: &str) -> Self {
        Self::Name(InputName::cut(name))
    }
}

/// An element of a list, counted from 0.
impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A list of one violation. In a function that returns [`Violations`], `?` converts a [`Violation`] into it.
///
/// ```
/// use event_schema::{Violation, Violations};
///
/// fn even(number: u32) -> Result<(), Violation> {
///     if number.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd")) }
/// }
///
/// fn both_even(pair: (u32, u32)) -> Result<(), Violations> {
///     even(pair.0)?;
///     Ok(even(pair.1)?)
/// }
///
/// assert_eq!(both_even((2, 3)).unwrap_err()[0].code(), "odd");
/// ```
impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self::new(vec![violation], 0)
    }
}

/// See the example of [`Violation::at`].
impl FromIterator<Violation> for Violations {
    fn from_iter<I: IntoIterator<Item = Violation>>(violations: I) -> Self {
        Self::new(violations.into_iter().collect(), 0)
    }
}

/// ```
/// use event_schema::{Violation, Violations};
///
/// let mut found = Violations::default();
/// found.extend([Violation::new("odd"), Violation::new("late")]);
/// assert_eq!(found.len(), 2);
/// ```
impl Extend<Violation> for Violations {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        self.list.extend(violations);
    }
}

impl Violations {
    /// Knows the fields of the type that a rule or a hook has named.
    pub(crate) fn resolve(&mut self, fields: &'static [&'static [FieldName]]) {
        for violation in &mut self.list {
            let Some(step) = violation.path.segments_mut().first_mut() else { continue };
            let Segment::Name(name) = &*step else { continue };
            let all = || fields.iter().copied().flatten();
            let is_wire = |field: &&FieldName| field.wire() == &**name || field.aliases().contains(&&**name);
            let is_rust = |field: &&FieldName| field.rust() == &**name;
            // Variants may call different fields so: if one of them is sensitive, it is meant.
            let named = |is: &dyn Fn(&&FieldName) -> bool| {
                all().find(|field| is(field) && field.is_sensitive()).or_else(|| all().find(|field| is(field)))
            };
            if let Some(field) = named(&is_wire).or_else(|| named(&is_rust)) {
                *step = Segment::Field(field);
            }
        }
    }
}
