//! The options of a load: [`LoadOptions`].

use std::any::Any;
use std::fmt;

/// Options of a load: its limits, its context, and its treatment of unknown and missing fields. It has the load methods
/// of [`EventSchema`](crate::EventSchema), in the manner of [`std::fs::OpenOptions`].
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
/// The options can be a `static`:
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
    pub(super) show_values: bool,
    pub(crate) user: Option<&'c (dyn Any + Sync)>,
    /// In a part of an event: the only fields that may be missing.
    pub(crate) partial: Option<&'c [&'c str]>,
    /// In a part of an event: the only fields that are read.
    pub(super) only: Option<&'c [&'c str]>,
    /// In a part of an event: fields that are not read.
    pub(super) exclude: &'c [&'c str],
    /// The treatment of unknown fields, whatever the types declare.
    pub(super) unknown: Option<Unknown>,
}

impl<'c> LoadOptions<'c> {
    /// The default options: at most 16 MiB of input, 128 levels and 1000 violations.
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
            show_values: false,
            user: None,
            partial: None,
            only: None,
            exclude: &[],
            unknown: None,
        }
    }

    /// Refuses input of more than this many bytes without reading it.
    ///
    /// See the example of [`LoadOptions`].
    #[must_use]
    pub const fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// Refuses input nested deeper than this many levels, including the root object. An object of which a map, an enum or
    /// a `Value` is a flattened part counts twice. Each level uses stack: allow more than a few hundred only in threads
    /// with a large stack.
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

    /// Keeps the valid fields of an invalid input, for [`LoadError::valid_data`](crate::LoadError::valid_data). It
    /// costs a second read of invalid inputs.
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

    /// Records the position of each violation in the text: [`Violation::position`](crate::Violation::position). It
    /// costs a second read of invalid inputs, and nothing for valid ones.
    ///
    /// The position is that of the invalid value; for an unknown or duplicate field and for an invalid key of a map,
    /// that of the key; for a missing field, that of its object. If the path of a violation does not contain the key
    /// in the input (because of a mask or a `pre_load` hook), or if a map has the key several times, the position is
    /// that of the containing value. In the value of a `pre_load` hook, it is that of the first of several equal keys. Loads from a [`Value`](serde_json::Value) have no positions. In a
    /// CloudEvent in structured mode, positions are within its data.
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

    /// Keeps the values that break rules in their violations: [`Violation::value`](crate::Violation::value).
    ///
    /// Values may be personal data, so they are left out by default. A sensitive field never shows its value or
    /// anything inside it. Lists and objects are not shown either, because a field in them may be sensitive. Nor are
    /// values of types that do not implement [`FieldType`](crate::load::FieldType), which fields marked `plain` may
    /// have.
    ///
    /// Violations of the rules of fields, elements, keys and map entries have a value, also in
    /// [`validate`](Self::validate). A value of the wrong type is not shown. Valid input costs nothing more.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// struct Signup {
    ///     #[validate(length(max = 3))]
    ///     name: String,
    ///     #[event(sensitive)]
    ///     #[validate(length(min = 8))]
    ///     password: String,
    /// }
    ///
    /// let options = LoadOptions::new().show_values(true);
    /// let input = Signup { name: "Grace".to_owned(), password: "letmein".to_owned() };
    /// let violations = options.validate(&input).unwrap_err();
    /// assert_eq!(violations[0].to_string(), "name: Longer than maximum length 3.");
    /// assert_eq!(violations[0].value(), Some(r#""Grace""#));
    /// assert_eq!(violations[1].value(), None);
    /// ```
    #[must_use]
    pub const fn show_values(mut self, show: bool) -> Self {
        self.show_values = show;
        self
    }

    /// The argument of rules with `use_context`, like the context of validator or Marshmallow. For Kafka, the
    /// `with_context` of a producer or a consumer sets it.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// struct Limits { max: u32 }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    ///     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
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
    /// // Without its context, a rule cannot be checked: the event is not known to be valid, nor is it to blame.
    /// assert!(Bid::load(br#"{"cents": 1}"#).unwrap_err().is_config());
    /// ```
    #[must_use]
    pub fn context<T: Sync + 'static>(mut self, context: &'c T) -> Self {
        self.user = Some(context);
        self
    }

    /// Allows only these fields to be missing in [`load_partial`](Self::load_partial), instead of all.
    ///
    /// Fields have their names on the wire, with dots before nested fields (`address.zip`). A name that the event does
    /// not have is an error, here and in [`only`](Self::only) and [`exclude`](Self::exclude). Loads of whole events
    /// ignore the three. A second call replaces the first.
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

    /// Reads only these fields in [`load_partial`](Self::load_partial), for instance for a user who may change no
    /// others. All other fields count as unknown: they are skipped or refused as [`unknown`](Self::unknown) or the
    /// type decides.
    ///
    /// Fields are named as in [`partial`](Self::partial). A name includes everything that is nested in the field; in a
    /// list or a map, it selects the field of every element. In a type with a `pre_load` hook, the names select fields
    /// of the hook's result. In a flattened type, they select fields of the input, and the hook receives only these.
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
    ///
    /// let misspelt = LoadOptions::new().exclude(&["is_admn"]);
    /// assert!(misspelt.load_partial::<Account>(br#"{"is_admin": true}"#).unwrap_err().is_config());
    /// # Ok::<(), LoadError>(())
    /// ```
    #[must_use]
    pub const fn only(mut self, fields: &'c [&'c str]) -> Self {
        self.only = Some(fields);
        self
    }

    /// Reads all fields except these in [`load_partial`](Self::load_partial), see [`only`](Self::only).
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

    /// Rejects or skips unknown fields at every level of this load, whatever the types declare.
    ///
    /// A type with a flattened map has no unknown fields: the map takes them all.
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

    /// The names that choose fields of a part of an event.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'c &'c str> {
        let lists = [self.partial, self.only, Some(self.exclude)];
        lists.into_iter().flatten().flatten()
    }

    /// Keeps at most this many violations, and counts the others.
    ///
    /// See the example of [`LoadOptions`].
    #[must_use]
    pub const fn max_violations(mut self, count: usize) -> Self {
        self.max_violations = count;
        self
    }
}

/// The treatment of fields that a type does not have, see [`LoadOptions::unknown`].
///
/// For Marshmallow's `INCLUDE`, use a flattened map in the type.
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
    /// Each is a violation, as if every type had `#[serde(deny_unknown_fields)]`.
    Raise,
    /// They are skipped, as if no type had `#[serde(deny_unknown_fields)]`.
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
