//! The memory of requests and their answers.

use std::error::Error;

use super::answer::Answer;

/// The memory of [`Idempotency`](crate::axum::Idempotency): the requests that came with a key, and their answers.
///
/// [`RecentAnswers`](crate::axum::RecentAnswers) is in the memory of one process. A service of several processes, or one
/// that must not forget at a restart, has `StoredAnswers` of the module `outbox` (feature `sqlx08`) for PostgreSQL and
/// SQLite, or implements the trait with a table of another database: the id as its primary key, the fingerprint, the
/// answer, and a time at which the row expires. [`claim`](Self::claim) is then one `INSERT ... ON CONFLICT DO NOTHING` and,
/// if that inserted nothing, a `SELECT`; all three methods must be atomic.
///
/// A process can end between a claim and its answer. An implementation that outlives the process lets claims expire, after
/// a time in which every handler ends: an expired claim counts as [released](Self::release). If the first handler runs on
/// nevertheless, both send an event with the same id.
pub trait AnswerStore: Send + Sync + 'static {
    /// The error of a store that cannot be reached.
    type Error: Error + Send + Sync + 'static;

    /// Claims an id for a request. Of several claims at the same time only one is [`Claim::New`].
    fn claim(&self, id: &str, fingerprint: &[u8; 32]) -> impl Future<Output = Result<Claim, Self::Error>> + Send;

    /// Keeps the answer to the request that has claimed this id.
    fn answered(&self, id: &str, answer: Answer) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Ends the claim without an answer: the same request may claim the id again, and no other may.
    fn release(&self, id: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// The result of [`AnswerStore::claim`].
///
/// ```
/// use event_schema::axum::{AnswerStore, Claim, RecentAnswers};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let answers = RecentAnswers::new(1000, Duration::from_secs(3600));
/// assert!(matches!(answers.claim("id", &[1; 32]).await?, Claim::New));
/// assert!(matches!(answers.claim("id", &[1; 32]).await?, Claim::InProgress));
/// assert!(matches!(answers.claim("id", &[2; 32]).await?, Claim::OtherRequest));
/// answers.release("id").await?;
/// assert!(matches!(answers.claim("id", &[2; 32]).await?, Claim::OtherRequest));
/// assert!(matches!(answers.claim("id", &[1; 32]).await?, Claim::New));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Claim {
    /// The id was free, or released by the same request: the request is handled now.
    New,
    /// The same request is being handled.
    InProgress,
    /// The same request has this answer.
    Answered(Answer),
    /// The id belongs to a request with another fingerprint.
    OtherRequest,
}
