//! semver.

use semver::Version;

use super::from_text;
use crate::load::Expected;

static VERSION: Expected = Expected::new("version");

from_text! {
    Version: VERSION, |text| text.parse().ok(), |_, _| {};
}
