//! Requests whose rows, events and answers are committed together.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use ::axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::answer::Answer;
use super::request::Keyed;
use super::{Idempotency, answer_without_handler, may_change, run_to_end, unavailable};
use crate::axum::retry::{OutcomeUnknown, SOON, invite};
use crate::error::with_causes;
use crate::outbox::{Backend, Begun, Request, StoredAnswers, Tx};
use crate::{Envelope, EventSchema};

impl<DB: Backend> Idempotency<StoredAnswers<DB>> {
    /// Answers a request: by the handler, within a transaction, or as before. What the handler has written is committed
    /// together with its answer, so that a request with a key is handled once, also if processes are killed meanwhile. A
    /// request without a key is handled within a transaction, too.
    ///
    /// See the example of [`StoredAnswers`].
    ///
    /// | the answer of the handler | what it has written | the answer is kept |
    /// |---|---|---|
    /// | has a status below 400 | is committed | yes |
    /// | has a status of 500 or more, or is 408, 425 or 429 | is rolled back | no: the key is free |
    /// | has another status from 400 on | is rolled back | yes |
    /// | never comes, because it panics | is rolled back | no: the key is free |
    ///
    /// Instead of its answer, the client gets a 500 if a statement in the transaction has failed and the handler has not
    /// returned its error, and a 503 whose `outcome` is `unknown` if the database did not confirm the commit. With a key,
    /// that has a `Retry-After`: the same request finds out.
    ///
    /// The handler has a connection of the pool until the transaction ends. It waits for nothing but the database:
    /// [`Outbox::prepare`](crate::outbox::Outbox::prepare) asks a registry before.
    #[cfg_attr(docsrs, doc(cfg(feature = "sqlx08")))]
    pub async fn answer_in_transaction<E, H, F, R>(&self, request: Keyed<E>, handler: H) -> Response
    where
        E: EventSchema + Send + 'static,
        H: FnOnce(E, Envelope, Tx<DB>) -> F + Send + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let envelope = request.envelope(&self.source);
        let Keyed { event, key } = request;
        let key = key.map(|key| (key.id(&self.source, E::descriptor()), key.fingerprint));
        let store = Arc::clone(&self.store);
        run_to_end(async move {
            let begun = store.open(key.as_ref().map(|(id, fingerprint)| (&**id, fingerprint))).await;
            let request = match begun {
                Ok(Begun::Open(request)) => request,
                Ok(Begun::Claimed(claim)) => return by_claim(Ok(claim)),
                Err(error) => return by_claim(Err(error)),
            };
            let tx = request.lend();
            let answering = async { handler(event, envelope, tx).await.into_response() };
            match AssertUnwindSafe(answering).catch_unwind().await {
                Ok(response) => end(request, response, key.is_some()).await,
                Err(panic) => {
                    request.roll_back().await;
                    resume_unwind(panic)
                }
            }
        })
        .await
    }
}

/// The answer to a request that is not handled.
fn by_claim(claim: Result<super::Claim, crate::outbox::OutboxError>) -> Response {
    // A new one is open.
    answer_without_handler(claim).unwrap_or_else(|| unavailable("not_sent", "the request was not handled"))
}

async fn end<DB: Backend>(request: Request<'_, DB>, response: Response, has_key: bool) -> Response {
    let status = response.status();
    if may_change(status) {
        request.roll_back().await;
        let is_unknown = response.extensions().get::<OutcomeUnknown>().is_some();
        return if is_unknown && has_key { invite(response, SOON) } else { response };
    }
    let (response, answer) = Answer::of(response).await;
    let is_refusal = status.is_client_error();
    let ended = if is_refusal { request.refuse(&answer).await } else { request.commit(&answer).await };
    match ended {
        Ok(()) => response,
        // It has said no, and nothing is stored.
        Err(error) if is_refusal => {
            tracing::error!("an answer cannot be kept for its idempotency key: {}", with_causes(&error));
            response
        }
        Err(error) => {
            let is_unknown = error.is_unknown();
            let response = error.into_response();
            if is_unknown && has_key { invite(response, SOON) } else { response }
        }
    }
}
