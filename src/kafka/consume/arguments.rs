//! Handlers that take what they need by argument, for [`Runner::run_with`](super::Runner::run_with).

use std::any::TypeId;
use std::sync::Arc;

use super::delivery::Delivery;
use super::failure::Failure;
use super::publish::{self, Outputs, Publisher, Returned, outputs, sealed as returned};
use super::transactions::{Boxed, Lent};
use crate::kafka::message::Headers;
use crate::kafka::produce::EventProducer;
use crate::{Envelope, EventSchema};

/// The state of a run, as an argument of a handler: a clone of the value that
/// [`Runner::state`](crate::kafka::Runner::state) has set.
///
/// State that handlers share is cheap to clone: an [`Arc`], or a pool of connections.
///
/// ```
/// use event_schema::kafka::State;
/// use event_schema::prelude::*;
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "notes")]
/// struct Note { text: String }
///
/// type Texts = Arc<Mutex<Vec<String>>>;
///
/// async fn keep(note: Note, State(texts): State<Texts>) {
///     texts.lock().unwrap().push(note.text);
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // A handler is a function: a test calls it.
/// let texts = Texts::default();
/// keep(Note { text: "hello".to_owned() }, State(Arc::clone(&texts))).await;
/// assert_eq!(*texts.lock().unwrap(), ["hello"]);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pattern in handlers' arguments")]
pub struct State<S>(pub S);

/// The bytes of a message's key, as an argument of a handler; `None` if the message has no key.
///
/// See the example of [`Runner::run_with`](crate::kafka::Runner::run_with).
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pattern in handlers' arguments")]
pub struct Key(pub Option<Vec<u8>>);

/// Without the bytes, which may be personal data.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.0.as_ref().map(Vec::len)).finish()
    }
}

/// The number of this attempt to handle an event, as an argument of a handler; see [`Delivery::attempt`].
///
/// See the example of [`Runner::run_with`](crate::kafka::Runner::run_with).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a pattern in handlers' arguments")]
pub struct Attempt(pub u32);

/// An argument of a handler: [`Envelope`], [`Headers`], [`Key`], [`Attempt`], [`State`], or with the feature `sqlx08` the
/// transaction of an outbox.
///
/// The event itself, or its [`Delivery`], is the first argument.
#[diagnostic::on_unimplemented(
    message = "a handler of `{E}` cannot take `{Self}`",
    note = "a handler takes the event or its `Delivery` first, then any of `Envelope`, `Headers`, `Key`, `Attempt`, an \
            outbox's `Tx` and `State<S>`, where `S` is the type that was given to `Runner::state`"
)]
pub trait Argument<E, S>: sealed::Argument<E, S> {}

impl<E, S> Argument<E, S> for Envelope {}
impl<E, S> Argument<E, S> for Headers {}
impl<E, S> Argument<E, S> for Key {}
impl<E, S> Argument<E, S> for Attempt {}
impl<E, S: Clone> Argument<E, S> for State<S> {}

/// The first argument of a handler: the event or its [`Delivery`].
#[diagnostic::on_unimplemented(
    message = "the first argument of a handler of `{E}` cannot be `{Self}`",
    note = "it is the event or its `Delivery`; the other arguments follow"
)]
pub trait Subject<E>: sealed::Subject<E> {}

impl<E: EventSchema> Subject<E> for E {}
impl<E> Subject<E> for Delivery<E> {}

/// An async function that handles events, for [`Runner::run_with`](crate::kafka::Runner::run_with): its first argument
/// is the event or its [`Delivery`], the others are [`Argument`]s, up to seven of them. It returns what
/// [`Returned`] says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler of `{E}`",
    note = "a handler is an async function; it takes the event or its `Delivery` first, then any of `Envelope`, `Headers`, \
            `Key`, `Attempt`, an outbox's `Tx` and `State<S>`, where `S` is the type that was given to `Runner::state`",
    note = "its future must be `Send` and `'static`: shared values come by `State`, not by capture in an async closure",
    note = "it returns nothing, events, or a `Result` of them whose error is `Failure` or any error that is `Send + Sync`"
)]
pub trait Handler<A, E, S>: sealed::Handler<A, E, S> {}

pub(super) use self::sealed::Job;

pub(crate) mod sealed {
    use std::any::TypeId;

    use super::{Arc, Delivery, Lent, Outputs, Publisher};

    pub trait Argument<E, S> {
        /// Its type, if it is a transaction.
        fn transaction() -> Option<TypeId> {
            None
        }

        /// `lent`: the transaction, for the one argument that takes it.
        fn of(delivery: &Delivery<E>, state: &S, lent: &mut Option<Lent>) -> Self;
    }

    pub trait Subject<E> {
        fn of(delivery: Delivery<E>) -> Self;
    }

    pub trait Handler<A, E, S>: Sized + Send + Sync + 'static {
        /// Its result.
        type Returned: super::Returned;

        /// The types of its arguments that are transactions.
        fn transactions() -> Vec<TypeId>;

