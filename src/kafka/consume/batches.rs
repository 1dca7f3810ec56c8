//! Messages in batches.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::batch::{Batch, Item};
use super::core::{Outcome, Taken};
use super::driver::{self, Member, Shared, State};
use super::forward::Forward;
use super::loader::{At, Loader, NotYet};
use super::panics::{guarded, panicked};
use super::raw::Raw;
use super::selection::Selection;
use super::session::Finished;
use super::tally::Counts;
use super::tell::finish;
use super::withheld::Withheld;
use crate::EventSchema;
use crate::kafka::client::bounded;
use crate::kafka::error::{CloseError, ConsumeError};
use crate::kafka::message::Place;

/// Receives messages in batches, for consumers that write many at a time; made by [`Runner::batches`].
///
/// Retries and dead letters follow the settings of the [`Runner`]. The messages of a partition are in order. While a
/// message waits for its retry, no later message of its partition is received, except those that failed together with
/// it, in their order.
///
/// ```
/// use event_schema::kafka::{Body, EmbeddedKafka, EventConsumer, EventProducer, Failure};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { number: u32 }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// # kafka.create_topic("orders", 1)?;
/// # let producer = EventProducer::connect(&kafka.config()).await?;
/// # for number in 0..10 { producer.send(&OrderPlaced { number }).await?; }
/// let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("billing")).await?;
/// let mut batches = consumer.runner().batches()?;
/// // Up to 10 messages, and at most a second after the first.
/// let mut batch = batches.recv(10, Duration::from_secs(1)).await?;
/// let numbers: Vec<u32> = batch.iter().filter_map(|order| Some(order.event()?.number)).collect();
/// assert_eq!(numbers, (0..10).collect::<Vec<_>>());
/// batch.fail(3, Failure::reject("no such product"));
/// batch.finish();
/// # while batches.counts().of(event_schema::kafka::Outcome::Dead) == 0 {
/// #     let _ = tokio::time::timeout(Duration::from_millis(100), batches.recv(10, Duration::ZERO)).await;
/// # }
/// assert_eq!(batches.counts().done(), 9);
/// batches.close(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
///
/// [`Runner`]: crate::kafka::Runner
/// [`Runner::batches`]: crate::kafka::Runner::batches
pub struct Batches<E> {
    member: Member,
    forward: Arc<Forward>,
    selection: Selection,
    loader: Loader<E>,
    /// The partitions that wait for the schemas of their next messages.
    withheld: Withheld,
    /// Failed records are forwarded by a task of their own, whether or not anybody receives.
    letters: Option<UnboundedSender<(Taken<Raw>, Place)>>,
    forwarder: JoinSet<()>,
}

impl<E: EventSchema> Batches<E> {
    pub(super) fn new(member: Member, forward: Forward, selection: Selection, loader: Loader<E>) -> Self {
        let (forward, forwarder) = (Arc::new(forward), JoinSet::new());
        Self { member, forward, selection, loader, withheld: Withheld::default(), letters: None, forwarder }
    }

