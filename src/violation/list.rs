//! All that is wrong: [`Violations`].

use std::borrow::Cow;
use std::fmt;

use serde_json::Map;

use super::path::Path;
use super::rule::Fault;
use super::violation::{Concern, Violation};

/// Widest column of paths, in characters.
const MAX_COLUMN: usize = 40;

/// All faults of an event, in the order in which they were found.
///
/// It dereferences to a slice of [`Violation`]. It can be written
/// - as lines for people: `{}` for logs, `{:#}` in columns for a terminal;
/// - as Marshmallow's tree, by [`to_messages`](Self::to_messages) and by `Serialize`, and fastest by
///   [`to_json`](Self::to_json);
/// - as a flat list with JSON Pointers, by [`to_list`](Self::to_list);
/// - as RFC 9457 problem details, by [`to_problem`](Self::to_problem).
///
/// [`translate`](Self::translate) changes the messages, for instance to another language.
///
/// The list keeps as many violations as the load allows (1000 by default); [`omitted`](Self::omitted)
/// counts the others.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
/// use serde_json::json;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Line {
///     #[validate(length(min = 1))]
///     sku: String,
/// }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[serde(rename_all = "camelCase")]
/// struct Order { order_id: u64, lines: Vec<Line> }
///
/// let error = Order::load(br#"{"orderId": "x", "lines": [{"sku": ""}, {}]}"#).unwrap_err();
/// let violations = error.violations().unwrap();
///
/// assert_eq!(violations.len(), 3);
/// assert_eq!(violations.to_string(), "\
/// orderId: Not a valid integer.
/// lines[0].sku: Shorter than minimum length 1.
/// lines[1].sku: Missing data for required field.");
/// assert_eq!(violations.to_messages(), json!({
///     "orderId": ["Not a valid integer."],
///     "lines": {
///         "0": {"sku": ["Shorter than minimum length 1."]},
///         "1": {"sku": ["Missing data for required field."]},
///     },
/// }));
/// assert_eq!(format!("{violations:#}"), "\
/// orderId       Not a valid integer.
/// lines[0].sku  Shorter than minimum length 1.
/// lines[1].sku  Missing data for required field.");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Violations {
    pub(super) list: Vec<Violation>,
    rest: Option<Box<Rest>>,
}

/// Those that were omitted.
#[derive(Clone, Debug, PartialEq)]
struct Rest {
    count: usize,
    /// Stands for them in reports.
    violation: Violation,
}

impl Rest {
    fn add(&mut self, count: usize) {
        self.count += count;
        self.violation.other_mut().params.insert("count".to_owned(), self.count.into());
    }
}

impl Violations {
    #[inline]
    pub(crate) fn new(list: Vec<Violation>, omitted: usize) -> Self {
        let rest = || {
            let params = Map::from_iter([("count".to_owned(), omitted.into())]);
            let fault = Fault::other(Cow::Borrowed("omitted"), params, None);
            let violation =
                Violation { path: Path::default(), concern: Concern::Whole, fault, of_shape: false, beside: None };
            Box::new(Rest { count: omitted, violation })
        };
        Self { list, rest: (omitted > 0).then(rest) }
    }

    /// The number of violations that were not kept.
    ///
    /// See the example of [`LoadOptions`](crate::LoadOptions).
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.count)
    }

    /// Adds another list to this one, and the number of violations that it [`omitted`](Self::omitted).
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Ping { seq: u64, sent: u64 }
    ///
    /// let options = LoadOptions::new().max_violations(1);
    /// let violations = || options.load::<Ping>(b"{}").unwrap_err().into_violations().unwrap();
    /// let mut both = violations();
    /// both.append(violations());
    /// assert_eq!((both.len(), both.omitted()), (2, 2));
    /// ```
    pub fn append(&mut self, other: Self) {
        self.list.extend(other.list);
        match (&mut self.rest, other.rest) {
            (Some(rest), Some(other)) => rest.add(other.count),
            (rest @ None, other) => *rest = other,
            (Some(_), None) => {}
        }
    }

    /// Leaves away what only the input names, and what the rules of users say in words of their own.
    #[cfg(feature = "kafka")]
    pub(crate) fn redact(&mut self) {
        self.list.iter_mut().for_each(Violation::redact);
    }

    /// As those of a text that so many lines and bytes come before.
    pub(crate) fn behind(&mut self, lines: u64, bytes: u64) {
        let beside = self.list.iter_mut().filter_map(|violation| violation.beside.as_mut());
        for position in beside.filter_map(|beside| beside.position.as_mut()) {
            *position = position.behind(lines, bytes);
        }
    }

    /// One that stands for those that were omitted.
    pub(super) fn rest(&self) -> Option<&Violation> {
        self.rest.as_ref().map(|rest| &rest.violation)
    }

    /// The same violations with other messages, for every form of report.
    ///
    /// `words` is called for each violation and returns its new message; after `None` the old message is kept. The
    /// message may contain params in braces, as a rule's `message` may. If violations were
    /// [`omitted`](Self::omitted), `words` is also called with the code `omitted`, whose param `count` is their
    /// number.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize, Violation};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Order {
    ///     #[validate(range(min = 1, max = 9))]
    ///     quantity: u32,
    ///     sku: String,
    /// }
    ///
    /// fn german(violation: &Violation) -> Option<&'static str> {
    ///     Some(match violation.code() {
    ///         "required" => "Pflichtfeld.",
    ///         "range" => "Muss zwischen {min} und {max} liegen.",
    ///         _ => return None,
    ///     })
    /// }
    ///
    /// let error = Order::load(br#"{"quantity": 0}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap().translate(german).to_messages(), json!({
    ///     "quantity": ["Muss zwischen 1 und 9 liegen."],
    ///     "sku": ["Pflichtfeld."],
    /// }));
    /// ```
    #[must_use]
    pub fn translate<T: Into<Cow<'static, str>>>(&self, mut words: impl FnMut(&Violation) -> Option<T>) -> Self {
        let mut translated = |violation: &Violation| match words(violation) {
            Some(text) => violation.clone().translated(text.into()),
            None => violation.clone(),
        };
        Self {
            list: self.iter().map(&mut translated).collect(),
            rest: self
                .rest
                .as_ref()
                .map(|rest| Box::new(Rest { count: rest.count, violation: translated(&rest.violation) })),
        }
    }
}

impl std::ops::Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// Those that were [`omitted`](Violations::omitted) are not among them: [`append`](Violations::append) adds a list with
/// them.
impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.write_columns(f);
        }
        for (n, violation) in self.list.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{violation}")?;
        }
        match self.rest() {
            Some(rest) => write!(f, "\n{rest}"),
            None => Ok(()),
        }
    }
}

impl Violations {
    /// The paths in one column, the messages in another; a path that is too long for its column
    /// shifts its own line only.
    fn write_columns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.list.iter().map(|violation| violation.path.to_string()).collect();
        let widths = paths.iter().map(|path| path.chars().count());
        let column = widths.filter(|width| *width <= MAX_COLUMN).max().unwrap_or(0);
        for (n, (violation, path)) in self.list.iter().zip(&paths).enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            if column > 0 || !path.is_empty() {
                write!(f, "{path:column$}  ")?;
            }
            violation.write_message(f)?;
        }
        match self.rest() {
            Some(rest) => write!(f, "\n{rest}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Violations {}