        /// The job is shared, so that the future does not borrow it.
        fn call(
            job: Arc<Job<Self, S>>,
            delivery: Delivery<E>,
            lent: Option<Lent>,
        ) -> impl Future<Output = Outputs> + Send + 'static;
    }

    /// A handler with all that it needs beside the messages.
    #[expect(missing_debug_implementations, reason = "not named outside")]
    pub struct Job<H, S> {
        pub(in super::super) handler: H,
        pub(in super::super) state: Arc<S>,
        pub(in super::super) publisher: Option<Arc<Publisher>>,
    }
}

/// What a handler takes and returns, as far as its type says it.
pub(super) struct Signature {
    /// The types of the transactions that it takes.
    pub(super) transactions: Vec<TypeId>,
    /// Whether it can return an event.
    pub(super) returns_events: bool,
    /// The name of an event that it can return and that has no topic.
    pub(super) without_topic: Option<&'static str>,
    /// The topics of the events that it can return.
    pub(super) topics: Vec<&'static str>,
}

impl Signature {
    pub(super) fn of<A, H: Handler<A, E, S>, E, S>() -> Self {
        let mut topics = Vec::new();
        <Returns<A, H, E, S> as returned::Events>::topics(&mut topics);
        Self {
            transactions: H::transactions(),
            returns_events: <Returns<A, H, E, S> as returned::Events>::ANY,
            without_topic: <Returns<A, H, E, S> as returned::Events>::without_topic(),
            topics,
        }
    }
}

/// Makes ready to encode what the handler returns.
pub(super) fn prepare<A, H: Handler<A, E, S>, E, S>(producer: &EventProducer) -> Boxed<'_, Result<(), Failure>> {
    Box::pin(publish::prepare::<Returns<A, H, E, S>>(producer))
}

type Returns<A, H, E, S> = <<H as sealed::Handler<A, E, S>>::Returned as returned::Returned>::Events;

impl<E, S> sealed::Argument<E, S> for Envelope {
    fn of(delivery: &Delivery<E>, _: &S, _: &mut Option<Lent>) -> Self {
        delivery.envelope()
    }
}

impl<E, S> sealed::Argument<E, S> for Headers {
    fn of(delivery: &Delivery<E>, _: &S, _: &mut Option<Lent>) -> Self {
        delivery.headers().clone()
    }
}

impl<E, S> sealed::Argument<E, S> for Key {
    fn of(delivery: &Delivery<E>, _: &S, _: &mut Option<Lent>) -> Self {
        Self(delivery.key().map(<[u8]>::to_vec))
    }
}

impl<E, S> sealed::Argument<E, S> for Attempt {
    fn of(delivery: &Delivery<E>, _: &S, _: &mut Option<Lent>) -> Self {
        Self(delivery.attempt())
    }
}

impl<E, S: Clone> sealed::Argument<E, S> for State<S> {
    fn of(_: &Delivery<E>, state: &S, _: &mut Option<Lent>) -> Self {
        Self(state.clone())
    }
}

impl<E: EventSchema> sealed::Subject<E> for E {
    fn of(delivery: Delivery<E>) -> Self {
        delivery.into_event().expect("the delivery has just been made, and has no clone")
    }
}

impl<E> sealed::Subject<E> for Delivery<E> {
    fn of(delivery: Self) -> Self {
        delivery
    }
}

macro_rules! handlers {
    ($($argument:ident)*) => {
        impl<H, F, E, S, D, $($argument,)*> Handler<(D, $($argument,)*), E, S> for H
        where
            H: Fn(D, $($argument,)*) -> F + Send + Sync + 'static,
            F: Future<Output: Returned> + Send + 'static,
            E: Send + Sync + 'static,
            D: Subject<E>,
            $($argument: Argument<E, S>,)*
        {
        }

        impl<H, F, E, S, D, $($argument,)*> sealed::Handler<(D, $($argument,)*), E, S> for H
        where
            H: Fn(D, $($argument,)*) -> F + Send + Sync + 'static,
            F: Future<Output: Returned> + Send + 'static,
            E: Send + Sync + 'static,
            D: Subject<E>,
            $($argument: Argument<E, S>,)*
        {
            type Returned = F::Output;

            fn transactions() -> Vec<TypeId> {
                let all: Vec<Option<TypeId>> = vec![$($argument::transaction()),*];
                all.into_iter().flatten().collect()
            }

            #[allow(non_snake_case, unused_mut, unused_variables, reason = "the macro's names")]
            fn call(
                job: Arc<sealed::Job<Self, S>>,
                delivery: Delivery<E>,
                mut lent: Option<Lent>,
            ) -> impl Future<Output = Outputs> + Send + 'static {
                let sealed::Job { handler, state, publisher } = &*job;
                let publication = publisher.as_ref().map(|publisher| publisher.of(&delivery));
                $(let $argument = $argument::of(&delivery, state, &mut lent);)*
                // Goes back to its owner, unless an argument has it.
                drop(lent);
                let handling = handler(D::of(delivery), $($argument,)*);
                async move { outputs(handling.await, publication) }
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A B);
handlers!(A B C);
handlers!(A B C G);
handlers!(A B C G I);
handlers!(A B C G I J);
handlers!(A B C G I J K);
