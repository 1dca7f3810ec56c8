//! Many messages at a time, with an outcome for each.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client;
use super::core::{NOT_YET, Outcome, Taken, Ticket, Work};
use super::delivery::Failure;
use super::driver::{self, Finished, Member, Place, Shared};
use super::error::{CloseError, ConsumeError};
use super::fault::Fault;
use super::forward::Forward;
use super::raw::Raw;
use super::received::{Body, Received};
use super::run;
use super::tally::Counts;
use crate::EventSchema;

/// Receives many messages at a time, for those who write them together: [`Runner::batches`].
///
/// Retries and dead letters are as the [`Runner`] was told. A batch has the messages of a partition in their
/// order; while one of them waits to be tried again, no later one of its partition is received.
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
/// // Up to 10, and no longer than a second after the first.
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
/// [`Runner`]: super::Runner
/// [`Runner::batches`]: super::Runner::batches
pub struct Batches<E> {
    member: Member,
    forward: Arc<Forward>,
    /// What failed for good is sent on by a task of its own, whether or not anybody receives.
    letters: Option<UnboundedSender<(Taken<Raw>, Place)>>,
    forwarder: JoinSet<()>,
    event: PhantomData<fn() -> E>,
}

impl<E: EventSchema> Batches<E> {
    pub(super) fn new(member: Member, forward: Forward) -> Self {
        Self { member, forward: Arc::new(forward), letters: None, forwarder: JoinSet::new(), event: PhantomData }
    }

    /// Waits for a message, and then for more: until there are `most`, or for as long as `wait`. What failed
    /// for good in an earlier batch is sent to the dead letter topic meanwhile, and holds up no batch. Of a partition
    /// there are no more in hand than the [span](super::Runner::span) allows.
    ///
    /// Dropping the future before it is ready loses nothing. Messages whose partition is taken away before the
    /// batch is complete are not in it. For this and the following see the example of [`Batches`].
    ///
    /// # Errors
    ///
    /// Of [`ConsumeError`], as [`EventConsumer::recv`](super::EventConsumer::recv).
    pub async fn recv(&mut self, most: usize, wait: Duration) -> Result<Batch<E>, ConsumeError> {
        let most = most.max(1);
        let shared = Arc::clone(&self.member.shared);
        let mut until = None;
        loop {
            {
                let mut state = shared.lock();
                if let Some(trouble) = state.trouble() {
                    return Err(trouble.into());
                }
                while state.pending.len() < most
                    && let Some(record) = state.take(None, NOT_YET)
                {
                    match self.forwarded(record) {
                        None => {}
                        Some((taken, _)) if !state.core.holds(&taken.ticket.position()) => {
                            state.core.give_back(&taken.ticket);
                        }
                        Some(record) => state.pending.push(record),
                    }
                }
                let is_time = until.is_some_and(|until| until <= Instant::now());
                if state.pending.len() >= most || is_time && !state.pending.is_empty() {
                    let begun = state.begin(most, shared.now());
                    drop(state);
                    let records: Vec<_> = begun.into_iter().filter_map(|record| self.load(&shared, record)).collect();
                    if records.is_empty() {
                        continue;
                    }
                    return Ok(Batch { shared, forward: Arc::clone(&self.forward), records });
                }
                if state.pending.is_empty() {
                    until = None;
                } else {
                    until.get_or_insert_with(|| Instant::now() + client::bounded(wait));
                }
            }
            let more = shared.ready.notified();
            match until {
                None => more.await,
                // The end of the time is seen above.
                Some(until) => _ = tokio::time::timeout_at(until, more).await,
            }
        }
    }

