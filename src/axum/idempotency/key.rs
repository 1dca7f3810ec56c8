//! The key of a request, and its sender.

use std::fmt;
use std::sync::Arc;

use ::axum::http::HeaderMap;

/// The longest key.
const LONGEST: usize = 255;

/// The header of the IETF's draft `draft-ietf-httpapi-idempotency-key-header`.
const HEADER: &str = "idempotency-key";

/// The sender of a request, as the application knows it: the id of a customer or of another service, never something that
/// a sender chooses.
///
/// The application puts it into the request's extensions, in the layer that checks who the sender is. Each caller has
/// idempotency keys of its own. Requests without a `Caller` share one space of keys: then one client's key can meet
/// another's, unless all of them are random, as UUIDs are; and a client that guesses a key gets the answer to another.
///
/// ```
/// use event_schema::axum::Caller;
/// use event_schema::axum::axum08::extract::Request;
///
/// /// For `axum::middleware::map_request`.
/// async fn authenticate(mut request: Request) -> Request {
///     let customer = "customer-7"; // In a service: from a token that was checked.
///     request.extensions_mut().insert(Caller::new(customer));
///     request
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let request = authenticate(Request::default()).await;
/// # assert_eq!(request.extensions().get(), Some(&Caller::new("customer-7")));
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Caller(Arc<str>);

impl Caller {
    /// The caller with this id.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    pub(super) fn id(&self) -> &str {
        &self.0
    }
}

/// Without the id, which may be personal data.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

/// No key that can be read.
pub(super) struct NoKey;

/// The key of a request, if it has one: a string as structured fields write it (RFC 8941), or the same without quotes,
/// which many clients send.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, NoKey> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none()).ok_or(NoKey)?.trim();
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted).ok_or(NoKey)?,
        None => text.to_owned(),
    };
    let is_key = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_key { Ok(Some(key)) } else { Err(NoKey) }
}

/// The rest of a quoted string, without its escapes and its last quote.
fn unquoted(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return rest.as_str().is_empty().then_some(key),
            '\\' => key.push(rest.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
}
