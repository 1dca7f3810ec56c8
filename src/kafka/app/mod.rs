//! The parts of a service as one process: [`App`].

mod handle;
mod part;
mod signals;

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

pub use self::handle::AppHandle;
use self::handle::Probe;
pub use self::part::Closing;
use self::part::{Part, Running};
use self::signals::Signals;
use super::consume::{Handler, Runner};
use super::error::{AppError, AppErrorKind};
use super::produce::EventProducer;
use crate::EventSchema;

/// The consumers, the producers and the other tasks of a service, as one process: they start together, end together, and
/// are ready together.
///
/// [`run`](Self::run) starts the parts in the order in which they were added, and ends them in the opposite order when the
/// process receives SIGTERM or Ctrl-C, when [`AppHandle::close`] is called, or when a part fails. Producers come first, so
/// that they end after the handlers that send by them.
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
    /// Each part may use half of the time that is left, and the last one all of it: a part that does not end does not keep
    /// consumers from their last commit.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Adds a producer, which is closed when the app ends, and so are its clones.
    pub fn producer(mut self, producer: &EventProducer) -> Self {
        self.handle.add("producer", Probe::Producer(producer.clone()));
        self.parts.push(Part::Producer(producer.clone()));
        self
    }

    /// Adds a consumer with its handler, as [`Runner::run_with`] takes it. Its name is that of its topics.
    pub fn consumer<E, S, A, H>(mut self, runner: Runner<E, S>, handler: H) -> Self
    where
        E: EventSchema + Send + Sync + 'static,
        S: Send + Sync + 'static,
        A: 'static,
        H: Handler<A, E, S>,
    {
        let (name, handle) = (runner.topics().join(","), runner.handle());
        self.handle.add(&name, Probe::Consumer(handle.clone()));
        self.parts.push(Part::Consumer { name, handle, run: Box::pin(runner.run_with(handler)) });
        self
    }

    /// Adds any other future, such as a server, which ends soon after the [`Closing`] does. If it ends before, it has done
    /// its work, and the app goes on without it; if it ends with an error, the app ends.
    pub fn task<F, R>(mut self, name: impl Into<String>, task: F) -> Self
    where
        F: FnOnce(Closing) -> R + Send + 'static,
        R: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        self.parts.push(Part::Task { name: name.into(), task: Box::new(|closing| Box::pin(task(closing))) });
        self
    }

    /// A handle that ends the app and says whether it is ready.
    #[must_use]
    pub fn handle(&self) -> AppHandle {
        self.handle.clone()
    }

    /// Runs the parts until a signal, [`AppHandle::close`] or an error ends them, or until all consumers and tasks have
    /// ended by themselves. A second signal ends the app without waiting for its parts.
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
        let mut signals = Signals::new().map_err(AppErrorKind::Signals)?;
        let mut running: Vec<Running> = parts.into_iter().map(Part::start).collect();
        handle.start();
        tracing::info!("{name}: {} parts are started", running.len());
        let mut fault = tokio::select! {
            biased;
            fault = ended(&mut running) => fault,
            signal = signals.next() => {
                tracing::info!("{name}: {signal} ends it");
                None
            }
            () = handle.closed() => None,
        };
        if let Some(fault) = &fault {
            tracing::error!("{name}: {}", crate::error::with_causes(fault));
        }
        handle.close();
        let end = Instant::now() + deadline;
        let close = async {
            while let Some(part) = running.pop() {
                let left = end.saturating_duration_since(Instant::now());
                let limit = if running.is_empty() { left } else { left / 2 };
                if let Err(error) = part.close(limit).await {
                    tracing::error!("{name}: {}", crate::error::with_causes(&error));
                    fault.get_or_insert(error);
                }
            }
            fault.map_or(Ok(()), Err)
        };
        tokio::select! {
            ended = close => ended,
            signal = signals.next() => {
                tracing::error!("{name}: {signal} ends it at once");
                Err(AppErrorKind::Interrupted.into())
            }
        }
    }
}

/// Ends when a part has failed, or when all have ended that end by themselves.
async fn ended(running: &mut [Running]) -> Option<AppError> {
    poll_fn(|context| {
        let (mut any, mut all) = (false, true);
        for part in running.iter_mut().filter(|part| part.ends_by_itself()) {
            any = true;
            match part.poll(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Some(error)),
                Poll::Ready(Ok(())) => {}
                Poll::Pending => all = false,
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
