//! Guides: pages that explain, without items.
//!
//! - [`from_marshmallow`]: what Marshmallow's and pydantic's vocabulary is called here.

pub mod from_marshmallow;
