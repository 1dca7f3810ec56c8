//! semver.

use semver::Version;

use super::from_text;
use crate::contract::shape::Text;
use crate::load::Expected;

static VERSION: Expected = Expected::new("version");

/// <https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string>
const PATTERN: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$";

from_text! {
    Version: VERSION, |text| text.parse().ok(), Text::of_pattern("SemVer", &[PATTERN]);
}
