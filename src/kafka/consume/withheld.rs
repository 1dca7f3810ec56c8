//! Partitions of which nothing is handed out until a schema is known: [`Withheld`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use super::core::Partition;
use super::driver::Shared;
use super::loader::LOOK;

/// The partitions that wait, each until the message that comes next can be loaded. The others go on.
#[derive(Default)]
pub(super) struct Withheld(Vec<(Partition, Wait)>);

/// In a lock, so that consumers can be shared.
type Wait = Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl Withheld {
    /// A partition waits until this is ready, but no longer than for a look: what has become of the partition shows then.
    pub(super) fn begin(&mut self, partition: Partition, ready: impl Future<Output = ()> + Send + 'static) {
        // Lost and ours again, it is not to be released by the wait before.
        self.0.retain(|(other, _)| *other != partition);
        let wait = async { _ = tokio::time::timeout(LOOK, ready).await };
        self.0.push((partition, Mutex::new(Box::pin(wait))));
    }

    /// Releases the partitions that wait no longer, when there are some.
    pub(super) fn poll(&mut self, shared: &Shared, context: &mut Context<'_>) -> Poll<()> {
        let is_over = |(_, wait): &mut (Partition, Wait)| {
            let wait = wait.get_mut().unwrap_or_else(PoisonError::into_inner);
            wait.as_mut().poll(context).is_ready()
        };
        let over: Vec<_> = self.0.extract_if(.., is_over).map(|(partition, _)| partition).collect();
        if over.is_empty() {
            return Poll::Pending;
        }
        let mut state = shared.lock();
        for partition in over {
            state.session.release_withheld(partition);
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(partition, _)| partition)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn a_partition_waits_once() {
        let mut withheld = Withheld::default();
        withheld.begin(0, pending());
        withheld.begin(1, pending());
        // It was lost, and is ours again.
        withheld.begin(0, ready(()));
        assert_eq!(format!("{withheld:?}"), "[1, 0]");
    }
}
