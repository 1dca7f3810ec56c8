//! The handle to an app.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::kafka::consume::RunHandle;
use crate::kafka::produce::EventProducer;

/// A handle to an [`App`](super::App), for instance for the probes of an HTTP server. Cheap to clone.
///
/// ```
/// use event_schema::kafka::App;
///
/// let app = App::new("shop");
/// let handle = app.handle();
/// // Not before it runs:
/// assert!(!handle.is_ready());
/// ```
#[derive(Clone)]
pub struct AppHandle {
    stage: Arc<watch::Sender<Stage>>,
    probes: Arc<Mutex<Probes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Running,
    Closing,
}

/// The probes of parts, with their names; none for a part that has ended.
type Probes = Vec<(String, Option<Probe>)>;

/// A part that can say whether it is ready.
pub(super) enum Probe {
    Consumer(RunHandle),
    Producer(EventProducer),
    #[cfg(feature = "sqlx08")]
    Other(Box<dyn Fn() -> bool + Send>),
}

impl Probe {
    fn is_ready(&self) -> bool {
        match self {
            Self::Consumer(handle) => handle.is_ready(),
            Self::Producer(producer) => producer.is_ready(),
            #[cfg(feature = "sqlx08")]
            Self::Other(is_ready) => is_ready(),
        }
    }
}

impl AppHandle {
    pub(super) fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::New)), probes: Arc::default() }
    }

    /// Returns its number.
    pub(super) fn add(&self, name: &str, probe: Probe) -> usize {
        let mut probes = self.probes();
        probes.push((name.to_owned(), Some(probe)));
        probes.len() - 1
    }

    pub(super) fn forget(&self, probe: usize) {
        self.probes()[probe].1 = None;
    }

    pub(super) fn forget_all(&self) {
        self.probes().clear();
    }

    fn probes(&self) -> MutexGuard<'_, Probes> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The app runs, unless it was closed before.
    pub(super) fn start(&self) {
        self.stage.send_if_modified(|stage| {
            let is_new = *stage == Stage::New;
            *stage = if is_new { Stage::Running } else { *stage };
            is_new
        });
    }

    pub(super) async fn closed(&self) {
        let closing = |stage: &Stage| *stage == Stage::Closing;
        // The sender is here.
        drop(self.stage.subscribe().wait_for(closing).await);
    }

    /// Ends the app, as a signal does. One that does not run yet ends when it is run.
    ///
    /// See the example of [`App`](super::App).
    pub fn close(&self) {
        self.stage.send_replace(Stage::Closing);
    }

    /// Whether the app runs and is not being closed.
    ///
    /// ```
    /// use event_schema::kafka::App;
    ///
    /// let app = App::new("shop");
    /// assert!(!app.handle().is_running());
    /// ```
    #[must_use]
    pub fn is_running(&self) -> bool {
        *self.stage.borrow() == Stage::Running
    }

    /// Whether the app [runs](Self::is_running), and all its consumers and producers are ready: for the readiness probe of a
    /// service.
    ///
    /// See the example of [`App`](super::App).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_running() && self.parts().iter().all(|(_, is_ready)| *is_ready)
    }

    /// The names of the consumers and producers that have not ended, and whether each is ready.
    ///
    /// ```
    /// # use event_schema::kafka::{App, EmbeddedKafka, EventProducer};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let app = App::new("shop").producer(&producer.with_source("/shop")?);
    /// assert_eq!(app.handle().parts(), [("/shop".to_owned(), true)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn parts(&self) -> Vec<(String, bool)> {
        let probes = self.probes();
        probes.iter().filter_map(|(name, probe)| Some((name.clone(), probe.as_ref()?.is_ready()))).collect()
    }
}

impl fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppHandle")
            .field("stage", &*self.stage.borrow())
            .field("parts", &self.parts())
            .finish_non_exhaustive()
    }
}
