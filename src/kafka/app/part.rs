//! The parts of an app.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::kafka::consume::{Counts, RunHandle};
use crate::kafka::error::{AppError, AppErrorKind, RunError};
use crate::kafka::produce::EventProducer;

pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type TaskResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A future that ends when a task of an [`App`](super::App) is to end, for instance for the graceful shutdown of a server.
/// A task with several servers clones it.
///
/// See the example of [`App`](super::App).
pub struct Closing {
    end: watch::Receiver<Option<Instant>>,
    told: Boxed<()>,
}

impl Closing {
    fn new(end: watch::Receiver<Option<Instant>>) -> Self {
        let mut watched = end.clone();
        // Also when the app is gone.
        let told = Box::pin(async move { drop(watched.wait_for(Option::is_some).await) });
        Self { end, told }
    }

    /// When the app waits no longer for the task, once it is told to end.
    #[cfg(feature = "axum08")]
    pub(crate) fn end(&self) -> Option<Instant> {
        *self.end.borrow()
    }
}

impl Future for Closing {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.told.as_mut().poll(context));
        // It may be polled again, in a loop for instance.
        self.told = Box::pin(std::future::ready(()));
        Poll::Ready(())
    }
}

impl Clone for Closing {
    fn clone(&self) -> Self {
        Self::new(self.end.clone())
    }
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing").field("is_closing", &self.end.borrow().is_some()).finish_non_exhaustive()
    }
}

/// A part that is not started.
pub(super) struct Part {
    pub(super) name: String,
    /// The number of its probe.
    pub(super) probe: Option<usize>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Producer(EventProducer),
    Consumer {
        handle: RunHandle,
        run: Boxed<Result<Counts, RunError>>,
    },
    Task(Box<dyn FnOnce(Closing) -> Boxed<TaskResult> + Send>),
    /// A task that ends after the consumers.
    #[cfg(feature = "sqlx08")]
    LateTask(Box<dyn FnOnce(Closing) -> Boxed<TaskResult> + Send>),
}

impl Part {
    pub(super) fn start(self) -> Running {
        let Self { name, probe, kind } = self;
        let part = name.clone();
        let (work, end) = match kind {
            Kind::Producer(producer) => (None, End::Producer(producer)),
            Kind::Consumer { handle, run } => {
                let work =
                    async move { run.await.map(drop).map_err(|source| AppErrorKind::Run { part, source }.into()) };
                (Some(Work::spawn(work)), End::Consumer(handle))
            }
            Kind::Task(task) => {
                let (work, end) = Work::of_task(part, task);
                (Some(work), End::Task(end))
            }
            #[cfg(feature = "sqlx08")]
            Kind::LateTask(task) => {
                let (work, end) = Work::of_task(part, task);
                (Some(work), End::LateTask(end))
            }
        };
        Running { name, probe, work, end }
    }
}

/// A part that is started.
pub(super) struct Running {
    name: String,
    pub(super) probe: Option<usize>,
    /// None when it has ended.
    work: Option<Work>,
    end: End,
}

/// How a part is told to end.
enum End {
    Producer(EventProducer),
    Consumer(RunHandle),
    Task(watch::Sender<Option<Instant>>),
    #[cfg_attr(not(feature = "sqlx08"), expect(dead_code, reason = "the relay of an outbox"))]
    LateTask(watch::Sender<Option<Instant>>),
}

/// The order in which parts are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Tasks,
    Consumers,
    /// They take over what consumers leave.
    LateTasks,
    Producers,
}

/// A spawned future, which ends when this is dropped.
struct Work(JoinHandle<Result<(), AppError>>);

impl Work {
    fn spawn(work: impl Future<Output = Result<(), AppError>> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// With the way to end it.
    fn of_task(
        part: String,
        task: impl FnOnce(Closing) -> Boxed<TaskResult>,
    ) -> (Self, watch::Sender<Option<Instant>>) {
        let (sender, receiver) = watch::channel(None);
        let task = task(Closing::new(receiver));
        let work = async move { task.await.map_err(|source| AppErrorKind::Task { part, source }.into()) };
        (Self::spawn(work), sender)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Running {
    /// Whether it does work that has an end.
    pub(super) fn ends_by_itself(&self) -> bool {
        matches!(self.end, End::Consumer(_) | End::Task(_))
    }

    /// Its place in the order in which parts are closed.
    pub(super) fn stage(&self) -> Stage {
        match self.end {
            End::Task(_) => Stage::Tasks,
            End::Consumer(_) => Stage::Consumers,
            End::LateTask(_) => Stage::LateTasks,
            End::Producer(_) => Stage::Producers,
        }
    }

    /// Whether it has ended, and how.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), AppError>> {
        let Some(work) = &mut self.work else { return Poll::Ready(Ok(())) };
        let ended = ready!(Pin::new(&mut work.0).poll(context));
        self.work = None;
        Poll::Ready(of(ended, &self.name))
    }

    /// Tells it to end, and waits until it has.
    pub(super) async fn close(self, limit: Duration) -> Result<(), AppError> {
        let Self { name, work, end, .. } = self;
        // A consumer that was closed just in time has its counts to return.
        let slack = if matches!(end, End::Consumer(_)) { Duration::from_secs(1) } else { Duration::ZERO };
        let deadline = Instant::now() + limit + slack;
        let has_ended = work.is_none();
        let ended = async {
            match work {
                Some(mut work) => of((&mut work.0).await, &name),
                None => Ok(()),
            }
        };
        let closed = match end {
            End::Producer(producer) => producer.close(limit).await,
            End::Consumer(_) if has_ended => Ok(()),
            End::Consumer(handle) => handle.close(limit).await,
            End::Task(closing) | End::LateTask(closing) => {
                closing.send_replace(Some(deadline));
                Ok(())
            }
        };
        let ended = tokio::time::timeout_at(deadline, ended).await;
        // Its own error tells more than that it was not closed in time.
        if let Ok(Err(error)) = ended {
            return Err(error);
        }
        closed.map_err(|source| AppErrorKind::NotClosed { part: name.clone(), source })?;
        ended.unwrap_or_else(|_| Err(AppErrorKind::NotEnded { part: name, limit }.into()))
    }
}

fn of(ended: Result<Result<(), AppError>, JoinError>, part: &str) -> Result<(), AppError> {
    // Nobody else aborts it.
    ended.unwrap_or_else(|_panic| Err(AppErrorKind::Panicked { part: part.to_owned() }.into()))
}
