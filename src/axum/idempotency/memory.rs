//! The store in the memory of a process.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::store::{AnswerStore, Claim};

/// An [`AnswerStore`] in the memory of one process, with limits of number, size and time.
///
/// It forgets the oldest answers first. A request with a forgotten key is handled again, and its event has the same id as
/// before: consumers that deduplicate by id ignore it. With an outbox, the
#[cfg_attr(feature = "sqlx08", doc = "[`StoredAnswers`](crate::outbox::StoredAnswers)")]
#[cfg_attr(not(feature = "sqlx08"), doc = "`StoredAnswers`")]
/// of its database forget nothing before the time.
///
/// ```
/// use event_schema::axum::{Idempotency, RecentAnswers};
/// use std::time::Duration;
///
/// let a_day = Duration::from_secs(24 * 60 * 60);
/// let idempotency = Idempotency::new("/shop", RecentAnswers::new(10_000, a_day))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RecentAnswers {
    capacity: usize,
    max_size: usize,
    time: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: HashMap<Box<str>, Request>,
    /// The requests that have ended, in this order. One that was claimed again since is in it more than once.
    ended: VecDeque<(Instant, Box<str>)>,
    /// Bytes of the answers.
    size: usize,
}

struct Request {
    fingerprint: [u8; 32],
    stage: Stage,
}

enum Stage {
    Running,
    Ended { at: Instant, answer: Option<Answer> },
}

impl Stage {
    fn size(&self) -> usize {
        match self {
            Self::Ended { answer: Some(answer), .. } => answer.size(),
            _ => 0,
        }
    }
}

impl RecentAnswers {
    /// A store that keeps this many requests, and each for this time after its end. Requests that are being handled do
    /// not count, and are not forgotten.
    ///
    /// A request takes about 200 bytes and its answer, with up to 64 KiB of the answer's body. All answers together take at
    /// most 64 MiB, or what [`max_size`](Self::max_size) says.
    #[must_use]
    pub fn new(capacity: usize, time: Duration) -> Self {
        Self { capacity, max_size: 64 << 20, time, state: Mutex::default() }
    }

    /// The maximum size of the headers and bodies of all answers, in bytes. Default: 64 MiB.
    ///
    /// ```
    /// use event_schema::axum::RecentAnswers;
    /// use std::time::Duration;
    ///
    /// let answers = RecentAnswers::new(10_000, Duration::from_secs(60 * 60)).max_size(1 << 20);
    /// assert!(format!("{answers:?}").contains("1048576"));
    /// ```
    #[must_use]
    pub fn max_size(self, bytes: usize) -> Self {
        Self { max_size: bytes, ..self }
    }

    /// The requests that are not forgotten.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, _)) = state.ended.front()
            && (state.ended.len() > self.capacity || state.size > self.max_size || at.elapsed() >= self.time)
        {
            state.forget_first();
        }
        state
    }

    fn end(&self, id: &str, answer: Option<Answer>) -> Ready<Result<(), Infallible>> {
        let mut guard = self.state();
        let state = &mut *guard;
        if let Some(request) = state.requests.get_mut(id) {
            let at = Instant::now();
            state.size += answer.as_ref().map_or(0, Answer::size);
            let before = std::mem::replace(&mut request.stage, Stage::Ended { at, answer });
            state.size -= before.size();
            state.ended.push_back((at, id.into()));
        }
        ready(Ok(()))
    }
}

impl State {
    fn forget_first(&mut self) {
        let Some((first, id)) = self.ended.pop_front() else { return };
        let is_same = |request: &Request| matches!(request.stage, Stage::Ended { at, .. } if at == first);
        if self.requests.get(&id).is_some_and(is_same)
            && let Some(request) = self.requests.remove(&id)
        {
            self.size -= request.stage.size();
        }
    }
}

impl AnswerStore for RecentAnswers {
    type Error = Infallible;

    fn claim(&self, id: &str, fingerprint: &[u8; 32]) -> impl Future<Output = Result<Claim, Infallible>> + Send {
        let mut state = self.state();
        let claim = match state.requests.get_mut(id) {
            None => {
                let request = Request { fingerprint: *fingerprint, stage: Stage::Running };
                state.requests.insert(id.into(), request);
                Claim::New
            }
            Some(request) if request.fingerprint != *fingerprint => Claim::OtherRequest,
            Some(request) => match &request.stage {
                Stage::Running => Claim::InProgress,
                Stage::Ended { answer: Some(answer), .. } => Claim::Answered(answer.clone()),
                Stage::Ended { answer: None, .. } => {
                    request.stage = Stage::Running;
                    Claim::New
                }
            },
        };
        ready(Ok(claim))
    }

    fn answered(&self, id: &str, answer: Answer) -> impl Future<Output = Result<(), Infallible>> + Send {
        self.end(id, Some(answer))
    }

    fn release(&self, id: &str) -> impl Future<Output = Result<(), Infallible>> + Send {
        self.end(id, None)
    }
}

/// Without ids and answers.
impl fmt::Debug for RecentAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecentAnswers")
            .field("capacity", &self.capacity)
            .field("max_size", &self.max_size)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
