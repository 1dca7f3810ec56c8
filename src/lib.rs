//! Typed events for Rust services.
#![cfg_attr(not(test), warn(clippy::print_stdout))]

pub mod contract;
mod error;
mod event;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod load;
mod rules;
mod violation;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use schemars::{self, JsonSchema};
pub use serde::{self, Deserialize, Serialize};
pub use serde_json;
pub use validator::{self, ValidationError};

#[cfg(feature = "regex1")]
pub use regex;
#[cfg(feature = "uuid1")]
pub use uuid;

#[cfg(feature = "derive")]
pub use event_schema_derive::{EventSchema, event};

pub use self::error::{DumpError, LoadError};
pub use self::event::{Descriptor, EventKey, EventSchema};
pub use self::load::LoadOptions;
pub use self::violation::{FieldName, Path, Segment, Violation, Violations};

/// What a service that defines events imports.
pub mod prelude {
    pub use crate::{
        Deserialize, DumpError, EventSchema, JsonSchema, LoadError, LoadOptions, Serialize, ValidationError, Violations,
    };
    #[cfg(feature = "uuid1")]
    pub use uuid::Uuid;
}
