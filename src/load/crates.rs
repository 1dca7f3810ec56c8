//! Types of other crates, each behind a feature that names the crate's major version.

#[cfg(any(feature = "chrono04", feature = "uuid1"))]
use serde::de::Deserializer;

#[cfg(any(feature = "chrono04", feature = "uuid1"))]
use super::{At, Context, Expected, FieldType, Leaf, leaf::leaf};

#[cfg(feature = "uuid1")]
mod uuid1 {
    use uuid::Uuid;

    use super::{At, Context, Deserializer, Expected, FieldType, Leaf, leaf};

    static UUID: Expected = Expected::new("UUID");

    impl Leaf for Uuid {
        const EXPECTED: &'static Expected = &UUID;
        #[inline]
        fn from_text(text: &str) -> Option<Self> {
            Uuid::try_parse(text).ok()
        }
    }

    leaf! { Uuid {} }
}

/// chrono's types, read from text as chrono's own `Deserialize` reads them.
#[cfg(feature = "chrono04")]
mod chrono04 {
    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

    use super::{At, Context, Deserializer, Expected, FieldType, Leaf, leaf};

    static DATETIME: Expected = Expected::new("datetime");
    static DATE: Expected = Expected::new("date");
    static TIME: Expected = Expected::new("time");

    macro_rules! from_text {
        ($($type:ty: $expected:expr;)*) => {$(
            impl Leaf for $type {
                const EXPECTED: &'static Expected = &$expected;
                #[inline]
                fn from_text(text: &str) -> Option<Self> {
                    text.parse().ok()
                }
            }

            leaf! { $type {} }
        )*};
    }

    from_text! {
        DateTime<Utc>: DATETIME;
        DateTime<FixedOffset>: DATETIME;
        NaiveDateTime: DATETIME;
        NaiveDate: DATE;
        NaiveTime: TIME;
    }
}
