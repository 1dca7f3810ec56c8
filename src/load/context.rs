//! The state of one read: [`Context`].

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use serde::de::Error;
use serde_json::{Map, Value};

use super::expected::Expected;
use super::json;
use super::options::{LoadOptions, Unknown};
use super::place::At;
use super::record::{Length, Record, Recorded};
use crate::error::{LoadError, LoadErrorKind};
use crate::suggestion::suggest;
use crate::violation::{Concern, Fault, GENERIC, MISSING, Param, Path, Rule, Segment, Violation, Violations};

static NULL: Rule = Rule::bare("null");
static LEFT_OUT: Rule = Rule::bare("required");
static DUPLICATE: Rule = Rule::bare("duplicate");
pub(super) static VARIANT: Expected = Expected::new("variant");
static NO_LIST: Rule = Rule::new("invalid", &[("expected", Param::Str("list"))], Some("Invalid input type."));

/// A limit that ends a read.
#[derive(Clone, Copy, Debug)]
enum Limit {
    Depth,
    Rereads,
}

/// How much may be read again for untagged enums within untagged enums, and for flattened values within flattened values:
/// a megabyte, and so many times each outermost.
const REREADS: usize = 1 << 20;

const REREADS_OF_EACH: usize = 512;

/// How many unknown variants are compared with the known ones in a load.
const MAX_SUGGESTIONS: usize = 100;

/// The kind of source that the deserializer reads; set at the start of a read, never guessed.
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, Dialect, FieldType};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
///
/// /// A number as it was written, which only text can tell.
/// #[derive(Debug, PartialEq, Serialize)]
/// struct Written(Option<String>);
///
/// impl FieldType for Written {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         let text = Box::<event_schema::serde_json::value::RawValue>::read(input, cx, at)?;
///         Ok(text.map(|text| Written((cx.dialect() == Dialect::Json).then(|| text.get().to_owned()))))
///     }
///
///     fn shape() -> Shape {
///         Shape::number()
///     }
/// }
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Rate { rate: Written }
///
/// assert_eq!(Rate::load(br#"{"rate": 0.10}"#).unwrap().rate, Written(Some("0.10".to_owned())));
/// let value = event_schema::serde_json::json!({"rate": 0.10});
/// assert_eq!(Rate::load_value(value).unwrap().rate, Written(None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// JSON text.
    Json,
    /// A [`serde_json::Value`], or a part that was buffered as one; also an Avro datum, whose values have the form that
    /// they have in JSON.
    Value,
}

/// Whether missing fields are violations.
///
/// See the example of [`Context`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Missing fields are violations, unless the type has a default for them.
    Whole,
    /// Missing fields are allowed: a part of an event is read, such as an update.
    Partial,
}

/// Marks a finding as one of shape (the value could not be read) or of value (it was, and broke a rule).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shape,
    Value,
}

/// How an object that a value is read from is shared with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Its tag has been taken out: it is the data of an internally tagged enum's variant.
    Tagged,
    /// It is what a level left for its flattened fields.
    Flattened,
    /// It is that, and one of several variants is to be found for it.
    FlattenedChoice,
}

/// A state of a [`Context`] to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    recorded: Length,
    forgotten: Option<&'static str>,
    kept: usize,
    omitted: usize,
    shape: usize,
}

/// The findings and the record of an attempt, set aside.
pub(crate) struct Attempt {
    list: Vec<Violation>,
    omitted: usize,
    shape: usize,
    forgotten: Option<&'static str>,
    recorded: Recorded,
}