    /// Loads a record. One whose load panics, as hooks of users may, has failed and is in no batch, nor is what is to
    /// be passed over.
    fn load(&self, shared: &Shared, (taken, place): (Taken<Raw>, Place)) -> Option<Item<E>> {
        let (ticket, whence) = (taken.ticket, place.clone());
        if self.forward.passes_over(&taken.message, &place) {
            finish(shared, &self.forward, &ticket, &place, Finished::Done);
            return None;
        }
        match catch_unwind(AssertUnwindSafe(|| Item::new(taken, place))) {
            Ok(item) => Some(item),
            Err(panic) => {
                finish(shared, &self.forward, &ticket, &whence, run::panicked(&*panic));
                None
            }
        }
    }

    /// Sends a record on to where it is kept, if it is to be handled no more; else it is still there.
    fn forwarded(&mut self, record: (Taken<Raw>, Place)) -> Option<(Taken<Raw>, Place)> {
        if record.0.work == Work::Handle {
            return Some(record);
        }
        let letters = self.letters.get_or_insert_with(|| {
            let (letters, mut sent) = unbounded_channel::<(Taken<Raw>, Place)>();
            let (shared, forward) = (Arc::clone(&self.member.shared), Arc::clone(&self.forward));
            self.forwarder.spawn(async move {
                while let Some((taken, place)) = sent.recv().await {
                    if let Some(finished) = run::guarded(forward.forward(&shared, &taken, &place)).await {
                        finish(&shared, &forward, &taken.ticket, &place, finished);
                    }
                }
            });
            letters
        });
        // The task ends with `self`.
        let _ = letters.send(record);
        None
    }

