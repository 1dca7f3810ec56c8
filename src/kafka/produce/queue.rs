//! The queue: the way of every message into librdkafka, and the client in use.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::Producer;
use tokio::sync::{Mutex, MutexGuard, watch};

use super::client::Client;
use super::report::{Pending, Recipient};
use super::sent::Enqueued;
use super::slot::Slot;
use super::stamp::Stamp;
use super::topic::{LastTopic, To};
use crate::kafka::client::native::Message;
use crate::kafka::client::{bounded, thread};
use crate::kafka::error::{CloseError, ConnectError, Open, SendError, SendErrorKind};
use crate::kafka::telemetry::{Readiness, Sending};

pub(super) struct Queue {
    /// Makes a client, also in the place of one that failed.
    pub(super) make: Make,
    /// The one in use.
    pub(super) client: RwLock<Arc<Client>>,
    /// Held while an event is put into librdkafka's queue, and while it waits for room there: later events wait behind
    /// it.
    pub(super) gate: Mutex<LastTopic>,
    pub(super) ready: watch::Sender<bool>,
    pub(super) renewal: std::sync::Mutex<Renewal>,
    /// Whether `close` was called. Events that wait at the gate are still sent.
    pub(super) closing: AtomicBool,
    /// Whether events that pass the gate are refused. It is set after the events that came before `close`.
    pub(super) closed: AtomicBool,
    pub(super) telemetry: Readiness,
}

/// The time when the client in use was made, and the pause before that.
pub(super) struct Renewal {
    pub(super) made: Instant,
    pub(super) pause: Duration,
}

impl Renewal {
    pub(super) const LONGEST: Duration = Duration::from_secs(10);

    /// The pause before the next client is made. It grows while clients fail soon after they were made.
    pub(super) fn pause(&mut self) -> Duration {
        const SOON: Duration = Duration::from_secs(30);
        const FIRST: Duration = Duration::from_millis(100);
        let failed_soon = self.made.elapsed() < SOON;
        self.pause = if failed_soon { (self.pause * 2).clamp(FIRST, Self::LONGEST) } else { Duration::ZERO };
        self.pause
    }
}

pub(super) type Make = Box<dyn Fn() -> Result<Client, ConnectError> + Send + Sync>;

impl Queue {
    /// With the first client.
    pub(super) fn new(make: Make) -> Result<Arc<Self>, ConnectError> {
        let client = Arc::new(make()?);
        let queue = Arc::new(Self {
            make,
            client: RwLock::new(Arc::clone(&client)),
            gate: Mutex::default(),
            ready: watch::Sender::new(true),
            renewal: std::sync::Mutex::new(Renewal { made: Instant::now(), pause: Duration::ZERO }),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            telemetry: Readiness::new(client.telemetry()),
        });
        Self::own(&queue, &client);
        Ok(queue)
    }

    /// Replaces this client, which is the one in use, when it fails.
    fn own(queue: &Arc<Self>, client: &Client) {
        let queue = Arc::downgrade(queue);
        client.on_failure(move || {
            let Some(owner) = queue.upgrade() else { return true };
            owner.set_ready(false);
            owner.client().purge();
            let queue = Weak::clone(&queue);
            // Not on this thread, which may belong to the client that is to be dropped.
            thread::spawn("event-schema renew", move || Self::renew(&queue))
        });
    }

    pub(super) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces a client that failed for good, and waits until the new one has reached a broker. Ends when the producer
    /// is dropped.
    pub(super) fn renew(weak: &Weak<Self>) {
        let pause = match weak.upgrade() {
            Some(queue) => queue.renewal().pause(),
            None => return,
        };
        std::thread::sleep(pause);
        let mut wait = Duration::from_millis(100);
        let fresh = loop {
            let Some(queue) = weak.upgrade() else { return };
            match (queue.make)() {
                Ok(fresh) => {
                    let fresh = Arc::new(fresh);
                    queue.renewal().made = Instant::now();
                    // Messages in the queue of the old client are reported when it is dropped.
                    *queue.client.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                    Self::own(&queue, &fresh);
                    break fresh;
                }
                // Such as certificates that are being exchanged, or no thread to be had.
                Err(error) => {
                    tracing::error!("the client of the producer cannot be replaced, next attempt in {wait:?}: {error}");
                }
            }
            drop(queue);
            std::thread::sleep(wait);
            wait = (wait * 2).min(Renewal::LONGEST);
        };
        tracing::warn!("the client of the producer is replaced after a fatal error");
        while let Some(queue) = weak.upgrade() {
            if !Arc::ptr_eq(&queue.client(), &fresh) {
                return;
            }
            drop(queue);
            if fresh.cluster_id(Duration::from_millis(100)).is_some() {
                if let Some(queue) = weak.upgrade() {
                    queue.set_ready(true);
                }
                return;
            }
        }
    }