/// The state of a read or a validation: its violations, its limits, its dialect and the user's context.
///
/// Implementations of [`FieldType`](super::FieldType) by hand use [`invalid`](Self::invalid) and
/// [`violation`](Self::violation); the other methods are for the library's own readers.
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, Expected, FieldType, Leaf, Mode, read_leaf};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
/// use event_schema::serde_json::Map;
///
/// /// What a service may ask for, in cents.
/// struct Limits { max: u64 }
///
/// #[derive(Debug, PartialEq, Serialize)]
/// struct Price(u64);
///
/// impl Leaf for Price {
///     const EXPECTED: &'static Expected = { static E: Expected = Expected::new("price"); &E };
///
///     fn from_u64(cents: u64) -> Option<Self> {
///         Some(Price(cents))
///     }
/// }
///
/// impl FieldType for Price {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         let price: Option<Self> = read_leaf(input, cx, at)?;
///         if let Some(price) = &price {
///             price.check(cx, at);
///         }
///         Ok(price)
///     }
///
///     fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
///         let max = cx.user::<Limits>().map_or(1000, |limits| limits.max);
///         if self.0 > max {
///             let params = Map::from_iter([("max".to_owned(), max.into())]);
///             cx.violation(at, "price", params, Some("At most {max} cents.".into()));
///         }
///         // An update may take the price away.
///         if self.0 == 0 && cx.mode() == Mode::Whole {
///             cx.invalid(at, Self::EXPECTED);
///         }
///     }
///
///     fn shape() -> Shape {
///         Shape::of::<u64>()
///     }
/// }
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Offer { price: Price }
///
/// let says = |error: LoadError| error.violations().unwrap()[0].to_string();
/// assert_eq!(Offer::load(br#"{"price": 999}"#).unwrap().price, Price(999));
/// assert_eq!(says(Offer::load(br#"{"price": 1001}"#).unwrap_err()), "price: At most 1000 cents.");
/// assert_eq!(says(Offer::load(br#"{"price": 0}"#).unwrap_err()), "price: Not a valid price.");
/// assert!(Offer::load_partial(br#"{"price": 0}"#).is_ok());
///
/// let limits = Limits { max: 50 };
/// let options = LoadOptions::new().context(&limits);
/// assert_eq!(says(options.load::<Offer>(br#"{"price": 51}"#).unwrap_err()), "price: At most 50 cents.");
/// ```
pub struct Context<'c> {
    violations: Vec<Violation>,
    /// How many more there are than are kept.
    omitted: usize,
    shape_findings: usize,
    depth: usize,
    options: LoadOptions<'c>,
    dialect: Dialect,
    mode: Mode,
    /// Why the read was given up, though the text is not to blame.
    exhausted: Option<Limit>,
    /// How much may still be read again for [untagged enums](Self::try_variants).
    rereads: usize,
    /// In how many [flattened values](Self::read_left), within one another, it is read.
    flat: usize,
    /// In how many untagged enums, within one another, a variant is tried.
    tries: usize,
    /// Fields that no type knows, if `valid_data` wants them out.
    strays: Vec<Path>,
    /// The record of the part of an event that is read.
    record: Option<Box<Record>>,
    /// Whether the input is already the result of hooks.
    prepared: bool,
    /// The type of a context that a rule asked for and that was not given.
    forgotten: Option<&'static str>,
    /// The object that comes next is shared, if it comes at this depth.
    shared: Option<(Sharing, usize)>,
    /// The depth at which pointers point at pointers, and how many do.
    pointers: (usize, usize),
    /// Whether there were floats that code of others writes, if they are left to the writer, which comes next.
    floats_left: Option<bool>,
    /// A number arrived as a map of this one key (`serde_json/arbitrary_precision`) where an object stands.
    pub(crate) number_in_disguise: Option<Mark>,
}

/// How many pointers may point at each other before a list or an object comes.
const MAX_POINTERS: usize = 128;

impl<'c> Context<'c> {
    pub(crate) fn new(options: LoadOptions<'c>, dialect: Dialect) -> Self {
        Self {
            violations: Vec::new(),
            omitted: 0,
            shape_findings: 0,
            depth: 0,
            options,
            dialect,
            mode: Mode::Whole,
            exhausted: None,
            rereads: REREADS,
            flat: 0,
            tries: 0,
            strays: Vec::new(),
            record: None,
            prepared: false,
            forgotten: None,
            shared: None,
            pointers: (0, 0),
            floats_left: None,
            number_in_disguise: None,
        }
    }

    /// The dialect of the source.
    ///
    /// See the example of [`Dialect`].
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Sets the dialect and gives back the one before.
    pub(crate) fn replace_dialect(&mut self, dialect: Dialect) -> Dialect {
        std::mem::replace(&mut self.dialect, dialect)
    }

    /// Sets the mode and gives back the one before.
    pub(crate) fn replace_mode(&mut self, mode: Mode) -> Mode {
        std::mem::replace(&mut self.mode, mode)
    }

    /// Whether the floats that code of others writes are left to the writer; there are some.
    pub(crate) fn leaves_floats(&mut self) -> bool {
        self.floats_left.as_mut().map(|left| *left = true).is_some()
    }

