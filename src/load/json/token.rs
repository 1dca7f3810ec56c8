//! The names by which this crate and `serde_json` tell each other what serde has no words for.

use std::sync::OnceLock;

use serde::de::{Deserializer, MapAccess, Visitor};

use crate::load::drain::drain_map;

/// The key of the map in which `serde_json` hides a number.
pub(crate) const TOKEN: &str = "$serde_json::private::Number";

/// Whether numbers arrive as maps in this program; asked once, of `serde_json` itself.
#[allow(clippy::disallowed_methods, reason = "it is asked, and no input is read with it")]
#[inline]
pub(in crate::load) fn arrive_as_maps() -> bool {
    struct Probe;

    impl<'de> Visitor<'de> for Probe {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number")
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
            drain_map(map)?;
            Ok(true)
        }
    }

    static ANSWER: OnceLock<bool> = OnceLock::new();
    // Asked with a fraction: some versions deliver integers of 64 bits as ever.
    *ANSWER.get_or_init(|| serde_json::Deserializer::from_str("0.5").deserialize_any(Probe).unwrap_or(false))
}

/// How `serde_json` asks for a value's text: as a newtype struct of this name.
pub(crate) const RAW_TOKEN: &str = "$serde_json::private::RawValue";

/// How a reader asks for a number to be rounded to an `f32` at once; any other value comes as it is, and so does a
/// number from any other source.
pub(crate) const SINGLE: &str = "$event_schema::private::f32";
