//! Panics of what users wrote, which are failures of a record.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::fault::Fault;
use super::session;

/// The outcome of a record.
type Finished = session::Finished<Fault>;

/// The outcome of a record; a panic is a failure.
pub(super) async fn guarded<T: From<Finished>>(work: impl Future<Output = T>) -> T {
    caught(work).await.unwrap_or_else(|panic| panicked(&*panic).into())
}

/// The outcome of a record whose handling panicked.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Finished {
    Finished::Failed(Fault::Panic(message(panic).into()))
}

/// The text of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "",
    }
}

/// The output of a future, or its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // It is not polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}
