//! The key of an event's message: [`EventKey`].

use std::borrow::Cow;
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::rc::Rc;
use std::sync::Arc;

/// A type whose values can be the key of a message.
///
/// The bytes are those that Java's serializers write for the same value as text: strings and UUIDs
/// as UTF-8 without quotes, integers in decimal. `None` means no key, which differs from an empty key.
///
/// ```
/// use event_schema::EventKey;
///
/// assert_eq!("k-1".to_owned().to_key_bytes().as_deref(), Some(&b"k-1"[..]));
/// assert_eq!(42_u64.to_key_bytes().as_deref(), Some(&b"42"[..]));
/// assert_eq!(None::<String>.to_key_bytes(), None);
/// ```
///
/// `#[derive(EventSchema)]` implements it for enums without data, and for newtypes of a key, except for a newtype of a
/// pointer (`Box<OtherId>`), which may contain itself. The key of such an enum is the variant's name on the wire:
///
/// ```
/// use event_schema::prelude::*;
///
/// #[event_schema::event]
/// struct OrderId(u64);
///
/// #[event_schema::event]
/// #[serde(rename_all = "kebab-case")]
/// enum Region { NorthEast, South }
///
/// #[event_schema::event(key = id)]
/// struct Ordered { id: OrderId }
///
/// #[event_schema::event(key = region)]
/// struct Shipped { region: Region }
///
/// assert_eq!(Ordered { id: OrderId(42) }.key().as_deref(), Some(&b"42"[..]));
/// assert_eq!(Shipped { region: Region::NorthEast }.key().as_deref(), Some(&b"north-east"[..]));
/// ```
///
/// You can implement it by hand for other types:
///
/// ```
/// use std::borrow::Cow;
///
/// use event_schema::prelude::*;
/// use event_schema::EventKey;
///
/// #[event_schema::event]
/// struct Seat { row: u8, place: u8 }
///
/// impl EventKey for Seat {
///     fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
///         Some(format!("{}-{}", self.row, self.place).into_bytes().into())
///     }
/// }
///
/// #[event_schema::event(key = seat)]
/// struct Booked { seat: Seat }
///
/// assert_eq!(Booked { seat: Seat { row: 7, place: 1 } }.key().as_deref(), Some(&b"7-1"[..]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a message",
    note = "keys are strings, integers and UUIDs (feature `uuid1`), newtypes of them that derive `EventSchema`, enums \
            without data, and options and pointers of them; implement `EventKey` for another type of yours"
)]
pub trait EventKey {
    /// The bytes of the key.
    ///
    /// See the examples of [`EventKey`].
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>>;
}

impl EventKey for str {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        Some(self.as_bytes().into())
    }
}

impl EventKey for String {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        self.as_str().to_key_bytes()
    }
}

impl<T: EventKey> EventKey for Option<T> {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        self.as_ref()?.to_key_bytes()
    }
}

macro_rules! keys_behind_pointers {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> EventKey for $type {
            fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
                (**self).to_key_bytes()
            }
        }
    )*};
}

keys_behind_pointers! {
    [T: EventKey + ?Sized] Box<T>;
    [T: EventKey + ?Sized] Rc<T>;
    [T: EventKey + ?Sized] Arc<T>;
    [T: EventKey + ToOwned + ?Sized] Cow<'_, T>;
}

macro_rules! keys_as_text {
    ($($type:ty)*) => {$(
        impl EventKey for $type {
            fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
                Some(self.to_string().into_bytes().into())
            }
        }
    )*};
}

keys_as_text! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char
    NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroUsize
    NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize
}

#[cfg(feature = "uuid1")]
keys_as_text!(uuid::Uuid);
