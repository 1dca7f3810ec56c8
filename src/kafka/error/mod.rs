//! The errors of the Kafka adapters.

mod app;
mod close;
mod config;
mod connect;
mod consume;
mod run;
mod send;

use std::fmt;

pub use self::app::AppError;
pub(crate) use self::app::AppErrorKind;
pub use self::close::CloseError;
pub(crate) use self::close::Open;
pub use self::config::ConfigError;
pub use self::connect::ConnectError;
pub(crate) use self::connect::ConnectErrorKind;
pub use self::consume::ConsumeError;
pub(crate) use self::consume::ConsumeErrorKind;
pub use self::run::RunError;
pub(crate) use self::run::RunErrorKind;
#[cfg(feature = "sqlx08")]
pub(crate) use self::send::Refusal;
pub use self::send::SendError;
pub(crate) use self::send::SendErrorKind;

macro_rules! debug_as_text {
    ($($error:ty),*) => {
        $(impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::error::debug_as_text(self, f)
            }
        })*
    };
}

debug_as_text!(AppError, ConfigError, ConnectError, SendError, ConsumeError, RunError, CloseError);
