//! Options of dump: [`DumpOptions`].

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::contract::parts::{Way, has_field, similar_field};
use crate::error::{DumpError, DumpErrorKind, UnknownName};
use crate::load::{FieldType, LoadOptions};

/// Options of a dump: the fields that it writes, and the context of its rules. It has the dump methods of
/// [`EventSchema`](crate::EventSchema), in the manner of [`std::fs::OpenOptions`].
///
/// Fields have their names on the wire, with dots before nested fields (`address.zip`). In a list, a name selects the
/// field of every element, as in Marshmallow. A name that the contract does not contain is an error. A field that this
/// event omits, such as a `None` with `skip_serializing_if`, is not an error.
///
/// ```
/// use event_schema::{DumpOptions, EventSchema, Serialize};
///
/// #[derive(Serialize, EventSchema)]
/// struct Line { sku: String, cost: u32 }
///
/// #[derive(Serialize, EventSchema)]
/// struct Order { id: u64, lines: Vec<Line> }
///
/// let order = Order { id: 7, lines: vec![Line { sku: "a".into(), cost: 3 }] };
/// let options = DumpOptions::new().exclude(["lines.cost"]);
/// assert_eq!(options.dump(&order).unwrap(), br#"{"id":7,"lines":[{"sku":"a"}]}"#);
/// let options = DumpOptions::new().only(["id"]);
/// assert_eq!(options.dump(&order).unwrap(), br#"{"id":7}"#);
/// ```
#[derive(Clone)]
pub struct DumpOptions<'c> {
    only: Option<Vec<Cow<'static, str>>>,
    exclude: Vec<Cow<'static, str>>,
    pub(crate) rules: LoadOptions<'c>,
}

impl<'c> DumpOptions<'c> {
    /// The default options: all fields, without a context.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { #[validate(range(min = 1))] seq: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// assert_eq!(DumpOptions::new().dump(&Ping { seq: 7 }).unwrap(), br#"{"seq":7}"#);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { only: None, exclude: Vec::new(), rules: LoadOptions::new() }
    }

    /// Writes these fields only. A second call replaces the first.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Pair { a: u64, b: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let options = DumpOptions::new().only(["b"]);
    /// assert_eq!(options.dump(&Pair { a: 1, b: 2 }).unwrap(), br#"{"b":2}"#);
    /// ```
    #[must_use]
    pub fn only<N: Into<Cow<'static, str>>>(mut self, fields: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// Leaves these fields out. A second call replaces the first.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Pair { a: u64, b: u64 }
    /// use event_schema::DumpOptions;
    ///
    /// let options = DumpOptions::new().exclude(["b"]);
    /// assert_eq!(options.dump(&Pair { a: 1, b: 2 }).unwrap(), br#"{"a":1}"#);
    /// ```
    #[must_use]
    pub fn exclude<N: Into<Cow<'static, str>>>(mut self, fields: impl IntoIterator<Item = N>) -> Self {
        self.exclude = fields.into_iter().map(Into::into).collect();
        self
    }

    /// The argument of rules with `use_context`, see [`LoadOptions::context`].
    ///
    /// ```
    /// use event_schema::prelude::*;
    /// use event_schema::DumpOptions;
    ///
    /// struct Limits { max: u32 }
    ///
    /// #[event_schema::event]
    /// #[validate(context = Limits)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    /// }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    ///     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// let limits = Limits { max: 100 };
    /// let options = DumpOptions::new().context(&limits);
    /// assert!(options.dump(&Bid { cents: 100 }).is_ok());
    /// assert!(options.dump(&Bid { cents: 101 }).unwrap_err().is_invalid());
    /// ```
    #[must_use]
    pub fn context<T: Sync + 'static>(mut self, context: &'c T) -> Self {
        self.rules = self.rules.context(context);
        self
    }

    /// Whether it has a choice of fields.
    pub(crate) fn chooses(&self) -> bool {
        self.only.is_some() || !self.exclude.is_empty()
    }

    /// Refuses names that the contract does not contain, where there is no event to look at.
    pub(crate) fn check_names<E: FieldType>(&self) -> Result<(), DumpError> {
        self.names().try_for_each(|name| check::<E>(&Value::Null, name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.only.iter().flatten().chain(&self.exclude).map(|name| &**name)
    }

    /// The chosen part of an event's value.
    pub(crate) fn choose<E: FieldType>(&self, mut value: Value) -> Result<Value, DumpError> {
        self.names().try_for_each(|name| check::<E>(&value, name))?;
        if let Some(only) = &self.only {
            let mut chosen = Tree::default();
            for name in only {
                chosen.insert(name);
            }
            chosen.keep(&mut value);
        }
        for name in &self.exclude {
            remove(&mut value, &name.split('.').collect::<Vec<_>>());
        }
        Ok(value)
    }
}

impl Default for DumpOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DumpOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpOptions").field("only", &self.only).field("exclude", &self.exclude).finish_non_exhaustive()
    }
}

/// Refuses a name that no object can have: a field meant to be left out would be written for a typing error. One that
/// this event leaves out is known to the contract.
fn check<E: FieldType>(value: &Value, name: &str) -> Result<(), DumpError> {
    let path: Vec<&str> = name.split('.').collect();
    if exists(value, &path) || has_field(&E::shape(), Way::Written, &path) {
        Ok(())
    } else {
        Err(DumpErrorKind::NoSuchField(UnknownName {
            name: name.to_owned(),
            similar: similar_field(&E::shape(), Way::Written, &path),
        })
        .into())
    }
}

/// Whether this event has a field there. Below a null and in an empty list there is none.
fn exists(value: &Value, path: &[&str]) -> bool {
    match (value, path) {
        (_, []) => true,
        (Value::Array(list), _) => list.iter().any(|element| exists(element, path)),
        (Value::Object(object), [first, rest @ ..]) => object.get(*first).is_some_and(|inner| exists(inner, rest)),
        _ => false,
    }
}

fn remove(value: &mut Value, path: &[&str]) {
    match (value, path) {
        (Value::Array(list), _) => list.iter_mut().for_each(|element| remove(element, path)),
        (Value::Object(object), [only]) => drop(object.remove(*only)),
        (Value::Object(object), [first, rest @ ..]) => {
            if let Some(inner) = object.get_mut(*first) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}

/// Names, by their steps.
#[derive(Default)]
struct Tree {
    /// Whether all is chosen.
    all: bool,
    below: Vec<(String, Tree)>,
}

impl Tree {
    fn insert(&mut self, name: &str) {
        let mut here = self;
        for step in name.split('.') {
            let position = here.below.iter().position(|(known, _)| known == step).unwrap_or_else(|| {
                here.below.push((step.to_owned(), Self::default()));
                here.below.len() - 1
            });
            here = &mut here.below[position].1;
        }
        here.all = true;
    }

    fn keep(&self, value: &mut Value) {
        match value {
            _ if self.all => {}
            Value::Array(list) => list.iter_mut().for_each(|element| self.keep(element)),
            Value::Object(object) => {
                object.retain(|key, _| self.below.iter().any(|(name, _)| name == key));
                for (name, below) in &self.below {
                    if let Some(inner) = object.get_mut(name) {
                        below.keep(inner);
                    }
                }
            }
            _ => {}
        }
    }
}
