//! What travels through a read: [`Context`] collects the findings, [`At`] knows where we are.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use serde::de::Error;
use serde_json::{Map, Value};

use super::{json, valid};
use crate::error::{LoadError, LoadErrorKind};
use crate::suggestion::suggest;
use crate::violation::{
    Concern, Fault, FieldName, GENERIC, InputName, Param, Path, Rule, Segment, Violation, Violations,
};

/// How a load is bounded, what it does beside, and what it gives to the rules. It has the verbs of
/// [`EventSchema`](crate::EventSchema), in the manner of [`std::fs::OpenOptions`].
///
/// ```
/// use event_schema::{EventSchema, LoadOptions, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Batch { ids: Vec<u64> }
///
/// let few = LoadOptions::new().max_violations(2).max_size(100);
/// let error = few.load::<Batch>(br#"{"ids": ["a", "b", "c"]}"#).unwrap_err();
/// assert_eq!(error.violations().unwrap().len(), 2);
/// assert_eq!(error.violations().unwrap().omitted(), 1);
///
/// let error = few.load::<Batch>(&[b' '; 101]).unwrap_err();
/// assert!(error.is_too_large());
/// ```
///
/// They can be a constant of a service:
///
/// ```
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Ping { seq: u64 }
///
/// static LIMITS: LoadOptions<'static> = LoadOptions::new().max_size(64 << 10).max_depth(8);
///
/// assert_eq!(LIMITS.load_many::<Ping>(br#"[{"seq": 7}]"#).unwrap().len(), 1);
/// ```
#[derive(Clone, Copy)]
pub struct LoadOptions<'c> {
    pub(crate) max_size: usize,
    pub(crate) max_depth: usize,
    pub(crate) max_violations: usize,
    pub(crate) valid_data: bool,
    pub(crate) positions: bool,
    pub(crate) user: Option<&'c (dyn Any + Sync)>,
    /// In a part of an event: the only fields that may be missing.
    pub(crate) partial: Option<&'c [&'c str]>,
    /// In a part of an event: the only fields that are read.
    only: Option<&'c [&'c str]>,
    /// In a part of an event: fields that are not read.
    exclude: &'c [&'c str],
    /// What becomes of unknown fields, whatever the types say.
    unknown: Option<Unknown>,
}

