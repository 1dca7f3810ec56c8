//! The parts of a service as one process: [`App`].

mod handle;
mod part;
mod signals;

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

pub use self::handle::AppHandle;
use self::handle::Probe;
pub use self::part::Closing;
use self::part::{Boxed, Kind, Part, Running, Stage};
use self::signals::Signals;
use super::client::bounded;
use super::consume::{Handler, Runner};
use super::error::{AppError, AppErrorKind};
use super::produce::EventProducer;
use crate::EventSchema;
use crate::error::with_causes;

/// The consumers, the producers and the other tasks of a service, as one process: they start together, end together, and
/// are ready together.
///
/// [`run`](Self::run) starts all parts, and ends them when the process receives SIGTERM or Ctrl-C, when
/// [`AppHandle::close`] is called, or when a part fails: first the tasks, one after the other, the last one first; then
/// the consumers together; then the producers, by which their handlers send.
///
/// ```
/// use event_schema::kafka::{App, EmbeddedKafka, EventConsumer, EventProducer, Failure};
/// use event_schema::prelude::*;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderRequested { order_id: String }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "accepted-orders", key = order_id)]
/// struct OrderAccepted { order_id: String }
///
/// async fn accept(order: OrderRequested) -> Result<OrderAccepted, Failure> {
///     Ok(OrderAccepted { order_id: order.order_id })
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders", 1)?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// let orders = EventConsumer::<OrderRequested>::subscribe(&kafka.config().group("shop")).await?;
/// let app = App::new("shop")
///     .producer(&producer)
///     .consumer(orders.runner().publish_with(&producer), accept)
///     .task("http", async |closing| {
///         // In a service: a server that answers until then.
///         closing.await;
///         Ok(())
///     });
/// let handle = app.handle();
/// # let other = handle.clone();
/// tokio::spawn(async move {
///     // In a service: a signal.
/// #   while !other.is_ready() { tokio::task::yield_now().await }
///     other.close();
/// });
/// app.run().await?;
/// assert!(!handle.is_ready());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing runs before `run` is called"]
pub struct App {
    name: String,
    deadline: Duration,
    parts: Vec<Part>,
    handle: AppHandle,
}

impl App {
    /// An app without parts. The log has its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), deadline: Duration::from_secs(25), parts: Vec::new(), handle: AppHandle::new() }
    }

    /// The time that all parts together have to end. Default: 25 seconds, because Kubernetes kills a process 30 seconds
    /// after SIGTERM.
    ///
    /// Each task may use half of the time that is left, and a tenth of the whole, up to two seconds, is kept for the
    /// producers: a part that does not end does not keep the others from ending well.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = bounded(deadline);
        self
    }

    /// Adds a producer, which is closed when the app ends, and so are its clones. Its name is its source.
    pub fn producer(mut self, producer: &EventProducer) -> Self {
        let name = producer.source().unwrap_or("producer").to_owned();
        let probe = self.handle.add(&name, Probe::Producer(producer.clone()));
        self.parts.push(Part { name, probe: Some(probe), kind: Kind::Producer(producer.clone()) });
        self
    }

    /// Adds a consumer with its handler, as [`Runner::run_with`] takes it. Its name is that of its group and its topics:
    /// `billing:orders`.
    pub fn consumer<E, S, A, H>(mut self, runner: Runner<E, S>, handler: H) -> Self
    where
        E: EventSchema + Send + Sync + 'static,
        S: Send + Sync + 'static,
        A: 'static,
        H: Handler<A, E, S>,
    {
        let (name, handle) = (runner.name(), runner.handle());
        let probe = self.handle.add(&name, Probe::Consumer(handle.clone()));
        let run = Box::pin(runner.run_with(handler));
        self.parts.push(Part { name, probe: Some(probe), kind: Kind::Consumer { handle, run } });
        self
    }

    /// Adds any other future, such as a server, which ends soon after the [`Closing`] does. If it ends before, it has done
    /// its work, and the app goes on without it; if it ends with an error, the app ends.
    pub fn task<F, R>(mut self, name: impl Into<String>, task: F) -> Self
    where
        F: FnOnce(Closing) -> R + Send + 'static,
        R: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        // The first part of it, too, may panic.
        let task = Box::new(move |closing| -> Boxed<_> { Box::pin(async move { task(closing).await }) });
        self.parts.push(Part { name: name.into(), probe: None, kind: Kind::Task(task) });
        self
    }

    /// Adds a task that ends after the consumers and before the producers, and that does not keep the app alive.
    #[cfg(feature = "sqlx08")]
    pub(crate) fn after_consumers<F, R>(
        mut self,
        name: &str,
        is_ready: impl Fn() -> bool + Send + 'static,
        task: F,
    ) -> Self
    where
        F: FnOnce(Closing) -> R + Send + 'static,
        R: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let probe = self.handle.add(name, Probe::Other(Box::new(is_ready)));
        let task = Box::new(move |closing| -> Boxed<_> { Box::pin(async move { task(closing).await }) });
        self.parts.push(Part { name: name.to_owned(), probe: Some(probe), kind: Kind::LateTask(task) });
        self
    }

    /// A handle that ends the app and says whether it is ready.
    #[must_use]
    pub fn handle(&self) -> AppHandle {
        self.handle.clone()
    }

    /// Runs the parts until a signal, [`AppHandle::close`] or an error ends them, or until all consumers and tasks have
    /// ended by themselves. A second signal ends the app without waiting for its parts. Dropping the future aborts them.
    ///
    /// From then on SIGTERM and Ctrl-C no longer end the process by themselves, not even after the app has ended: tokio keeps
    /// the handlers of signals. So a `main` returns soon after it.
    ///
    /// A handler that blocks a thread (`spawn_blocking`) and does not end keeps tokio's runtime, and so the process, from
    /// ending: a `main` of your own can end it with `Runtime::shutdown_timeout`.
    ///
    /// # Errors
    ///
    /// An [`AppError`] with the first part that failed, or else the first that did not end in time.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time.
    pub async fn run(self) -> Result<(), AppError> {
        let Self { name, deadline, parts, handle } = self;
        // Also when it is dropped.
        let _gone = Gone(&handle);
        let mut signals = Signals::new().map_err(AppErrorKind::Signals)?;
        let mut running: Vec<Running> = parts.into_iter().map(Part::start).collect();
        handle.start();
        tracing::info!("{name}: {} parts are started", running.len());
        let fault = tokio::select! {
            biased;
            fault = ended(&mut running, &handle) => fault,
            signal = signals.next() => {
                tracing::info!("{name}: {signal} ends it");
                None
            }
            () = handle.closed() => None,
        };
        if let Some(fault) = &fault {
            tracing::error!("{name}: {}", with_causes(fault));
        }
        handle.close();
        let mut faults = Faults { name: &name, first: fault };
        let interrupted = tokio::select! {
            () = close(running, Instant::now() + deadline, deadline, &mut faults) => false,
            signal = signals.next() => {
                tracing::error!("{name}: {signal} ends it at once");
                true
            }
        };
        match faults.first {
            Some(fault) => Err(fault),
            None if interrupted => Err(AppErrorKind::Interrupted.into()),
            None => Ok(()),
        }
    }
}

