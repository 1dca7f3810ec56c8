//! The uses of a part of an event: the values of its fields, and a whole event that takes them.

use super::EventSchema;
use crate::error::LoadError;
use crate::load::{FieldType, LoadOptions};
use crate::partial::Partial;

impl<E: EventSchema> Partial<E> {
    /// The value of this field, by its name on the wire, if the part has it.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.get::<i64>("x").unwrap(), Some(1));
    /// assert_eq!(part.get::<i64>("y").unwrap(), None);
    /// assert!(part.get::<bool>("x").is_err());
    /// ```
    ///
    /// # Errors
    /// If the value is not of type `T`, or if a rule of `T` needs a context: see [`LoadOptions::load_field`].
    pub fn get<T: FieldType>(&self, field: &str) -> Result<Option<T>, LoadError> {
        LoadOptions::new().load_field(self, field)
    }

    /// The event with its fields replaced by those of the part.
    ///
    /// Structs and maps are merged; lists, enums and values of foreign types are replaced. Fields that the part does
    /// not have remain unchanged, also those that are never read or written. The event's `post_load` hook runs on the
    /// result. The rules and hooks of replaced values run; the hooks of merged values do not.
    ///
    /// ```
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event]
    /// # #[derive(Debug, PartialEq)]
    /// # struct Point { x: i64, y: i64 }
    /// let part = Point::load_partial(br#"{"x": 1}"#).unwrap();
    /// assert_eq!(part.apply_to(Point { x: 0, y: 2 }).unwrap(), Point { x: 1, y: 2 });
    /// ```
    ///
    /// # Errors
    /// If the result is not a valid event.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// #[validate(schema(function = in_order, message = "Ends before it starts."))]
    /// struct Window { start: u32, end: u32 }
    ///
    /// fn in_order(window: &Window) -> Result<(), Violation> {
    ///     if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
    /// }
    ///
    /// let part = Window::load_partial(br#"{"end": 1}"#).unwrap();
    /// let error = part.apply_to(Window { start: 2, end: 3 }).unwrap_err();
    /// assert_eq!(error.to_string(), "1 violation\nEnds before it starts.");
    /// ```
    pub fn apply_to(&self, event: E) -> Result<E, LoadError> {
        LoadOptions::new().apply(self, event)
    }
}