    /// Leaves the floats that code of others writes to the writer, which comes after `check`. Whether there are some.
    #[inline]
    pub(crate) fn leaving_floats(&mut self, check: impl FnOnce(&mut Self)) -> bool {
        self.floats_left = Some(false);
        check(self);
        self.floats_left.take() == Some(true)
    }

    /// Whether missing fields are violations.
    ///
    /// See the example of [`Context`].
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The user's context, if it has this type.
    ///
    /// See the example of [`Context`].
    #[must_use]
    pub fn user<T: 'static>(&self) -> Option<&'c T> {
        let user: &dyn Any = self.options.user?;
        user.downcast_ref()
    }

    /// How many findings there have been.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn found(&self) -> usize {
        self.violations.len() + self.omitted
    }

    /// Goes one level of nesting down.
    ///
    /// # Errors
    /// If that is deeper than the limit; the read ends then.
    #[doc(hidden)]
    #[inline]
    pub fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > self.options.max_depth { Err(self.give_up(Limit::Depth)) } else { Ok(()) }
    }

    #[cold]
    fn give_up<E: Error>(&mut self, limit: Limit) -> E {
        self.exhausted = Some(limit);
        E::custom("a limit of the load")
    }

    /// Counts the levels of a value's text that goes to code that does not count them.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    pub(crate) fn enclose<E: Error>(&mut self, text: &str) -> Result<(), E> {
        let left = self.options.max_depth.saturating_sub(self.depth);
        // A level takes two bytes.
        if text.len() / 2 > left && json::levels(text) > left { Err(self.give_up(Limit::Depth)) } else { Ok(()) }
    }

    /// Tries the variants of an untagged enum on a value of this size.
    pub(crate) fn try_variants<T>(&mut self, size: usize, read: impl FnOnce(&mut Self, usize) -> T) -> T {
        self.allow_rereads(|| size);
        self.tries += 1;
        let value = read(self, size);
        self.tries -= 1;
        value
    }

    /// Reads a flattened value from what its level has left. What it does not take, the next one of the level reads
    /// `again`: within one another, that is twice as much at each level.
    ///
    /// # Errors
    /// If too much was read again; the read ends then.
    pub(crate) fn read_left<T, E: Error>(
        &mut self,
        again: bool,
        size: impl Fn() -> usize,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.allow_rereads(&size) && again {
            self.count_reread(size())?;
        }
        self.flat += 1;
        let value = read(self);
        self.flat -= 1;
        value
    }

    /// Adds what may be read again of a value that is read in one of these ways and lies in no other that is. Whether it
    /// is such a value.
    fn allow_rereads(&mut self, size: impl FnOnce() -> usize) -> bool {
        let outermost = self.tries == 0 && self.flat == 0;
        if outermost {
            self.rereads = self.rereads.saturating_add(size().saturating_mul(REREADS_OF_EACH));
        }
        outermost
    }

    /// Counts a try within a try: there can be as many as the variants to the power of the levels.
    ///
    /// # Errors
    /// If there were too many; the read ends then.
    pub(crate) fn reread<E: Error>(&mut self, size: usize) -> Result<(), E> {
        if self.tries > 1 { self.count_reread(size) } else { Ok(()) }
    }

    fn count_reread<E: Error>(&mut self, size: usize) -> Result<(), E> {
        let Some(left) = self.rereads.checked_sub(size) else { return Err(self.give_up(Limit::Rereads)) };
        self.rereads = left;
        Ok(())
    }

    /// Comes back up.
    #[doc(hidden)]
    #[inline]
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Reads what a pointer points at. A type that contains itself without a list or an object in between, as an
    /// untagged enum may, does so behind a pointer: it would be read for ever.
    #[inline]
    pub(crate) fn behind_pointer<T, E: Error>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let before = self.pointers;
        let here = if before.0 == self.depth { before.1 } else { 0 };
        if here == MAX_POINTERS {
            return Err(self.give_up(Limit::Depth));
        }
        self.pointers = (self.depth, here + 1);
        let value = read(self);
        self.pointers = before;
        value
    }

    /// Reads a value from an object that others read too.
    pub(crate) fn sharing<T>(&mut self, how: Sharing, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.shared.replace((how, self.depth));
        let value = read(self);
        self.shared = before;
        value
    }

    /// Whether what is read now is an object that others read too, rather than a part of one.
    pub(crate) fn shared(&self) -> Option<Sharing> {
        self.shared.filter(|(_, depth)| *depth == self.depth).map(|(how, _)| how)
    }

    /// Reads the entries that an outer level left, on that level.
    pub(crate) fn flattened<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.shared.replace((Sharing::Flattened, self.depth.saturating_sub(1)));
        let value = read(self);
        self.shared = before;
        value
    }

    /// Whether the entries of the object that is read are what an outer level left.
    fn is_flattened(&self) -> bool {
        self.shared.is_some_and(|(how, depth)| how != Sharing::Tagged && depth + 1 == self.depth)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            recorded: self.recorded(),
            forgotten: self.forgotten,
            kept: self.violations.len(),
            omitted: self.omitted,
            shape: self.shape_findings,
        }
    }

    /// Forgets what was found since the mark.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.violations.truncate(mark.kept);
        self.forget_recorded(mark.recorded);
        self.forgotten = mark.forgotten;
        self.omitted = mark.omitted;
        self.shape_findings = mark.shape;
    }

    /// Forgets all that was found.
    #[cold]
    pub(crate) fn forget_findings(&mut self) {
        self.violations.clear();
        self.omitted = 0;
        self.shape_findings = 0;
        self.forgotten = None;
    }

    /// How many findings of shape there have been.
    #[inline]
    pub(crate) fn shape_findings(&self) -> usize {
        self.shape_findings
    }

    pub(crate) fn shape_findings_since(&self, mark: Mark) -> usize {
        self.shape_findings - mark.shape
    }

    /// How far a read since the mark was from success: one of the whole value `at` did not get
    /// inside at all; otherwise findings count.
    #[cold]
    pub(crate) fn distance_since(&self, mark: Mark, at: &At<'_>) -> (bool, usize) {
        // All of them lie here or further in.
        let depth = at.depth();
        let outside = self.violations[mark.kept..].iter().any(|violation| violation.path.segments().len() == depth);
        (outside, self.shape_findings_since(mark))
    }

    /// Takes out what was found and recorded since the mark.
    #[cold]
    pub(crate) fn split_off(&mut self, mark: Mark) -> Attempt {
        let attempt = Attempt {
            list: self.violations.split_off(mark.kept),
            omitted: self.omitted - mark.omitted,
            shape: self.shape_findings_since(mark),
            forgotten: self.forgotten,
            recorded: self.record.as_mut().map(|record| record.split_off(mark.recorded)).unwrap_or_default(),
        };
        self.rewind(mark);
        attempt
    }

    /// Puts back what was taken out at the same place.
    #[cold]
    pub(crate) fn append(&mut self, attempt: Attempt) {
        self.violations.extend(attempt.list);
        self.omitted += attempt.omitted;
        self.shape_findings += attempt.shape;
        self.forgotten = self.forgotten.or(attempt.forgotten);
        if let Some(record) = &mut self.record {
            record.append(attempt.recorded);
        }
    }

    /// The error of a read that failed with `error` on `input`, at a byte.
    #[cold]
    pub(crate) fn to_failure(&self, input: &str, error: &json::Error, stopped: usize) -> LoadError {
        self.to_exhausted().unwrap_or_else(|| LoadError::syntax(input, error, stopped))
    }

    /// The error of a read that was given up because of a limit.
    pub(crate) fn to_exhausted(&self) -> Option<LoadError> {
        Some(match self.exhausted? {
            Limit::Depth => LoadErrorKind::TooDeep { limit: self.options.max_depth }.into(),
            Limit::Rereads => LoadErrorKind::TooAmbiguous.into(),
        })
    }

    /// Keeps the place of a field that the type does not know and does not refuse.
    #[cold]
    pub(crate) fn stray(&mut self, at: &At<'_>, name: &str) {
        if self.options.valid_data {
            self.strays.push(at.name(name).path());
        }
    }

    /// Whether a field that a type does not have is a fault; `denies` is what the type says.
    #[cold]
    pub(crate) fn denies_unknown(&self, denies: bool) -> bool {
        match self.options.unknown {
            None => denies,
            // The outer level knows the unknown fields of an object that others read too.
            Some(Unknown::Raise) => denies || !self.is_flattened(),
            Some(Unknown::Exclude) => false,
        }
    }

    /// Begins to record what is read of the part of an event that stands here, and gives back the record of the part that
    /// it lies in. `only` and `exclude` choose the fields of a part that is a document of its own, and of those in it.
    pub(super) fn begin_record(&mut self, at: &At<'_>) -> Option<Box<Record>> {
        let is_restricted = self.options.only.is_some() || !self.options.exclude.is_empty();
        let chooses = self.is_choosing() || is_restricted && at.is_document();
        self.record.replace(Box::new(Record::new(at, chooses)))
    }

    /// Ends a record, and goes on with the one that was given back.
    pub(super) fn end_record(&mut self, outer: Option<Box<Record>>) -> Option<Box<Record>> {
        std::mem::replace(&mut self.record, outer)
    }

    /// Whether what is read is recorded, as it is of a part of an event.
    #[inline]
    pub(crate) fn is_recording(&self) -> bool {
        self.record.is_some()
    }

    /// How much has been recorded.
    pub(super) fn recorded(&self) -> Length {
        self.record.as_ref().map_or(Length::default(), |record| record.len())
    }

    /// How many entries have been recorded since then.
    pub(super) fn entries_since(&self, mark: Mark) -> usize {
        self.record.as_ref().map_or(0, |record| record.entries_since(mark.recorded))
    }

    /// The keys of the entries of the object that stands here that have been read as fields since then.
    pub(super) fn fields_since(&mut self, recorded: Length, at: &At<'_>) -> Vec<&str> {
        self.record.as_mut().map(|record| record.fields_since(recorded, at)).unwrap_or_default()
    }

    /// Forgets what has been recorded since then.
    pub(super) fn forget_recorded(&mut self, recorded: Length) {
        if let Some(record) = &mut self.record {
            record.truncate(recorded);
        }
    }

    /// Records the elements on the way to this place, so that they outlive an attempt to read what stands there.
    #[inline]
    pub(super) fn record_place(&mut self, at: &At<'_>) {
        if let Some(record) = &mut self.record {
            record.place(at);
        }
    }

    /// Records that only those entries of an object are read that are recorded too.
    #[cold]
    pub(super) fn record_object(&mut self, at: &At<'_>) {
        if let Some(record) = &mut self.record {
            record.object(at);
        }
    }

    /// Records that an entry of an object is read as a field. Its value must be read next.
    #[cold]
    pub(super) fn record_field(&mut self, at: &At<'_>, key: &str, name: &'static str) {
        if let Some(record) = &mut self.record {
            record.field(at, key, name);
        }
    }

    /// Records that an entry of a map is read; `written` is its key as the map writes it. Its value must be read next.
    #[cold]
    pub(super) fn record_map_entry(&mut self, at: &At<'_>, key: &str, written: Option<String>) {
        if let Some(record) = &mut self.record {
            record.map_entry(at, key, written);
        }
    }

    /// Records that all these entries are read as they are, if nothing was recorded since then: a reader took them that
    /// does not tell one from another.
    pub(super) fn record_all_if_none<'n, I: Iterator<Item = &'n str>>(
        &mut self,
        since: Length,
        at: &At<'_>,
        names: impl FnOnce() -> I,
    ) {
        if let Some(record) = self.record.as_mut().filter(|record| record.len() == since) {
            for name in names() {
                record.map_entry(at, name, None);
            }
        }
    }

    /// Reads what was made of the value that stands here: the part has that in place of it.
    #[cold]
    pub(crate) fn reading_made<T>(
        &mut self,
        at: &At<'_>,
        text: impl FnOnce() -> String,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.record.as_mut().and_then(|record| record.begin_made(at, text()));
        let value = read(self);
        if let (Some(record), Some(before)) = (&mut self.record, before) {
            record.end_made(before);
        }
        value
    }

    /// Whether some fields are not to be read.
    pub(crate) fn is_choosing(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.chooses)
    }

    /// Whether the field that stands here, or a part of it, is to be read.
    #[cold]
    pub(crate) fn has_chosen(&self, at: &At<'_>) -> bool {
        if !self.is_choosing() {
            return true;
        }
        let names = at.field_names();
        // Whether one lies in the other.
        let on_the_way = |field: &&str| field.split('.').zip(&names).all(|(name, step)| name == *step);
        let is_within = |field: &&str| field.split('.').count() <= names.len() && on_the_way(field);
        self.options.only.is_none_or(|only| only.iter().any(on_the_way)) && !self.options.exclude.iter().any(is_within)
    }

    /// Notes a field that is not chosen, as one that the type does not have.
    #[cold]
    pub(crate) fn leave_out(&mut self, at: &At<'_>, name: &str, denies: bool) {
        self.record_object(at);
        if self.denies_unknown(denies) {
            self.unknown(at, name, &[]);
        }
    }

    /// Whether it is read what hooks have made: they do not run again.
    pub(crate) fn is_prepared(&self) -> bool {
        self.prepared
    }

    /// Says whether it is read what hooks have made, and gives back what was said before.
    pub(crate) fn replace_prepared(&mut self, prepared: bool) -> bool {
        std::mem::replace(&mut self.prepared, prepared)
    }

    /// Notes that a rule's context was not given.
    pub(crate) fn forget(&mut self, context: &'static str) {
        self.forgotten = Some(context);
    }

    /// The type of a context that was not given, if the read or the check is to fail for it.
    pub(crate) fn forgotten(&self) -> Option<&'static str> {
        self.forgotten
    }

    /// Takes over what somebody else has found.
    #[cold]
    pub(crate) fn adopt(&mut self, violations: Violations) {
        self.omitted += violations.omitted();
        self.violations.extend(violations);
    }

    /// Says of each violation where it stands in this text, if that is asked for.
    #[inline]
    pub(crate) fn locate(&mut self, text: &str) {
        if self.options.positions {
            json::locate(text, &mut self.violations);
        }
    }

    /// The findings, as an error.
    // It takes a reference: the context is too large to be moved for it.
    #[inline]
    pub(crate) fn take_error(&mut self, valid_data: impl FnOnce(&Violations, &[Path]) -> Option<Value>) -> LoadError {
        if let Some(context) = self.forgotten {
            return LoadErrorKind::NoContext(context).into();
        }
        let violations = Violations::new(std::mem::take(&mut self.violations), self.omitted);
        if self.options.valid_data {
            let valid_data = valid_data(&violations, &self.strays);
            return LoadError::invalid(violations, valid_data);
        }
        LoadError::invalid(violations, None)
    }

    /// As [`take_error`](Self::take_error), without what is valid.
    #[cold]
    pub(crate) fn into_error(self) -> LoadError {
        match self.forgotten {
            Some(context) => LoadErrorKind::NoContext(context).into(),
            None => LoadErrorKind::Invalid(self.into_violations()).into(),
        }
    }

    /// Everything that was found.
    pub(crate) fn into_violations(self) -> Violations {
        Violations::new(self.violations, self.omitted)
    }

    // Cold functions are compiled for size, so the callers of these are cold, but not they themselves.
    #[inline(never)]
    fn note_rule(&mut self, at: &At<'_>, kind: Kind, concern: Concern, rule: &'static Rule) {
        // The rule `required` says of an option what is said of a missing field.
        self.keep(at, kind, concern, kind == Kind::Shape || rule.code() == "required", || Fault::Rule(rule));
    }

    #[inline(never)]
    fn note(&mut self, at: &At<'_>, kind: Kind, concern: Concern, fault: Fault) {
        self.keep(at, kind, concern, kind == Kind::Shape || fault.code() == "required", || fault);
    }

    /// Each part is written where it stays, for which `extend` makes room before: to copy what was written just now is
    /// slow.
    #[inline]
    fn keep(&mut self, at: &At<'_>, kind: Kind, concern: Concern, of_shape: bool, fault: impl FnOnce() -> Fault) {
        if kind == Kind::Shape {
            self.shape_findings += 1;
        }
        if self.violations.len() >= self.options.max_violations {
            self.omitted += 1;
            return;
        }
        let violation = || Violation { path: Path::default(), concern, fault: fault(), of_shape, beside: None };
        self.violations.extend(std::iter::once_with(violation));
        if let Some(last) = self.violations.last_mut() {
            at.write(&mut last.path);
        }
    }

    fn note_shape(&mut self, at: &At<'_>, rule: &'static Rule) {
        self.note_rule(at, Kind::Shape, Concern::Value, rule);
    }

    /// Records that the input at `at` is not a value of the type; `expected` completes "Not a valid ...".
    ///
    /// See the example of [`Context`].
    #[cold]
    pub fn invalid(&mut self, at: &At<'_>, expected: &'static Expected) {
        let concern = if expected.0.expected() == Some("object") { Concern::Whole } else { Concern::Value };
        self.note_rule(at, Kind::Shape, concern, &expected.0);
    }

    /// As [`invalid`](Self::invalid), of a value at hand that load would refuse if it were written.
    #[cold]
    pub(crate) fn unreadable(&mut self, at: &At<'_>, expected: &'static Expected) {
        self.keep(at, Kind::Value, Concern::Value, true, || Fault::Rule(&expected.0));
    }

    /// As [`missing`](Self::missing), of a field that would be left out though every load asks for it.
    #[cold]
    pub(crate) fn left_out(&mut self, at: &At<'_>) {
        self.keep(at, Kind::Value, Concern::Value, true, || Fault::Rule(&LEFT_OUT));
    }

    /// As [`null`](Self::null), of a value at hand.
    #[cold]
    pub(crate) fn null_at_hand(&mut self, at: &At<'_>) {
        self.keep(at, Kind::Value, Concern::Value, true, || Fault::Rule(&NULL));
    }

    /// As [`duplicate`](Self::duplicate), of a key at hand that load would take for another's.
    #[cold]
    pub(crate) fn taken(&mut self, at: &At<'_>, key: &str) {
        self.keep(&at.name(key), Kind::Value, Concern::Value, true, || Fault::Rule(&DUPLICATE));
    }

    /// Notes a null where the type has none.
    #[cold]
    pub(crate) fn null(&mut self, at: &At<'_>, expected: &'static Expected) {
        // Marshmallow says of a null document what it says of any other that is no object.
        if at.is_document() { self.invalid(at, expected) } else { self.note_shape(at, &NULL) }
    }

    /// Notes a required field that is not there.
    #[doc(hidden)]
    #[cold]
    pub fn missing(&mut self, at: &At<'_>) {
        let may_be = || self.options.partial.is_none_or(|fields| at.is_one_of(fields)) || !self.has_chosen(at);
        if self.mode == Mode::Whole || !may_be() {
            self.note_shape(at, &MISSING);
        }
    }

    /// Notes a field that was there before.
    #[doc(hidden)]
    #[cold]
    pub fn duplicate(&mut self, at: &At<'_>) {
        self.note_shape(at, &DUPLICATE);
    }

    /// Notes a list of events that is none.
    #[cold]
    pub(crate) fn no_list(&mut self, at: &At<'_>) {
        self.note_rule(at, Kind::Shape, Concern::Whole, &NO_LIST);
    }

    /// Notes a field that the type does not have; `known` are those that it has.
    #[cold]
    pub(crate) fn unknown(&mut self, at: &At<'_>, name: &str, known: &'static [&'static str]) {
        self.note(&at.name(name), Kind::Shape, Concern::Value, Fault::Unknown(known));
    }

    /// Notes a list that has not the number of elements that its type has.
    #[cold]
    pub(crate) fn wrong_length(&mut self, at: &At<'_>, length: usize) {
        let params = Map::from_iter([("equal".to_owned(), Value::from(length))]);
        let fault = Fault::other(Cow::Borrowed("length"), params, None);
        self.note(at, Kind::Shape, Concern::Value, fault);
    }

    /// Notes a value that is none of an enum's variants. Which one its name resembles is found out at
    /// once, because the name is not kept.
    #[cold]
    pub(crate) fn choice(&mut self, at: &At<'_>, choices: &'static Rule, name: Option<&str>) {
        if choices.choices().is_empty() {
            return self.invalid(at, &VARIANT);
        }
        let name = name.filter(|_| self.violations.len() < MAX_SUGGESTIONS && !at.is_sensitive());
        let meant = name.and_then(|name| suggest(name, choices.choices())).and_then(|index| u16::try_from(index).ok());
        self.note(at, Kind::Shape, Concern::Value, Fault::Choice(choices, meant));
    }

    /// Notes a broken rule whose arguments are known at compile time.
    #[doc(hidden)]
    #[cold]
    pub fn broken(&mut self, at: &At<'_>, rule: &'static Rule) {
        self.note_rule(at, Kind::Value, Concern::Value, rule);
    }

    /// As [`broken`](Self::broken), of a rule whose arguments are known at run time only.
    #[doc(hidden)]
    #[cold]
    pub fn broken_with(
        &mut self,
        at: &At<'_>,
        code: &'static str,
        params: Map<String, Value>,
        message: Option<&'static str>,
    ) {
        let fault = Fault::other(Cow::Borrowed(code), params, message.map(Cow::Borrowed));
        self.note(at, Kind::Value, Concern::Value, fault);
    }

    /// Records a broken rule of the value at `at`: a stable code, parameters, and a message, or `None` for the
    /// library's own message for the code.
    ///
    /// In a sensitive field only the code is kept.
    ///
    /// See the example of [`Context`].
    #[cold]
    pub fn violation(
        &mut self,
        at: &At<'_>,
        code: impl Into<Cow<'static, str>>,
        params: Map<String, Value>,
        message: Option<Cow<'static, str>>,
    ) {
        self.violation_of(at, Concern::Value, code.into(), params, None, message);
    }

    /// As [`violation`](Self::violation), for the object as a whole: reported under `_schema`.
    #[cold]
    pub(crate) fn violation_of_whole(
        &mut self,
        at: &At<'_>,
        code: Cow<'static, str>,
        params: Map<String, Value>,
        message: Option<Cow<'static, str>>,
    ) {
        self.violation_of(at, Concern::Whole, code, params, None, message);
    }

    /// Notes what a function of the user's returned: each violation lies `at` this place, or further in. The words of the
    /// attribute come before those of the function.
    #[cold]
    pub(crate) fn found_by_user(
        &mut self,
        at: &At<'_>,
        concern: Concern,
        violations: Violations,
        code: Option<&'static str>,
        message: Option<&'static str>,
    ) {
        self.omitted += violations.omitted();
        if violations.is_empty() {
            return self.violation_of(at, concern, code.unwrap_or("custom").into(), Map::new(), message, None);
        }
        for violation in violations {
            let mut steps = violation.path.segments().to_vec();
            let is_sensitive = steps.iter_mut().fold(at.is_sensitive(), |is_sensitive, step| {
                if is_sensitive {
                    step.mask();
                }
                is_sensitive || matches!(step, Segment::Field(name) if name.is_sensitive())
            });
            let concern =
                if steps.is_empty() && violation.concern == Concern::Value { concern } else { violation.concern };
            // A field's own text for a fault of shape does not come before the attribute's.
            let of_shape = violation.of_shape && message.is_none();
            let fault = violation.into_fault(is_sensitive, code, message);
            let kept = self.violations.len();
            // Its shape is the one that its reader looked for, whatever was found in it.
            self.keep(at, Kind::Value, concern, of_shape, || fault);
            if let Some(noted) = self.violations.get_mut(kept) {
                noted.path.extend(steps);
            }
        }
    }

    /// Whether violations are to carry values.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn shows_values(&self) -> bool {
        self.options.show_values
    }

    /// Lets the violations that were noted last, all of this place, carry the value that is there.
    #[doc(hidden)]
    #[cold]
    pub fn show(&mut self, at: &At<'_>, value: Option<Box<str>>) {
        let Some(value) = value.filter(|_| !at.is_sensitive()) else { return };
        let path = at.path();
        let here = |one: &&mut Violation| one.concern == Concern::Value && one.value().is_none() && one.path == path;
        for violation in self.violations.iter_mut().rev().take_while(here) {
            violation.beside_mut().value = Some(value.clone());
        }
    }

    /// As [`violation`](Self::violation), with what it concerns, and with words of the rule's own
    /// that come before those that `message` has and are kept in a sensitive field too.
    #[cold]
    pub(crate) fn violation_of(
        &mut self,
        at: &At<'_>,
        concern: Concern,
        code: Cow<'static, str>,
        params: Map<String, Value>,
        own: Option<&'static str>,
        message: Option<Cow<'static, str>>,
    ) {
        let own = own.map(Cow::Borrowed);
        let fault = if at.is_sensitive() {
            Fault::other(code, Map::new(), own.or(Some(Cow::Borrowed(GENERIC))))
        } else {
            Fault::other(code, params, own.or(message))
        };
        self.note(at, Kind::Value, concern, fault);
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("violations", &self.violations)
            .field("depth", &self.depth)
            .field("options", &self.options)
            .field("dialect", &self.dialect)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
