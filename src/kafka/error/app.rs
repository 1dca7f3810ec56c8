//! Errors that end an app.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::close::CloseError;
use super::run::RunError;

/// The error that ended an [`App`](crate::kafka::App): the first part that failed, or that did not end in time.
///
/// A `main` that returns it ends with an exit code that is not 0, and prints the part and the cause.
///
/// ```
/// use event_schema::kafka::App;
///
/// # #[tokio::main]
/// # async fn main() {
/// let app = App::new("shop").task("http", async |_| Err("port 80 is in use".into()));
/// let error = app.run().await.unwrap_err();
/// assert_eq!(error.part(), Some("http"));
/// assert_eq!(format!("{error:?}"), "part `http` failed\nCaused by: port 80 is in use");
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct AppError(Box<AppErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum AppErrorKind {
    #[error("consumer `{part}` failed")]
    Run { part: String, source: RunError },
    #[error("part `{part}` failed")]
    Task { part: String, source: Box<dyn Error + Send + Sync> },
    #[error("part `{part}` panicked")]
    Panicked { part: String },
    #[error("part `{part}` was not closed")]
    NotClosed { part: String, source: CloseError },
    #[error("part `{part}` had not ended {limit:?} after it was told to, and was aborted")]
    NotEnded { part: String, limit: Duration },
    #[error("a second signal ended the app before its parts were closed")]
    Interrupted,
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

impl AppError {
    /// The name of the part that failed or did not end.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        match &*self.0 {
            AppErrorKind::Run { part, .. }
            | AppErrorKind::Task { part, .. }
            | AppErrorKind::Panicked { part }
            | AppErrorKind::NotClosed { part, .. }
            | AppErrorKind::NotEnded { part, .. } => Some(part),
            AppErrorKind::Interrupted | AppErrorKind::Signals(_) => None,
        }
    }

    /// Whether all parts worked until the app was told to end, and one of them did not end cleanly in time. Messages in
    /// flight are received again.
    ///
    /// ```
    /// # use event_schema::kafka::AppError;
    /// fn is_worth_an_alert(error: &AppError) -> bool {
    ///     !error.is_of_close()
    /// }
    /// # let _ = is_worth_an_alert;
    /// ```
    #[must_use]
    pub fn is_of_close(&self) -> bool {
        matches!(*self.0, AppErrorKind::NotClosed { .. } | AppErrorKind::NotEnded { .. } | AppErrorKind::Interrupted)
    }
}

impl From<AppErrorKind> for AppError {
    fn from(kind: AppErrorKind) -> Self {
        Self(Box::new(kind))
    }
}