impl<'c> LoadOptions<'c> {
    /// The defaults: 16 MiB of input, 128 levels, 1000 violations kept.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Batch { ids: Vec<u64> }
    /// let mut input = br#"{"ids": []}"#.to_vec();
    /// input.resize(16 << 20, b' ');
    /// assert!(LoadOptions::new().load::<Batch>(&input).is_ok());
    /// input.push(b' ');
    /// assert!(LoadOptions::new().load::<Batch>(&input).unwrap_err().is_too_large());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_size: 16 << 20,
            max_depth: 128,
            max_violations: 1000,
            valid_data: false,
            positions: false,
            user: None,
            partial: None,
            only: None,
            exclude: &[],
            unknown: None,
        }
    }

    /// Refuses input of more than this many bytes before it is looked at.
    ///
    /// See the example of [`LoadOptions`].
    #[must_use]
    pub const fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// Refuses input nested deeper than this many levels, the root object counted as one. Every
    /// level costs stack; more than a few hundred are for threads with a large one.
    ///
    /// ```
    /// use event_schema::{EventSchema, LoadOptions, Serialize};
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Grid { cells: Vec<Vec<u8>> }
    ///
    /// let shallow = LoadOptions::new().max_depth(2);
    /// assert!(shallow.load::<Grid>(br#"{"cells": []}"#).is_ok());
    /// assert!(shallow.load::<Grid>(br#"{"cells": [[1]]}"#).unwrap_err().is_too_deep());
    /// ```
    #[must_use]
    pub const fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Keeps what is valid of an input that is not, for
    /// [`LoadError::valid_data`](crate::LoadError::valid_data): costs a second read of such an input.
    ///
    /// ```
    /// use event_schema::{EventSchema, LoadOptions, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Signup { name: String, ages: Vec<u8> }
    ///
    /// let options = LoadOptions::new().valid_data(true);
    /// let input = br#"{"name": "Ada", "ages": [36, "x", 41], "more": 1}"#;
    /// let error = options.load::<Signup>(input).unwrap_err();
    /// assert_eq!(error.valid_data(), Some(&json!({"name": "Ada", "ages": [36, 41]})));
    /// ```
    #[must_use]
    pub const fn valid_data(mut self, keep: bool) -> Self {
        self.valid_data = keep;
        self
    }

    /// Says of each violation where it stands in the text: [`Violation::position`](crate::Violation::position). Costs a
    /// second look at an input that is not valid, and nothing for one that is.
    ///
    /// That is the value at fault; of an unknown or repeated field, and of a map's key that is at fault, the key; of a
    /// missing field, the object that lacks it. A value under a key that the violation's path does not name, for it is
    /// an alias, masked or changed by a `pre_load` hook, has the place of what it lies in, and so has an entry of a map
    /// that has several of its key. From a [`Value`](serde_json::Value) there are no positions.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct Signup { name: String, ages: Vec<u8> }
    ///
    /// let options = LoadOptions::new().positions(true);
    /// let input = "{\n  \"ages\": [36, \"x\"],\n  \"age\": 1\n}";
    /// let error = options.load::<Signup>(input.as_bytes()).unwrap_err();
    /// let places = error.violations().unwrap().iter().map(|one| format!("{}: {one}", one.position().unwrap()));
    /// assert_eq!(places.collect::<Vec<_>>(), [
    ///     "line 2 column 16: ages[1]: Not a valid integer.",
    ///     "line 3 column 3: age: Unknown field. Did you mean ages?",
    ///     "line 1 column 1: name: Missing data for required field.",
    /// ]);
    /// assert_eq!(error.violations().unwrap()[0].position().unwrap().offset(), 17);
    /// ```
    #[must_use]
    pub const fn positions(mut self, tell: bool) -> Self {
        self.positions = tell;
        self
    }

    /// Gives rules with `use_context` their argument: validator's context, Marshmallow's.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// struct Limits { max: u32 }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), ValidationError> {
    ///     if cents <= limits.max { Ok(()) } else { Err(ValidationError::new("too_expensive")) }
    /// }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[validate(context = Limits)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context = true, message = "Too expensive."))]
    ///     cents: u32,
    /// }
    ///
    /// let limits = Limits { max: 100 };
    /// let options = LoadOptions::new().context(&limits);
    /// assert!(options.load::<Bid>(br#"{"cents": 100}"#).is_ok());
    /// let error = options.load::<Bid>(br#"{"cents": 101}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].code(), "too_expensive");
    /// // Without its context a rule cannot be checked: the event is not known to be valid.
    /// assert!(Bid::load(br#"{"cents": 1}"#).unwrap_err().is_invalid());
    /// ```
    #[must_use]
    pub fn context<T: Sync + 'static>(mut self, context: &'c T) -> Self {
        self.user = Some(context);
        self
    }

    /// Lets only these fields be missing in [`load_partial`](Self::load_partial),
    /// where all may otherwise: wire names, of nested fields behind dots (`address.zip`).
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Address { street: String, zip: String }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Customer { id: u64, name: String, address: Address }
    ///
    /// let options = LoadOptions::new().partial(&["name", "address.zip"]);
    /// let update = br#"{"id": 7, "address": {"street": "Main St 1"}}"#;
    /// assert!(options.load_partial::<Customer>(update).is_ok());
    ///
    /// let error = options.load_partial::<Customer>(br#"{"address": {"zip": "10115"}}"#).unwrap_err();
    /// let missing: Vec<_> = error.violations().unwrap().iter().map(|one| one.path().to_string()).collect();
    /// assert_eq!(missing, ["address.street", "id"]);
    /// ```
    #[must_use]
    pub const fn partial(mut self, fields: &'c [&'c str]) -> Self {
        self.partial = Some(fields);
        self
    }

    /// Takes only these fields for fields of the event in [`load_partial`](Self::load_partial), as an update by somebody
    /// who may change no others: all others count as unknown, which are skipped or refused as [`unknown`](Self::unknown)
    /// or the type says.
    ///
    /// Fields are named as in [`partial`](Self::partial): a name stands for all that is in the field, and through a list
    /// or a map for the field of every element. A field that a `pre_load` hook makes of another is refused if it is not
    /// chosen, for the part could not be without it. Whole events are read as ever.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Account { name: String, email: String, is_admin: bool }
    ///
    /// let own = LoadOptions::new().only(&["name", "email"]);
    /// let update = own.load_partial::<Account>(br#"{"name": "Ada", "is_admin": true}"#)?;
    /// assert!(update.contains("name") && !update.contains("is_admin"));
    ///
    /// let strict = own.unknown(Unknown::Raise);
    /// let error = strict.load_partial::<Account>(br#"{"name": "Ada", "is_admin": true}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].to_string(), "is_admin: Unknown field.");
    /// # Ok::<(), LoadError>(())
    /// ```
    #[must_use]
    pub const fn only(mut self, fields: &'c [&'c str]) -> Self {
        self.only = Some(fields);
        self
    }

    /// Takes all fields but these in [`load_partial`](Self::load_partial), see [`only`](Self::only).
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Address { zip: String, verified: bool }
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Customer { id: u64, address: Address }
    ///
    /// let options = LoadOptions::new().exclude(&["id", "address.verified"]);
    /// let update = br#"{"id": 8, "address": {"zip": "10115", "verified": true}}"#;
    /// let update = options.load_partial::<Customer>(update)?;
    /// let ada = Customer { id: 7, address: Address { zip: "00000".into(), verified: false } };
    /// let ada = update.apply_to(ada)?;
    /// assert_eq!((ada.id, &*ada.address.zip, ada.address.verified), (7, "10115", false));
    /// # Ok::<(), LoadError>(())
    /// ```
    #[must_use]
    pub const fn exclude(mut self, fields: &'c [&'c str]) -> Self {
        self.exclude = fields;
        self
    }

    /// What becomes of fields that a type does not have, whatever the types say: at every level, in this load.
    ///
    /// A flattened map takes all fields and leaves none unknown.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Line { sku: String }
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[serde(deny_unknown_fields)]
    /// struct Order { lines: Vec<Line> }
    ///
    /// let input = br#"{"lines": [{"sku": "a", "size": 7}], "note": ""}"#;
    /// let error = LoadOptions::new().unknown(Unknown::Raise).load::<Order>(input).unwrap_err();
    /// assert_eq!(error.to_string(), "2 violations\nlines[0].size: Unknown field.\nnote: Unknown field.");
    /// assert_eq!(Order::load(input).unwrap_err().violations().unwrap().len(), 1);
    /// assert!(LoadOptions::new().unknown(Unknown::Exclude).load::<Order>(input).is_ok());
    /// ```
    #[must_use]
    pub const fn unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = Some(unknown);
        self
    }

    /// Keeps at most this many violations and counts the rest.
    ///
    /// See the example of [`LoadOptions`].
    #[must_use]
    pub const fn max_violations(mut self, count: usize) -> Self {
        self.max_violations = count;
        self
    }
}