    /// Sets whether the client in use has reached a broker. A client that has failed meanwhile is not ready.
    fn set_ready(&self, ready: bool) {
        // The lock orders this with a failure that comes at the same time.
        let _renewal = self.renewal();
        let is_ready = ready && !self.client().has_failed();
        self.ready.send_replace(is_ready);
        self.telemetry.set(is_ready);
    }

    fn renewal(&self) -> std::sync::MutexGuard<'_, Renewal> {
        self.renewal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its client has reached a broker, and nobody has closed it.
    pub(super) fn is_ready(&self) -> bool {
        *self.ready.borrow() && !self.closing.load(Ordering::Acquire)
    }

    pub(super) async fn ready(&self) {
        // The sender lives as long as `self`.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Refuses events after `close` was called. An event that gets by must [pass the gate](Self::pass).
    pub(super) fn check_open(&self) -> Result<(), SendError> {
        if self.closing.load(Ordering::Acquire) { Err(SendErrorKind::Closed.into()) } else { Ok(()) }
    }

    /// Waits behind all earlier events. After `close` no event passes.
    pub(super) async fn pass(&self) -> Result<MutexGuard<'_, LastTopic>, SendError> {
        let gate = self.gate.lock().await;
        if self.closed.load(Ordering::Acquire) { Err(SendErrorKind::Closed.into()) } else { Ok(gate) }
    }

    /// Puts a message into the queue; waits for room there. The caller has passed the gate.
    pub(super) async fn put(
        &self,
        client: &Client,
        topic: &CStr,
        mut message: Message<'_>,
        mut pending: Arc<Pending>,
    ) -> Result<(), SendError> {
        // As little as a timer can wait, so that the queue does not run dry meanwhile.
        const FULL: Duration = Duration::from_millis(1);
        // librdkafka takes -1 for the one that the key chooses.
        if message.partition.is_some_and(i32::is_negative) {
            return Err(client.failure(&topic.to_string_lossy(), (RDKafkaErrorCode::UnknownPartition, true)));
        }
        loop {
            match client.produce(topic, message, pending) {
                Ok(()) => return Ok(()),
                Err((RDKafkaErrorCode::QueueFull, refused, same)) => {
                    (message, pending) = (refused, same);
                    tokio::time::sleep(FULL).await;
                    // `close` waits for events that have passed the gate, until its deadline.
                    if self.closed.load(Ordering::Acquire) {
                        return Err(SendErrorKind::Closed.into());
                    }
                }
                Err((code, ..)) => return Err(client.failure(&topic.to_string_lossy(), (code, true))),
            }
        }
    }

    /// As [`put`](Self::put), behind all earlier events.
    pub(super) async fn enqueue(
        &self,
        to: To<'_>,
        message: Message<'_>,
        stamp: Option<Arc<Stamp>>,
        sending: Sending,
    ) -> Result<Enqueued, SendError> {
        let put = async {
            let pending = Arc::new(Pending { recipient: Recipient::One(Slot::default()), stamp });
            let mut gate = self.pass().await?;
            let client = self.client();
            let (name, topic) = gate.set(to, client.names())?;
            self.put(&client, name, message, Arc::clone(&pending)).await?;
            Ok((pending, topic, client))
        };
        match put.await {
            Ok((pending, topic, client)) => Ok(Enqueued { pending, topic, client, sending }),
            Err(error) => Err(self.refuse(to, error, &sending)),
        }
    }

    /// The message does not get into the queue.
    pub(super) fn refuse(&self, to: To<'_>, error: SendError, sending: &Sending) -> SendError {
        let client = self.client();
        client.telemetry().refused(&client.names().real(to.name()), &error);
        sending.failed(&error);
        error
    }

    /// Waits until all events are acknowledged, and refuses later ones.
    pub(super) async fn close(self: Arc<Self>, deadline: Duration) -> Result<(), CloseError> {
        let started = Instant::now();
        self.closing.store(true, Ordering::Release);
        self.telemetry.close();
        let flush = async {
            // Behind all events that wait for room in the queue, and before all later ones.
            let gate = self.gate.lock().await;
            self.closed.store(true, Ordering::Release);
            drop(gate);
            let client = self.client();
            let _ = thread::start("event-schema flush", move || client.producer().flush(bounded(deadline))).await;
        };
        let flushed = tokio::time::timeout(deadline, flush).await;
        // Events that still wait are refused.
        self.closed.store(true, Ordering::Release);
        let open = self.client().in_flight();
        if flushed.is_err() || open > 0 {
            // The error tells of them.
            self.client().accept_loss();
            return Err(CloseError { deadline, open: Open::Events(open) });
        }
        if let Some(last) = Arc::into_inner(self)
            && let Some(mut last) = Arc::into_inner(last.client.into_inner().unwrap_or_else(PoisonError::into_inner))
        {
            // A process that exits while librdkafka still ends its TLS connections can crash.
            // Nothing is lost any more, so that it is no failure if this takes too long.
            let producer = last.producer.take();
            let dropped = thread::start("event-schema drop", move || drop(producer));
            let _ = tokio::time::timeout(deadline.saturating_sub(started.elapsed()), dropped).await;
        }
        Ok(())
    }
}
