//! The parts of an app.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::kafka::consume::{Counts, RunHandle};
use crate::kafka::error::{AppError, AppErrorKind, RunError};
use crate::kafka::produce::EventProducer;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type TaskResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A future that ends when a task of an [`App`](super::App) is to end, for instance for the graceful shutdown of a server.
///
/// See the example of [`App`](super::App).
#[derive(Debug)]
pub struct Closing(oneshot::Receiver<()>);

impl Future for Closing {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Also when the app is gone.
        Pin::new(&mut self.0).poll(context).map(drop)
    }
}

/// A part that is not started.
pub(super) enum Part {
    Producer(EventProducer),
    Consumer { name: String, handle: RunHandle, run: Boxed<Result<Counts, RunError>> },
    Task { name: String, task: Box<dyn FnOnce(Closing) -> Boxed<TaskResult> + Send> },
}

impl Part {
    pub(super) fn start(self) -> Running {
        match self {
            Self::Producer(producer) => {
                Running { name: "producer".to_owned(), work: None, end: End::Producer(producer) }
            }
            Self::Consumer { name, handle, run } => {
                let part = name.clone();
                let work =
                    async move { run.await.map(drop).map_err(|source| AppErrorKind::Run { part, source }.into()) };
                Running { name, work: Some(Work::spawn(work)), end: End::Consumer(handle) }
            }
            Self::Task { name, task } => {
                let (sender, receiver) = oneshot::channel();
                let (part, task) = (name.clone(), task(Closing(receiver)));
                let work = async move { task.await.map_err(|source| AppErrorKind::Task { part, source }.into()) };
                Running { name, work: Some(Work::spawn(work)), end: End::Task(sender) }
            }
        }
    }
}

/// A part that is started.
pub(super) struct Running {
    name: String,
    /// None when it has ended.
    work: Option<Work>,
    end: End,
}

/// How a part is told to end.
enum End {
    Producer(EventProducer),
    Consumer(RunHandle),
    Task(oneshot::Sender<()>),
}

/// A spawned future, which ends when this is dropped.
struct Work(JoinHandle<Result<(), AppError>>);

impl Work {
    fn spawn(work: impl Future<Output = Result<(), AppError>> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Running {
    pub(super) fn ends_by_itself(&self) -> bool {
        !matches!(self.end, End::Producer(_))
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
        let Self { name, work, end } = self;
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
            End::Task(closing) => {
                // It may have dropped the other side, and ends in another way.
                let _ = closing.send(());
                Ok(())
            }
        };
        let ended = tokio::time::timeout_at(deadline, ended).await;
        closed.map_err(|source| AppErrorKind::NotClosed { part: name.clone(), source })?;
        ended.unwrap_or_else(|_| Err(AppErrorKind::NotEnded { part: name, limit }.into()))
    }
}

fn of(ended: Result<Result<(), AppError>, JoinError>, part: &str) -> Result<(), AppError> {
    // Nobody else aborts it.
    ended.unwrap_or_else(|_panic| Err(AppErrorKind::Panicked { part: part.to_owned() }.into()))
}
