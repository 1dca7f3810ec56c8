//! A request that may come again.

use std::fmt;

use ::axum::extract::{FromRequest, OriginalUri, Request};

use super::key::{Caller, key};
use crate::axum::accept::Form;
use crate::axum::body::JsonBody;
use crate::axum::rejection::{EventRejection, Fault};
use crate::derived_id::{derived_id, digest};
use crate::{Descriptor, Envelope, EventSchema};

/// An event as the body of a request, with the header `Idempotency-Key`: an extractor, for
/// [`Idempotency::answer`](crate::axum::Idempotency::answer).
///
/// The header is optional. Its value is a string in quotes, as in the IETF's draft, or the same without quotes: 1 to 255
/// printable ASCII characters. Any other value is answered with 400.
pub struct Keyed<E> {
    pub(super) event: E,
    pub(super) key: Option<Key>,
}

/// The key of one caller, and the request to which it belongs.
pub(super) struct Key {
    caller: Option<Caller>,
    text: String,
    pub(super) fingerprint: [u8; 32],
}

impl<E: EventSchema> Keyed<E> {
    /// The event.
    ///
    /// See the example of [`envelope`](Self::envelope).
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// Whether the sender gave a key.
    ///
    /// See the example of [`envelope`](Self::envelope).
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The envelope of the event: with an id that is derived from the source, the event's type, the [`Caller`], the key and
    /// the request, so that each repetition of the request has the same; without a key, with a new id.
    ///
    /// [`Idempotency::answer`](crate::axum::Idempotency::answer) gives it to the handler. A service that recognises ids
    /// itself, for instance by a unique column, needs no more than this.
    ///
    /// ```
    /// use event_schema::axum::Keyed;
    /// use event_schema::axum::axum08::body::Body;
    /// use event_schema::axum::axum08::extract::{FromRequest, Request};
    ///
    /// #[event_schema::event(name = "order.requested")]
    /// struct OrderRequested { order_id: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let request = |key: &str| {
    ///     let request = Request::post("/orders").header("content-type", "application/json");
    ///     request.header("idempotency-key", key).body(Body::from(r#"{"order_id": "A-1"}"#)).unwrap()
    /// };
    /// let first = Keyed::<OrderRequested>::from_request(request(r#""k-1""#), &()).await?;
    /// assert!(first.has_key());
    /// assert_eq!(first.event().order_id, "A-1");
    /// let again = Keyed::<OrderRequested>::from_request(request("k-1"), &()).await?;
    /// assert_eq!(again.envelope("/shop").id(), first.envelope("/shop").id());
    /// let other = Keyed::<OrderRequested>::from_request(request("k-2"), &()).await?;
    /// assert_ne!(other.envelope("/shop").id(), first.envelope("/shop").id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn envelope(&self, source: &str) -> Envelope {
        let envelope = Envelope::new().with_source(source);
        match &self.key {
            Some(key) => envelope.with_id(key.event_id(source, self.event.described_by())),
            None => envelope,
        }
    }
}

impl Key {
    /// The id of the event. A key that is used for another request, when its answer has expired, stands for another event.
    fn event_id(&self, source: &str, descriptor: &Descriptor) -> String {
        derived_id(&[self.id(source, descriptor).as_bytes(), &self.fingerprint])
    }

    /// The id of the one request with an event of this type that this key stands for.
    pub(super) fn id(&self, source: &str, descriptor: &Descriptor) -> String {
        let event_type = descriptor.event_type();
        let parts = [source.as_bytes(), event_type.as_bytes(), self.text.as_bytes()];
        match &self.caller {
            Some(caller) => derived_id(&[&parts[..], &[caller.id().as_bytes()]].concat()),
            None => derived_id(&parts),
        }
    }
}

impl<E: EventSchema, S: Send + Sync> FromRequest<S> for Keyed<E> {
    type Rejection = EventRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, EventRejection> {
        let Ok(key) = key(request.headers()) else {
            return Err(EventRejection::new(Fault::Key, Form::Problem));
        };
        let caller = request.extensions().get().cloned();
        let method = request.method().clone();
        // Routers below others see the end of it only.
        let whole: Option<&OriginalUri> = request.extensions().get();
        let uri = whole.map_or(request.uri(), |uri| &uri.0);
        let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let body = JsonBody::read(request, state).await?;
        let event = body.load()?;
        let key = key.map(|text| {
            let fingerprint = digest(&[method.as_str().as_bytes(), path.as_bytes(), &body.bytes]);
            Key { caller, text, fingerprint }
        });
        Ok(Self { event, key })
    }
}

/// Without the event and the key, which may be personal data.
impl<E> fmt::Debug for Keyed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("has_key", &self.key.is_some()).finish_non_exhaustive()
    }
}
