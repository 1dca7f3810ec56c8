//! The description of an event: [`Descriptor`].

use super::type_name;

/// The name, version and topic of an event, from `#[event(...)]`.
///
/// ```
/// use event_schema::{EventSchema, Serialize};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(name = "order.requested", version = 2, topic = "orders")]
/// struct OrderRequested { order_id: u64 }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct OrderLine { sku: String }
///
/// let order = OrderRequested::descriptor();
/// assert_eq!((order.name(), order.version(), order.topic()), ("order.requested", 2, Some("orders")));
///
/// let line = OrderLine::descriptor();
/// assert_eq!((line.name(), line.version(), line.topic()), ("order-line", 1, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    name: &'static str,
    version: u32,
    topic: Option<&'static str>,
    key: Option<&'static str>,
    sensitive: &'static [&'static str],
}

impl Descriptor {
    /// The name of [`OtherEvent`](crate::OtherEvent), which takes messages of every type.
    pub(crate) const ANY: &'static str = "*";

    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, version: u32, topic: Option<&'static str>) -> Self {
        Self { name, version, topic, key: None, sensitive: &[] }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_sensitive(self, sensitive: &'static [&'static str]) -> Self {
        Self { sensitive, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The name of the event; by default the type's name in kebab-case.
    ///
    /// See the example of [`Descriptor`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The major version of the event's contract; 1 by default.
    ///
    /// See the example of [`Descriptor`].
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The topic of the event, if it declares one.
    ///
    /// See the example of [`Descriptor`].
    #[must_use]
    pub const fn topic(&self) -> Option<&'static str> {
        self.topic
    }

    /// The name on the wire of the field that is the key of the event's messages, if the key is a whole field.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(key = order_id)]
    /// #[serde(rename_all = "camelCase")]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// assert_eq!(OrderPlaced::descriptor().key(), Some("orderId"));
    /// ```
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// The event's CloudEvents type: its name and version.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(name = "order.requested", version = 2)]
    /// struct OrderRequested { order_id: u64 }
    ///
    /// assert_eq!(OrderRequested::descriptor().event_type(), "order.requested.v2");
    /// ```
    #[must_use]
    pub fn event_type(&self) -> String {
        type_name::event_type(self.name, self.version)
    }

    /// The names on the wire of the event's own fields that are marked `#[event(sensitive)]`; those of nested types
    /// are in their descriptors.
    ///
    /// ```
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// struct Card {
    ///     #[event(sensitive)]
    ///     #[serde(rename = "cardNumber")]
    ///     number: String,
    ///     brand: String,
    /// }
    ///
    /// assert_eq!(Card::descriptor().sensitive(), ["cardNumber"]);
    /// ```
    #[must_use]
    pub const fn sensitive(&self) -> &'static [&'static str] {
        self.sensitive
    }
}
