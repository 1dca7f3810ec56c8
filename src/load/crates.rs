//! Types of other crates, each behind a feature that names the crate's major version.

#[cfg(any(feature = "chrono04", feature = "uuid1"))]
use serde::de::Deserializer;

#[cfg(any(feature = "chrono04", feature = "uuid1"))]
use super::{At, Context, Expected, FieldType, Leaf, leaf::leaf};
#[cfg(any(feature = "chrono04", feature = "uuid1"))]
use crate::contract::{Place, Walk};

#[cfg(feature = "uuid1")]
mod uuid1 {
    use uuid::Uuid;

    use super::{At, Context, Deserializer, Expected, FieldType, Leaf, Place, Walk, leaf};

    static UUID: Expected = Expected::new("UUID");

    impl Leaf for Uuid {
        const EXPECTED: &'static Expected = &UUID;
        #[inline]
        fn from_text(text: &str) -> Option<Self> {
            Uuid::try_parse(text).ok()
        }
    }

    leaf! {
        Uuid {
            fn describe_key(walk: &mut Walk<'_>, map: &Place) {
                walk.map_keys(map, serde_json::json!({"format": "uuid"}));
            }
        }
    }
}

/// chrono's types, read from text as chrono's own `Deserialize` reads them.
#[cfg(feature = "chrono04")]
mod chrono04 {
    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

    use super::{At, Context, Deserializer, Expected, FieldType, Leaf, Place, Walk, leaf};

    static DATETIME: Expected = Expected::new("datetime");
    static DATE: Expected = Expected::new("date");
    static TIME: Expected = Expected::new("time");

    macro_rules! from_text {
        ($($type:ty: $expected:expr, $pattern:expr;)*) => {$(
            impl Leaf for $type {
                const EXPECTED: &'static Expected = &$expected;
                #[inline]
                fn from_text(text: &str) -> Option<Self> {
                    text.parse().ok()
                }
            }

            leaf! {
                $type {
                    fn describe(walk: &mut Walk<'_>, here: &Place) {
                        let pattern: Option<&str> = $pattern;
                        if let Some(pattern) = pattern {
                            walk.add_missing(here, "pattern", pattern);
                        }
                    }
                }
            }
        )*};
    }

    // JSON Schema has no format for times without an offset.
    macro_rules! date {
        () => {
            "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        };
    }
    macro_rules! time {
        () => {
            "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?"
        };
    }

    from_text! {
        DateTime<Utc>: DATETIME, None;
        DateTime<FixedOffset>: DATETIME, None;
        NaiveDateTime: DATETIME, Some(concat!("^", date!(), "T", time!(), "$"));
        NaiveDate: DATE, None;
        NaiveTime: TIME, Some(concat!("^", time!(), "$"));
    }
}
