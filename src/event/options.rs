//! The verbs of [`EventSchema`] with options of their own.

use std::io::{BufRead, Read};

use serde_json::Value;

use super::{EventSchema, generated};
use crate::contract::parts::{Way, has_field, similar_field};
use crate::error::{LoadError, LoadErrorKind, UnknownName};
use crate::load::many::Many;
use crate::load::{self, At, Context, Dialect, FieldType, LoadOptions};
use crate::partial::Partial;
use crate::source::{self, Lines};
use crate::violation::Violations;

/// # Load
///
/// The load methods of [`EventSchema`], with these options.
impl<'c> LoadOptions<'c> {
    /// [`EventSchema::load`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let small = LoadOptions::new().max_size(10);
    /// let ping: Ping = small.load(br#"{"seq": 7}"#).unwrap();
    /// assert_eq!(ping.seq, 7);
    /// assert!(small.load::<Ping>(br#"{"seq": 77}"#).unwrap_err().is_too_large());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load`].
    pub fn load<E: EventSchema>(&self, input: &[u8]) -> Result<E, LoadError> {
        load::from_json(input, self)
    }

    /// [`EventSchema::load_str`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let small = LoadOptions::new().max_size(5);
    /// assert!(small.load_str::<Ping>(r#"{"seq": 7}"#).unwrap_err().is_too_large());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load`].
    pub fn load_str<E: EventSchema>(&self, input: &str) -> Result<E, LoadError> {
        self.load(input.as_bytes())
    }