    /// What the deliveries came to so far.
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
        self.member.shared.tally.counts()
    }

    /// Commits what is finished, and leaves the group. A batch that is still in hand is waited for, as long as the
    /// deadline allows. So is what failed for good and is yet to be sent to the dead letter topic, if something behind
    /// it in its partition is done; if nothing is, whoever has the partition next receives it again.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if it takes longer than `deadline`: for instance because a batch is kept in hand.
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
    /// // Committed: the next of the group goes on behind it.
    /// kafka.publish(&OrderPlaced { number: 3 }).await;
    /// let mut consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// assert_eq!(consumer.recv().await?.event().unwrap().number, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(mut self, deadline: Duration) -> Result<(), CloseError> {
        let shared = Arc::clone(&self.member.shared);
        shared.close_within(deadline);
        let mut gone = self.member.gone.clone();
        let mut left = pin!(driver::left(&shared, &mut gone, deadline));
        tokio::select! {
            left = &mut left => left,
            () = self.forward_the_rest() => left.await,
        }
    }

    /// What failed for good, until the polling thread is at its end.
    async fn forward_the_rest(&mut self) {
        let shared = Arc::clone(&self.member.shared);
        loop {
            {
                let mut state = shared.lock();
                if state.trouble().is_some() && (state.over || state.fatal().is_some()) {
                    return;
                }
                while let Some(record) = state.take(None, NOT_YET) {
                    if let Some((taken, _)) = self.forwarded(record) {
                        state.core.give_back(&taken.ticket);
                    }
                }
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

/// Says what came of a record, counts it, and logs what did not go as it should.
pub(super) fn finish(shared: &Shared, forward: &Forward, ticket: &Ticket, place: &Place, finished: Finished) {
    let ended = shared.lock().finish(None, ticket, finished, shared.now());
    if let Some((outcome, fault)) = ended {
        shared.tally.count(outcome);
        tell(forward, ticket, place, outcome, fault);
    }
}

/// One line in the log for what does not go as it should. A fault that panics when it is written, as errors of users
/// may, has been told by the panic hook: it is not to take others along.
pub(super) fn tell(forward: &Forward, ticket: &Ticket, place: &Place, outcome: Outcome, fault: Option<Fault>) {
    if let Some(fault) = fault {
        let _ = catch_unwind(AssertUnwindSafe(|| log(forward, ticket, place, outcome, &fault)));
    }
}

fn log(forward: &Forward, ticket: &Ticket, place: &Place, outcome: Outcome, fault: &Fault) {
    if outcome == Outcome::Dead {
        let topic = forward.dead_letter_topic(place);
        tracing::warn!("{place}@{}: sent to `{topic}`: {fault}", ticket.offset);
    } else {
        fault.tell(place, ticket, outcome);
    }
}

/// Messages that were received together; see [`Batches`].
///
/// Those that are not said to have failed are done, when the batch is [finished](Self::finish); what cannot be
/// loaded goes to the dead letter topic.
///
/// A batch that is dropped without that, as when a `select!` or a task that ends takes it along, says nothing of its
/// messages: they have not failed, and are the first that are received again, at once and as often as it takes. So
/// [fail](Self::fail) what has failed.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Outcome};
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
/// drop(batch);
/// let batch = batches.recv(3, Duration::from_secs(10)).await?;
/// assert_eq!(batch.len(), 3);
/// batch.finish();
/// assert_eq!(batches.counts().to_string(), "3 done, 3 abandoned");
/// # Ok(())
/// # }
/// ```
///
/// For another see [`Batches`].
pub struct Batch<E> {
    shared: Arc<Shared>,
    forward: Arc<Forward>,
    records: Vec<Item<E>>,
}

struct Item<E> {
    ticket: Ticket,
    place: Place,
    received: Received<E>,
    failure: Option<Failure>,
}

impl<E: EventSchema> Item<E> {
    fn new(taken: Taken<Raw>, place: Place) -> Self {
        let Taken { ticket, message: raw, .. } = taken;
        Self {
            received: Received::of(Arc::clone(&place.topic), place.partition, ticket.position(), raw),
            ticket,
            place,
            failure: None,
        }
    }
}

impl<E> Batch<E> {
    /// The messages, those of a partition in their order. For this and the following see the example of
    /// [`Batches`].
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Received<E>> {
        self.records.iter().map(|item| &item.received)
    }

    /// How many messages there are: at least one.
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
    /// let batch = batches.recv(2, Duration::from_secs(10)).await?;
    /// assert_eq!(batch.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The message of this number, from 0 on, has failed: to be tried again, or not.
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
    /// let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(1));
    /// let mut batches = consumer.runner().retry(retry).batches()?;
    /// let mut batch = batches.recv(3, Duration::from_secs(10)).await?;
    /// batch.fail(1, Failure::retry("the database is away"));
    /// batch.finish();
    ///
    /// let again = batches.recv(3, Duration::ZERO).await?;
    /// assert_eq!(again.iter().next().unwrap().event().unwrap().number, 1);
    /// assert_eq!(batches.counts().to_string(), "2 done, 1 retried");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no message of this number.
    pub fn fail(&mut self, index: usize, failure: impl Into<Failure>) {
        self.records[index].failure = Some(failure.into());
    }

    /// Says what came of each. Those that are done are committed with the next commit of the consumer; those that
    /// failed are tried again, or forwarded, by a later [`recv`](Batches::recv).
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
    /// let batch = batches.recv(2, Duration::from_secs(10)).await?;
    /// batch.finish();
    /// assert_eq!(batches.counts().done(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn finish(mut self) {
        for item in self.records.drain(..) {
            let finished = match (item.failure, item.received.into_body()) {
                (Some(failure), _) => Finished::Failed(Fault::Handler(Arc::new(failure))),
                (None, Body::Rejected(rejection)) => Finished::Failed(self.forward.rejected(rejection)),
                (None, _) => Finished::Done,
            };
            finish(&self.shared, &self.forward, &item.ticket, &item.place, finished);
        }
    }
}

impl<E> Drop for Batch<E> {
    fn drop(&mut self) {
        if self.records.is_empty() {
            return;
        }
        let mut state = self.shared.lock();
        let tickets = self.records.iter().map(|item| item.ticket);
        let abandoned: Vec<_> = tickets.filter(|ticket| state.core.waits_for(ticket)).collect();
        for _ in &abandoned {
            self.shared.tally.count(Outcome::Abandoned);
        }
        state.untake(abandoned);
    }
}

impl<E: fmt::Debug> fmt::Debug for Batch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