/// What becomes of fields that a type does not have, see [`LoadOptions::unknown`].
///
/// Marshmallow's `INCLUDE` is a flattened map in the type.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Ping { seq: u64 }
///
/// let load = |unknown| LoadOptions::new().unknown(unknown).load_str::<Ping>(r#"{"seq": 7, "sqe": 8}"#);
/// assert_eq!(load(Unknown::Exclude).unwrap().seq, 7);
/// assert_eq!(load(Unknown::Raise).unwrap_err().violations().unwrap()[0].code(), "unknown");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Each is a violation, as if every type said `#[serde(deny_unknown_fields)]`.
    Raise,
    /// They are skipped, as if none did.
    Exclude,
}

impl Default for LoadOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LoadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("max_size", &self.max_size)
            .field("max_depth", &self.max_depth)
            .field("max_violations", &self.max_violations)
            .finish_non_exhaustive()
    }
}

static NULL: Rule = Rule::bare("null");
static REQUIRED: Rule = Rule::bare("required");
static DUPLICATE: Rule = Rule::bare("duplicate");
pub(super) static VARIANT: Expected = Expected::new("variant");
static NO_LIST: Rule = Rule::new("invalid", &[("expected", Param::Str("list"))], Some("Invalid input type."));

/// A limit that ends a read.
#[derive(Clone, Copy, Debug)]
enum Limit {
    Depth,
    Rereads,
}

/// How much may be read again for untagged enums within untagged enums: a megabyte, and so many times each outermost.
const REREADS: usize = 1 << 20;
const REREADS_OF_EACH: usize = 512;

/// How many unknown variants are compared with the known ones in a load.
const MAX_SUGGESTIONS: usize = 100;