/// Ends tasks, consumers, late tasks and producers, in this order.
async fn close(running: Vec<Running>, end: Instant, deadline: Duration, faults: &mut Faults<'_>) {
    let for_producers = (deadline / 10).min(Duration::from_secs(2));
    let left = || end.saturating_duration_since(Instant::now());
    let of =
        |running: &mut Vec<Running>, stage| running.extract_if(.., |part| part.stage() == stage).collect::<Vec<_>>();
    let mut running = running;
    let mut tasks = of(&mut running, Stage::Tasks);
    while let Some(task) = tasks.pop() {
        faults.add(task.close(left() / 2).await);
    }
    for stage in [Stage::Consumers, Stage::LateTasks, Stage::Producers] {
        let kept = if stage == Stage::Producers { Duration::ZERO } else { for_producers };
        let limit = left().saturating_sub(kept);
        // Half of it is left to the tasks that send what the consumers leave.
        let has_more = stage == Stage::Consumers && running.iter().any(|part| part.stage() == Stage::LateTasks);
        let limit = if has_more { limit / 2 } else { limit };
        for closed in join_all(of(&mut running, stage).into_iter().map(|part| part.close(limit))).await {
            faults.add(closed);
        }
    }
}

/// The first fault of an app; the others are in the log.
struct Faults<'a> {
    name: &'a str,
    first: Option<AppError>,
}

impl Faults<'_> {
    fn add(&mut self, closed: Result<(), AppError>) {
        if let Err(error) = closed {
            tracing::error!("{}: {}", self.name, with_causes(&error));
            self.first.get_or_insert(error);
        }
    }
}

/// Tells the handles when the run is over.
struct Gone<'a>(&'a AppHandle);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.close();
        self.0.forget_all();
    }
}

/// Ends when a part has failed, or when all have ended that end by themselves.
async fn ended(running: &mut [Running], handle: &AppHandle) -> Option<AppError> {
    poll_fn(|context| {
        let (mut any, mut all) = (false, true);
        for part in running.iter_mut().filter(|part| part.stage() != Stage::Producers) {
            any |= part.ends_by_itself();
            match part.poll(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Some(error)),
                // Nobody waits for its readiness any more.
                Poll::Ready(Ok(())) => part.probe.take().into_iter().for_each(|probe| handle.forget(probe)),
                Poll::Pending => all &= !part.ends_by_itself(),
            }
        }
        if any && all { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.name).field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}
