//! url.

use url::Url;

use super::from_text;
use crate::contract::shape::Text;
use crate::load::Expected;

static URL: Expected = Expected::new("URL");

from_text! {
    Url: URL, |text| Url::parse(text).ok(), Text::of_format("Url", &["uri"]);
}