    /// [`EventSchema::load_value`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Batch { ids: Vec<u64> }
    /// let few = LoadOptions::new().max_violations(1);
    /// let error = few.load_value::<Batch>(serde_json::json!({"ids": ["a", "b"]})).unwrap_err();
    /// assert_eq!(error.violations().unwrap().omitted(), 1);
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_value`].
    pub fn load_value<E: EventSchema>(&self, input: Value) -> Result<E, LoadError> {
        load::from_value(input, self)
    }

    /// [`EventSchema::load_reader`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let small = LoadOptions::new().max_size(10);
    /// assert!(small.load_reader::<Ping>(&br#"{"seq": 7}"#[..]).is_ok());
    /// assert!(small.load_reader::<Ping>(&br#"{"seq": 77}"#[..]).unwrap_err().is_too_large());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_reader`].
    pub fn load_reader<E: EventSchema>(&self, input: impl Read) -> Result<E, LoadError> {
        self.load(&source::read_all(input, self)?)
    }

    /// [`EventSchema::load_lines`] with these options, which apply to each line.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let lines = &b"{\"seq\": 1000000}\n{\"seq\": 2}\n"[..];
    /// let mut lines = LoadOptions::new().max_size(10).load_lines::<Ping, _>(lines);
    /// assert!(lines.next().unwrap().event.unwrap_err().is_too_large());
    /// assert_eq!(lines.next().unwrap().event.unwrap().seq, 2);
    /// ```
    pub fn load_lines<E: EventSchema, R: BufRead>(&self, input: R) -> Lines<'c, R, E> {
        Lines::new(input, *self)
    }

    /// [`EventSchema::load_many`] with these options; the maximum size is that of the list, the maximum depth that of
    /// an event.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let few = LoadOptions::new().max_violations(1);
    /// let error = few.load_many::<Ping>(b"[1, 2, 3]").unwrap_err();
    /// assert_eq!(error.violations().unwrap().omitted(), 2);
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_many`].
    pub fn load_many<E: EventSchema>(&self, input: &[u8]) -> Result<Vec<E>, LoadError> {
        load::from_json::<Many<E>>(input, self).map(|many| many.0)
    }

    /// [`EventSchema::load_from`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let small = LoadOptions::new().max_size(5);
    /// assert!(small.load_from::<Ping>(1, br#"{"seq": 7}"#).unwrap_err().is_too_large());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_from`].
    pub fn load_from<E: EventSchema>(&self, writer: u32, input: &[u8]) -> Result<E, LoadError> {
        generated::load_from(writer, input, self)
    }

    /// [`EventSchema::load_typed`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: u64 }
    /// let small = LoadOptions::new().max_size(5);
    /// assert!(small.load_typed::<Ping>("ping.v1", br#"{"seq": 7}"#).unwrap_err().is_too_large());
    /// assert!(small.load_typed::<Ping>("pong.v1", br#"{"seq": 7}"#).unwrap_err().is_other_event());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_typed`].
    pub fn load_typed<E: EventSchema>(&self, event_type: &str, input: &[u8]) -> Result<E, LoadError> {
        E::load_if_of(event_type, input, self).unwrap_or_else(|| Err(generated::other_event::<E>(Some(event_type))))
    }

    /// [`EventSchema::load_partial`] with these options: [`partial`](Self::partial) lists the fields that may be
    /// missing.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Point { x: i64, y: i64 }
    /// let options = LoadOptions::new().partial(&["y"]);
    /// assert!(options.load_partial::<Point>(br#"{"x": 1}"#).is_ok());
    /// assert!(options.load_partial::<Point>(br#"{"y": 1}"#).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load`].
    pub fn load_partial<E: EventSchema>(&self, input: &[u8]) -> Result<Partial<E>, LoadError> {
        self.check_names::<E>()?;
        load::from_json(input, self)
    }

    /// [`EventSchema::load_partial_many`] with these options.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Point { x: i64, y: i64 }
    /// let options = LoadOptions::new().partial(&["y"]);
    /// let error = options.load_partial_many::<Point>(br#"[{"x": 1}, {"y": 1}]"#).unwrap_err();
    /// assert_eq!(error.to_string(), "1 violation\n[1].x: Missing data for required field.");
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::load_many`].
    pub fn load_partial_many<E: EventSchema>(&self, input: &[u8]) -> Result<Vec<Partial<E>>, LoadError> {
        self.check_names::<E>()?;
        load::from_json::<Many<Partial<E>>>(input, self).map(|many| many.0)
    }

    /// [`Partial::get`] with these options, for instance with the context that rules of `T` need.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # struct Batch { sizes: Vec<u32> }
    /// let part = Batch::load_partial(br#"{"sizes": [1, 2]}"#).unwrap();
    /// let shallow = LoadOptions::new().max_depth(0);
    /// assert!(shallow.load_field::<Vec<u32>>(&part, "sizes").unwrap_err().is_too_deep());
    /// ```
    ///
    /// # Errors
    /// As [`Partial::get`].
    pub fn load_field<T: FieldType>(
        &self,
        part: &Partial<impl EventSchema>,
        field: &str,
    ) -> Result<Option<T>, LoadError> {
        part.field_text(field).map(|text| load::from_part(field, &text, self)).transpose()
    }

    /// [`Partial::apply_to`] with these options, for instance with the context that rules need.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// struct Limits { max: u32 }
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[validate(context = Limits)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    ///     bidder: String,
    /// }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    ///     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// let limits = Limits { max: 100 };
    /// let options = LoadOptions::new().context(&limits);
    /// let part = options.load_partial(br#"{"cents": 90}"#).unwrap();
    /// let bid = options.apply(&part, Bid { cents: 80, bidder: "Ada".into() }).unwrap();
    /// assert_eq!((bid.cents, &*bid.bidder), (90, "Ada"));
    /// ```
    ///
    /// # Errors
    /// As [`Partial::apply_to`].
    pub fn apply<E: EventSchema>(&self, part: &Partial<E>, mut event: E) -> Result<E, LoadError> {
        let mut cx = Context::new(*self, Dialect::Json);
        cx.replace_prepared(true);
        event.patch(part.text(), &mut cx, &At::ROOT);
        if let Some(error) = cx.to_exhausted() {
            return Err(error);
        }
        if cx.found() == 0 {
            event.check(&mut cx, &At::ROOT);
        }
        let event = if cx.found() == 0 { event.complete(&mut cx, &At::ROOT) } else { None };
        match event {
            Some(event) if cx.found() == 0 => Ok(event),
            _ => Err(cx.into_error()),
        }
    }

    /// [`EventSchema::validate`] with these options, for instance with the context that rules need.
    ///
    /// ```
    /// use event_schema::prelude::*;
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
    /// let violations = LoadOptions::new().context(&limits).validate(&Bid { cents: 101 }).unwrap_err();
    /// assert_eq!(violations[0].code(), "too_expensive");
    /// ```
    ///
    /// # Errors
    /// As [`EventSchema::validate`].
    pub fn validate<E: EventSchema>(&self, event: &E) -> Result<(), Violations> {
        let mut cx = Context::new(*self, Dialect::Value);
        event.check(&mut cx, &At::ROOT);
        if cx.found() == 0 { Ok(()) } else { Err(cx.into_violations()) }
    }

    /// Refuses a name that no part can have: a field meant to be left out would be let in for a typing error.
    fn check_names<E: EventSchema>(&self) -> Result<(), LoadError> {
        let unknown = |name: &&str| !has_field(&E::shape(), Way::Read, &name.split('.').collect::<Vec<_>>());
        match self.names().copied().find(unknown) {
            Some(name) => {
                let path: Vec<&str> = name.split('.').collect();
                let similar = similar_field(&E::shape(), Way::Read, &path);
                Err(LoadErrorKind::NoSuchField(Box::new(UnknownName { name: name.to_owned(), similar })).into())
            }
            None => Ok(()),
        }
    }
}