/// What kind of source the deserializer reads; set where the read starts, never guessed.
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
    /// A [`serde_json::Value`], or what was buffered as one.
    Value,
}

/// Whether missing fields are faults.
///
/// See the example of [`Context`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// They are, unless the type has a default for them.
    Whole,
    /// They are not: a part of an event is read, as an update sends it.
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
}

/// A state of a [`Context`] to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    left_out: usize,
    kept: usize,
    omitted: usize,
    shape: usize,
}

/// Findings of an attempt, set aside.
pub(crate) struct Findings {
    list: Vec<Violation>,
    omitted: usize,
    shape: usize,
}

/// The state of one read or check: its findings, its limits, its dialect and the user's own context.
///
/// Implementations of [`FieldType`](super::FieldType) by hand use [`invalid`](Self::invalid) and
/// [`violation`](Self::violation); everything else is for the library's own readers.
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
    /// In how many untagged enums, within one another, a variant is tried.
    tries: usize,
    /// Fields that no type knows, if `valid_data` wants them out.
    strays: Vec<Path>,
    /// Whether a part of an event is read that `only` or `exclude` chooses the fields of.
    choosing: bool,
    /// Fields that are not chosen.
    left_out: Vec<LeftOut>,
    /// The object that comes next is shared, if it comes at this depth.
    shared: Option<(Sharing, usize)>,
    /// The depth at which pointers point at pointers, and how many do.
    pointers: (usize, usize),
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
            tries: 0,
            strays: Vec::new(),
            choosing: false,
            left_out: Vec::new(),
            shared: None,
            pointers: (0, 0),
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

    /// Whether missing fields are faults.
    ///
    /// See the example of [`Context`].
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The user's own context, if one of this type was given.
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
        if self.tries == 0 {
            self.rereads = self.rereads.saturating_add(size.saturating_mul(REREADS_OF_EACH));
        }
        self.tries += 1;
        let value = read(self, size);
        self.tries -= 1;
        value
    }

    /// Counts a try within a try: there can be as many as the variants to the power of the levels.
    ///
    /// # Errors
    /// If there were too many; the read ends then.
    pub(crate) fn reread<E: Error>(&mut self, size: usize) -> Result<(), E> {
        let size = if self.tries > 1 { size } else { 0 };
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

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            left_out: self.left_out.len(),
            kept: self.violations.len(),
            omitted: self.omitted,
            shape: self.shape_findings,
        }
    }

    /// Forgets what was found since the mark.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.violations.truncate(mark.kept);
        self.left_out.truncate(mark.left_out);
        self.omitted = mark.omitted;
        self.shape_findings = mark.shape;
    }

    pub(crate) fn shape_findings_since(&self, mark: Mark) -> usize {
        self.shape_findings - mark.shape
    }

    /// How far a read since the mark was from success: one of the whole value `at` did not get
    /// inside at all; otherwise findings count.
    #[cold]
    pub(crate) fn distance_since(&self, mark: Mark, at: &At<'_>) -> (bool, usize) {
        let path = at.path();
        let outside = self.violations[mark.kept..].iter().any(|violation| violation.path == path);
        (outside, self.shape_findings_since(mark))
    }

    /// Takes out what was found since the mark.
    #[cold]
    pub(crate) fn split_off(&mut self, mark: Mark) -> Findings {
        let findings = Findings {
            list: self.violations.split_off(mark.kept),
            omitted: self.omitted - mark.omitted,
            shape: self.shape_findings_since(mark),
        };
        self.rewind(mark);
        findings
    }

    /// Puts findings back that were taken out.
    #[cold]
    pub(crate) fn append(&mut self, findings: Findings) {
        self.violations.extend(findings.list);
        self.omitted += findings.omitted;
        self.shape_findings += findings.shape;
    }

    /// What the read that failed with `error` on `input`, at a byte, has to say.
    #[cold]
    pub(crate) fn to_failure(&self, input: &str, error: &json::Error, stopped: usize) -> LoadError {
        self.to_exhausted().unwrap_or_else(|| LoadError::syntax(input, error, stopped))
    }

    /// What the read that failed has to say if it was given up for a limit.
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
        self.options.unknown.map_or(denies, |unknown| unknown == Unknown::Raise)
    }

    /// Begins to choose fields, if a part of an event is to be read that is a document of its own.
    pub(crate) fn begin_choice(&mut self, at: &At<'_>) -> bool {
        let chooses = self.options.only.is_some() || !self.options.exclude.is_empty();
        let begins = chooses && !self.choosing && at.is_document();
        self.choosing |= begins;
        begins
    }

    pub(crate) fn end_choice(&mut self) {
        self.choosing = false;
    }

    /// Whether some fields are not to be read.
    #[inline]
    pub(crate) fn is_choosing(&self) -> bool {
        self.choosing
    }

    /// Whether the field that stands here, or a part of it, is to be read.
    #[cold]
    pub(crate) fn has_chosen(&self, at: &At<'_>) -> bool {
        let mut names: Vec<&str> = at.outwards().filter_map(|at| at.step.field_name()).collect();
        names.reverse();
        // Whether one lies in the other.
        let on_the_way = |field: &&str| field.split('.').zip(&names).all(|(name, step)| name == *step);
        let is_within = |field: &&str| field.split('.').count() <= names.len() && on_the_way(field);
        self.options.only.is_none_or(|only| only.iter().any(on_the_way)) && !self.options.exclude.iter().any(is_within)
    }

    /// Notes a field that is not chosen, as one that the type does not have.
    #[cold]
    pub(crate) fn leave_out(&mut self, at: &At<'_>, name: &str, denies: bool) {
        if self.denies_unknown(denies) {
            self.unknown(at, name, &[]);
        } else {
            let at = at.name(name);
            self.left_out.push(LeftOut { path: at.path(), steps: at.steps() });
        }
    }

    /// The fields that are not chosen and have been met.
    pub(crate) fn take_left_out(&mut self) -> Vec<LeftOut> {
        std::mem::take(&mut self.left_out)
    }

    /// Notes a field that is not chosen and cannot be left out.
    #[cold]
    pub(crate) fn refuse(&mut self, field: LeftOut) {
        let before = self.violations.len();
        self.unknown(&At::ROOT, "", &[]);
        if let Some(noted) = self.violations.get_mut(before) {
            noted.path = field.path;
        }
    }

    /// Says of each violation where it stands in this text, if that is asked for.
    #[inline]
    pub(crate) fn locate(&mut self, text: &str) {
        if self.options.positions {
            json::locate(text, &mut self.violations);
        }
    }

    /// What was found, as an error.
    // By reference: the context is too large to be moved for it.
    #[inline]
    pub(crate) fn take_error(&mut self, valid_data: impl FnOnce(&Violations, &[Path]) -> Option<Value>) -> LoadError {
        let violations = Violations::new(std::mem::take(&mut self.violations), self.omitted);
        if self.options.valid_data {
            let valid_data = valid_data(&violations, &self.strays);
            return LoadError::invalid(violations, valid_data);
        }
        LoadError::invalid(violations, None)
    }

    /// Everything that was found.
    pub(crate) fn into_violations(self) -> Violations {
        Violations::new(self.violations, self.omitted)
    }

    // What is cold is compiled for size, and so the callers of these are cold, but not they.
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
        let violation = || Violation { path: Path::default(), concern, fault: fault(), of_shape, position: None };
        self.violations.extend(std::iter::once_with(violation));
        if let Some(last) = self.violations.last_mut() {
            at.write(&mut last.path);
        }
    }

    fn note_shape(&mut self, at: &At<'_>, rule: &'static Rule) {
        self.note_rule(at, Kind::Shape, Concern::Value, rule);
    }

    /// Notes that what stands here is not a value of the type; `expected` completes "Not a valid ...".
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
        let may_be =
            || self.options.partial.is_none_or(|fields| at.is_one_of(fields)) || self.choosing && !self.has_chosen(at);
        if self.mode == Mode::Whole || !may_be() {
            self.note_shape(at, &REQUIRED);
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

    /// Notes a broken rule of the value at `at`: a stable code, parameters, and the sentence, or
    /// `None` for the library's own sentence for the code.
    ///
    /// In a sensitive field the code alone is kept.
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

    /// As [`violation`](Self::violation), of the object as a whole: it stands under `_schema`.
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
pub struct Expected(Rule);

impl Expected {
    /// From the words that complete "Not a valid ...".
    ///
    /// See the example of [`Expected`].
    #[must_use]
    pub const fn new(words: &'static str) -> Self {
        Self(Rule::expect(words))
    }
}

/// A field that is not chosen: where it stands, for a report, and how it is found in the input.
pub(crate) struct LeftOut {
    path: Path,
    steps: Vec<valid::Step>,
}

impl LeftOut {
    /// Takes it out of the part of an event that stands at a place.
    pub(crate) fn take_out(&self, part: &mut Value, at: &At<'_>) {
        if let Some((last, parents)) = self.steps[at.steps().len()..].split_last() {
            valid::remove(part, parents, last);
        }
    }
}

/// Where in the input a read stands: a list of steps that lives on the stack and is made into a
/// [`Path`] only when there is something to report.
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, FieldType};
/// use event_schema::prelude::*;
/// use event_schema::serde::Deserializer;
/// use event_schema::serde_json::Map;
///
/// /// Numbers that grow.
/// #[derive(Debug, Serialize)]
/// struct Growing(Vec<u64>);
///
/// impl FieldType for Growing {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         let read = Vec::read(input, cx, at)?.map(Growing);
///         if let Some(read) = &read {
///             read.check(cx, at);
///         }
///         Ok(read)
///     }
///
///     fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
///         for (index, pair) in self.0.windows(2).enumerate() {
///             if pair[0] >= pair[1] {
///                 cx.violation(&at.index(index + 1), "growing", Map::new(), Some("No larger.".into()));
///             }
///         }
///     }
///
///     fn shape() -> Shape {
///         Shape::list(Shape::of::<u64>())
///     }
/// }
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Steps { steps: Growing }
///
/// let error = Steps::load(br#"{"steps": [1, 3, 2]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "1 violation\nsteps[2]: No larger.");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'static FieldName),
    Name(&'a str),
    Key(&'a dyn KeyText),
    MapKey(&'a str),
    MapKeyOf(&'a dyn KeyText),
    Index(usize),
    /// An element of a list of events: it is a document of its own.
    Document(usize),
    /// An element that is sensitive.
    Secret(usize),
    /// No step: what stands here is sensitive, though the place has no name that could say so.
    Cover,
}

impl Step<'_> {
    fn is_sensitive(&self) -> bool {
        match self {
            Step::Field(name) => name.is_sensitive(),
            Step::Secret(_) | Step::Cover => true,
            _ => false,
        }
    }

    /// What the field is called on the wire, if it is a step into one.
    fn field_name(&self) -> Option<&str> {
        match *self {
            Step::Field(name) => Some(name.wire()),
            Step::Name(name) => Some(name),
            _ => None,
        }
    }

    /// As a step into a value.
    fn in_value(&self) -> valid::Step {
        match *self {
            Step::Field(name) => valid::Step::new(None, name.wire(), name.aliases()),
            Step::Name(name) | Step::MapKey(name) => valid::Step::new(None, name, &[]),
            Step::Key(key) | Step::MapKeyOf(key) => valid::Step::new(None, &key.key_text(), &[]),
            Step::Index(index) | Step::Document(index) | Step::Secret(index) => valid::Step::new(Some(index), "", &[]),
            Step::Root | Step::Cover => unreachable!("no step"),
        }
    }

    /// Whether it is a step at all.
    fn is_some(&self) -> bool {
        !matches!(self, Step::Root | Step::Cover)
    }

    #[inline]
    fn segment(&self, masked: bool) -> Segment {
        match *self {
            Step::Field(name) => Segment::Field(name),
            Step::Index(index) | Step::Document(index) | Step::Secret(index) => Segment::Index(index),
            _ => self.segment_of_input(masked),
        }
    }

    /// The segment of a step that the input names.
    #[cold]
    fn segment_of_input(&self, masked: bool) -> Segment {
        let text = |text: &str| if masked { InputName::masked() } else { InputName::cut(text) };
        match *self {
            Step::Name(name) => Segment::Name(text(name)),
            Step::Key(key) => Segment::Key(text(&key.key_text())),
            Step::MapKeyOf(key) => Segment::MapKey(text(&key.key_text())),
            Step::MapKey(key) => Segment::MapKey(text(key)),
            Step::Root | Step::Cover | Step::Field(_) | Step::Index(_) | Step::Document(_) | Step::Secret(_) => {
                unreachable!("named by the type, or not at all")
            }
        }
    }
}

/// A map's key, made text only when there is something to report.
pub(crate) trait KeyText {
    fn key_text(&self) -> Cow<'_, str>;
}

impl fmt::Debug for dyn KeyText + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.key_text(), f)
    }
}

