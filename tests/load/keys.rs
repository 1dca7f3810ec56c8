//! What can be the key of a message, and what its bytes are.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::sync::Arc;

use event_schema::EventKey;
use event_schema::prelude::*;

fn key(value: &impl EventKey) -> Option<Vec<u8>> {
    value.to_key_bytes().map(Cow::into_owned)
}

fn text(value: &impl EventKey) -> String {
    String::from_utf8(key(value).expect("a key")).expect("text")
}

#[event_schema::event]
struct OrderId(String);

#[event_schema::event]
struct Id<T>(T);

#[event_schema::event]
#[serde(transparent)]
struct Named {
    id: Option<Uuid>,
}

/// Written as text, though it holds a number.
#[event_schema::event]
#[derive(Clone)]
#[serde(try_from = "String", into = "String")]
struct Even(u32);

impl TryFrom<String> for Even {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(text.trim_start_matches("no-").parse()?))
    }
}

impl From<Even> for String {
    fn from(even: Even) -> Self {
        format!("no-{}", even.0)
    }
}

#[event_schema::event]
#[serde(rename_all = "kebab-case")]
enum Region {
    NorthEast,
    #[serde(rename(serialize = "S", deserialize = "s"))]
    South,
}

/// Types that are no keys themselves still derive.
#[event_schema::event]
struct Celsius(f64);
#[event_schema::event]
enum Shape {
    Point,
    Circle(Celsius),
}

/// A key made by hand.
#[event_schema::event]
struct Seat {
    row: u8,
    place: u8,
}

impl EventKey for Seat {
    fn to_key_bytes(&self) -> Option<Cow<'_, [u8]>> {
        Some(vec![self.row, self.place].into())
    }
}

#[test]
fn the_bytes_are_those_of_the_value_as_text() {
    assert_eq!(text(&"ä".to_owned()), "ä");
    assert_eq!(text(&Box::<str>::from("a")), "a");
    assert_eq!(text(&Arc::<str>::from("a")), "a");
    assert_eq!(text(&Cow::Borrowed("a")), "a");
    assert_eq!(text(&'x'), "x");
    assert_eq!(text(&-1_i128), "-1");
    assert_eq!(text(&u64::MAX), u64::MAX.to_string());
    assert_eq!(text(&NonZeroU32::MIN), "1");
    assert_eq!(text(&Uuid::from_u128(7)), "00000000-0000-0000-0000-000000000007");
}

#[test]
fn newtypes_and_names_are_keys() {
    assert_eq!(text(&OrderId("a-1".to_owned())), "a-1");
    assert_eq!(text(&Id(OrderId("a-1".to_owned()))), "a-1");
    assert_eq!(text(&Id(7_u8)), "7");
    assert_eq!(text(&Named { id: Some(Uuid::nil()) }), Uuid::nil().to_string());
    assert_eq!(text(&Even(4)), "no-4");
    assert_eq!(text(&Region::NorthEast), "north-east");
    assert_eq!(text(&Region::South), "S");
    assert_eq!(key(&Seat { row: 1, place: 2 }), Some(vec![1, 2]));
}

#[test]
fn nothing_is_no_key_and_the_empty_text_is_one() {
    assert_eq!(key(&None::<u8>), None);
    assert_eq!(key(&Named { id: None }), None);
    assert_eq!(key(&String::new()), Some(Vec::new()));
}

#[test]
fn a_key_may_lie_deeper() {
    #[event_schema::event(key = seat.id.0)]
    struct Booked {
        seat: Ticket,
        shape: Shape,
    }
    #[event_schema::event]
    struct Ticket {
        id: Id<Option<OrderId>>,
    }

    let booked = |id| Booked { seat: Ticket { id: Id(id) }, shape: Shape::Point };
    assert_eq!(booked(Some(OrderId("x".to_owned()))).key().as_deref(), Some(&b"x"[..]));
    assert_eq!(booked(None).key(), None);
    assert!(matches!(Booked { shape: Shape::Circle(Celsius(1.0)), ..booked(None) }.shape, Shape::Circle(_)));
}