    /// Waits for a message and then for more, until the batch has `most` messages or `wait` has passed. Meanwhile the
    /// messages that failed for good in earlier batches are sent to the dead letter topic; no batch waits for them. The
    /// number of unfinished messages of a partition is limited by the [span](crate::kafka::Runner::span).
    ///
    /// The call is cancel safe: dropping the future before it is ready loses no message. Messages of a partition that
    /// is revoked before the batch is complete are left out. For this and the following methods see the example of
    /// [`Batches`].
    ///
    /// # Errors
    ///
    /// As [`EventConsumer::recv`](crate::kafka::EventConsumer::recv).
    pub async fn recv(&mut self, most: usize, wait: Duration) -> Result<Batch<E>, ConsumeError> {
        let most = most.max(1);
        let shared = Arc::clone(&self.member.shared);
        let mut until = None;
        loop {
            // There may always be enough for a batch without them.
            poll_fn(|context| Poll::Ready(_ = self.withheld.poll(&shared, context))).await;
            {
                let mut state = shared.lock();
                if let Some(trouble) = state.trouble() {
                    return Err(trouble.into());
                }
                let forwards = state.session.gather(most, shared.now());
                let forwards = forwards.into_iter().map(|taken| with_place(&state, taken)).collect::<Vec<_>>();
                self.forward_all(forwards);
                let is_time = until.is_some_and(|until| until <= Instant::now());
                let gathered = state.session.gathered();
                let is_complete = gathered >= most || is_time && gathered > 0;
                if is_complete {
                    let not_yet = self.not_yet(&state, most);
                    if !not_yet.is_empty() {
                        // Filters belong to the user, and are not called under the lock.
                        drop(state);
                        let not_yet = not_yet.into_iter().filter(|not_yet| self.is_needed(not_yet));
                        let mut not_yet: Vec<_> = not_yet.collect();
                        state = shared.lock();
                        if !not_yet.is_empty() {
                            // Its partition waits from the first of them on: the rest may be too little for a batch.
                            not_yet.sort_by_key(|(taken, ..)| (taken.ticket.partition, taken.ticket.number));
                            not_yet.dedup_by_key(|(taken, ..)| taken.ticket.partition);
                            for (Taken { ticket, .. }, _, not_yet) in not_yet {
                                self.withheld.begin(ticket.partition, self.loader.wait(&not_yet));
                                state.session.withhold_from(&ticket);
                            }
                            continue;
                        }
                    }
                    let batch = state.session.hand_out(most, shared.now());
                    let batch: Vec<_> = batch.into_iter().map(|taken| with_place(&state, taken)).collect();
                    drop(state);
                    let records: Vec<_> = batch.into_iter().filter_map(|record| self.load(&shared, record)).collect();
                    if records.is_empty() {
                        continue;
                    }
                    shared.telemetry.poll_batch(&records.iter().map(Item::described));
                    return Ok(Batch { shared, forward: Arc::clone(&self.forward), records });
                }
                if gathered == 0 {
                    until = None;
                } else {
                    until.get_or_insert_with(|| Instant::now() + bounded(wait));
                }
            }
            let more = shared.ready.notified();
            // The end of the time is seen above.
            let time = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = more => {}
                () = time => {}
                () = poll_fn(|context| self.withheld.poll(&shared, context)) => {}
            }
        }
    }

    /// The messages of a batch of what is gathered that cannot be loaded yet.
    fn not_yet(&self, state: &State, most: usize) -> Vec<(Taken<Raw>, Place, NotYet)> {
        let not_yet = |taken: &Taken<Raw>| {
            let place = state.place(taken.ticket.partition);
            let at = At { topic: &place.topic, partition: place.partition, offset: taken.ticket.offset };
            let not_yet = self.loader.check(&taken.message, at).err()?;
            Some((taken.clone(), place.clone(), not_yet))
        };
        state.session.for_batch(most).filter_map(not_yet).collect()
    }

    /// Whether a message waits for its schema: it is not passed over, and not filtered out. A filter that panics does so again
    /// when the message is loaded.
    fn is_needed(&self, (taken, place, _): &(Taken<Raw>, Place, NotYet)) -> bool {
        let is_filtered_out = || self.selection.filters_out(&taken.message, place, taken.ticket.offset);
        self.forward.passes_over(&taken.message, place).is_none()
            && catch_unwind(AssertUnwindSafe(is_filtered_out)).is_ok_and(|is_filtered_out| !is_filtered_out)
    }

    /// Loads a record. Returns nothing for a record to skip, and for one whose load panics, as hooks of users may: that
    /// has failed.
    fn load(&self, shared: &Shared, (taken, place): (Taken<Raw>, Place)) -> Option<Item<E>> {
        let (ticket, whence) = (taken.ticket, place.clone());
        let pass_over = |outcome| {
            finish(shared, &self.forward, &ticket, &whence, Finished::Unhandled(outcome));
            None
        };
        if let Some(outcome) = self.forward.passes_over(&taken.message, &place) {
            return pass_over(outcome);
        }
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            let is_let_in = !self.selection.filters_out(&taken.message, &place, ticket.offset);
            is_let_in.then(|| Item::new(taken, place, &self.loader))
        }));
        match loaded {
            Ok(None) => pass_over(Outcome::Ignored),
            Ok(Some(Ok(item))) => match item.rejection() {
                Some(error) if self.selection.skips(error, &whence) => {
                    shared.telemetry.pass_over(&whence.topic);
                    pass_over(Outcome::Ignored)
                }
                _ => Some(item),
            },
            Ok(Some(Err(_))) => {
                // It was looked up just before, and is forgotten again.
                finish(shared, &self.forward, &ticket, &whence, Finished::NotYet);
                None
            }
            Err(panic) => {
                finish(shared, &self.forward, &ticket, &whence, panicked(&*panic));
                None
            }
        }
    }

    /// Sends records on to where they are kept, one after the other, whether or not anybody receives.
    fn forward_all(&mut self, records: Vec<(Taken<Raw>, Place)>) {
        if records.is_empty() {
            return;
        }
        let letters = self.letters.get_or_insert_with(|| {
            let (letters, mut sent) = unbounded_channel::<(Taken<Raw>, Place)>();
            let (shared, forward) = (Arc::clone(&self.member.shared), Arc::clone(&self.forward));
            self.forwarder.spawn(async move {
                while let Some((taken, place)) = sent.recv().await {
                    if let Some(finished) = guarded(forward.forward(&shared, &taken, &place)).await {
                        finish(&shared, &forward, &taken.ticket, &place, finished);
                    }
                }
            });
            letters
        });
        for record in records {
            // The task ends with `self`.
            let _ = letters.send(record);
        }
    }

    /// The outcomes of all deliveries so far.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut batches = consumer.runner().batches()?;
    /// let batch = batches.recv(3, Duration::from_secs(10)).await?;
    /// assert_eq!(batches.counts().done(), 0);
    /// batch.finish();
    /// assert_eq!(batches.counts().done(), 3);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.member.shared.lock().session.counts()
    }

    /// Commits the finished messages and leaves the group. Until the deadline it waits for batches that are not
    /// finished, and for dead letters that are not yet sent if a later message of their partition is finished.
    /// Without such a later message, the next owner of the partition receives the failed message again.
    ///
    /// # Errors
    ///
    /// A [`CloseError`] if this takes longer than `deadline`, for instance because a batch was not finished. Also if
    /// the brokers [refuse](CloseError::is_not_committed) the last commit.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut batches = consumer.runner().batches()?;
    /// let batch = batches.recv(3, Duration::from_secs(10)).await?;
    /// batch.finish();
    /// batches.close(Duration::from_secs(10)).await?;
    ///
    /// // The batch is committed: the next member of the group receives the message after it.
    /// kafka.publish(&OrderPlaced { number: 3 }).await;
    /// let mut consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// assert_eq!(consumer.recv().await?.event().unwrap().number, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(mut self, deadline: Duration) -> Result<(), CloseError> {
        let shared = Arc::clone(&self.member.shared);
        let started = Instant::now();
        shared.close_within(deadline);
        let mut gone = self.member.gone.clone();
        let mut left = pin!(driver::left(&shared, &mut gone, deadline));
        let left = tokio::select! {
            left = &mut left => left,
            () = self.forward_the_rest() => left.await,
        };
        let rest = deadline.saturating_sub(started.elapsed());
        let _ = tokio::time::timeout(rest, self.forward.close()).await;
        left
    }

    /// Forwards messages that failed for good, until the polling thread ends.
    async fn forward_the_rest(&mut self) {
        let shared = Arc::clone(&self.member.shared);
        loop {
            {
                let mut state = shared.lock();
                if state.trouble().is_some() && (state.session.is_over() || state.fatal().is_some()) {
                    return;
                }
                // Only these are left: all partitions are being revoked.
                let forwards = state.session.gather(1, shared.now());
                let forwards = forwards.into_iter().map(|taken| with_place(&state, taken)).collect();
                self.forward_all(forwards);
            }
            shared.ready.notified().await;
        }
    }
}

impl<E> fmt::Debug for Batches<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

fn with_place(state: &State, taken: Taken<Raw>) -> (Taken<Raw>, Place) {
    let place = state.place(taken.ticket.partition).clone();
    (taken, place)
}