impl<'a> At<'a> {
    /// The document itself.
    ///
    /// See the example of [`At`].
    pub const ROOT: At<'static> = At { parent: None, step: Step::Root };

    /// One of its fields.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn field(&'a self, name: &'static FieldName) -> At<'a> {
        At { parent: Some(self), step: Step::Field(name) }
    }

    /// A field of an object that only the input names.
    pub(crate) fn name(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Name(name) }
    }

    /// One of its elements.
    ///
    /// See the example of [`At`].
    #[inline]
    #[must_use]
    pub fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Index(index) }
    }

    /// One of its elements, sensitive.
    #[doc(hidden)]
    #[must_use]
    pub fn secret_index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Secret(index) }
    }

    /// The same place, sensitive.
    #[doc(hidden)]
    #[must_use]
    pub fn cover(&'a self) -> At<'a> {
        At { parent: Some(self), step: Step::Cover }
    }

    /// One of the documents of a list.
    pub(crate) fn document(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Document(index) }
    }

    /// The value of one of its entries.
    #[inline]
    #[must_use]
    pub(crate) fn key(&'a self, key: &'a dyn KeyText) -> At<'a> {
        At { parent: Some(self), step: Step::Key(key) }
    }

    /// The key of one of its entries.
    ///
    /// The place in the tree of messages is `key` under the entry's. See the example of [`At`].
    #[inline]
    #[must_use]
    pub fn map_key(&'a self, key: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::MapKey(key) }
    }

    /// As [`map_key`](Self::map_key), of a key that was read.
    #[inline]
    pub(crate) fn map_key_of(&'a self, key: &'a dyn KeyText) -> At<'a> {
        At { parent: Some(self), step: Step::MapKeyOf(key) }
    }

    /// Whether an event as a whole stands here.
    pub(super) fn is_document(&self) -> bool {
        match self.step {
            Step::Root | Step::Document(_) => true,
            Step::Cover => self.parent.is_some_and(At::is_document),
            _ => false,
        }
    }

    /// This place and those that it lies in, innermost first.
    fn outwards(&self) -> impl Iterator<Item = &At<'a>> {
        std::iter::successors(Some(self), |at| at.parent)
    }

    /// Whether this place is, or lies in, a sensitive field.
    #[cold]
    pub(crate) fn is_sensitive(&self) -> bool {
        self.outwards().any(|at| at.step.is_sensitive())
    }

    /// Whether one of these names it: the fields on the way to it, with dots between.
    #[cold]
    fn is_one_of(&self, fields: &[&str]) -> bool {
        let path = self.path();
        let names = path.segments().iter().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.wire()),
            _ => None,
        });
        fields.iter().any(|field| field.split('.').eq(names.clone()))
    }

    /// The way here from the root, as steps into a value.
    #[cold]
    fn steps(&self) -> Vec<valid::Step> {
        let mut steps: Vec<_> = self.outwards().filter(|at| at.step.is_some()).map(|at| at.step.in_value()).collect();
        steps.reverse();
        steps
    }

    /// The way here from the root.
    #[cold]
    fn path(&self) -> Path {
        let mut path = Path::default();
        self.write(&mut path);
        path
    }

    /// Makes an empty path the way here from the root.
    #[inline(never)]
    fn write(&self, path: &mut Path) {
        // Innermost first.
        let mut last = [self; Path::FEW];
        let (mut length, mut sensitive) = (0, 0);
        for at in self.outwards() {
            if at.step.is_sensitive() {
                // So many steps lie in it.
                sensitive = length;
            }
            if at.step.is_some() {
                if let Some(place) = last.get_mut(length) {
                    *place = at;
                }
                length += 1;
            }
        }
        if let Some(steps) = path.few(length) {
            for (step, (n, at)) in steps.iter_mut().rev().zip(last.iter().enumerate()) {
                *step = at.step.segment(n < sensitive);
            }
        } else {
            let steps = self.outwards().filter(|at| at.step.is_some()).enumerate();
            let mut steps: Vec<_> = steps.map(|(n, at)| at.step.segment(n < sensitive)).collect();
            steps.reverse();
            *path = Path::of_many(steps);
        }
    }
}
