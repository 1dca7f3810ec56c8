//! The client's credentials in its requests: [`Authority`].

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::credentials::{Credentials, OAuthClient};
use super::error::{Answer, RegistryError};
use super::exchange::{Exchange, exchange, read, shown};

/// Credentials, with the token that was issued for them.
pub(super) struct Authority {
    credentials: Credentials,
    /// Confluent Cloud wants to know them with a token.
    cluster: Option<String>,
    pool: Option<String>,
    /// Held while a token is asked for: the others wait for the same one.
    token: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    until: Instant,
}

/// Longer than a process runs, and within the range of any clock.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    /// A number of seconds, which some issuers write as text.
    expires_in: Option<Value>,
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Authority {
    pub(super) fn new(credentials: Credentials, cluster: Option<String>, pool: Option<String>) -> Self {
        Self { credentials, cluster, pool, token: Mutex::default() }
    }

    /// Adds the headers that say who asks. With the token, if it is one that can be renewed.
    pub(super) async fn sign(
        &self,
        client: &Client,
        request: RequestBuilder,
    ) -> Result<(RequestBuilder, Option<String>), RegistryError> {
        let (request, token) = match &self.credentials {
            Credentials::None | Credentials::InUrl => return Ok((request, None)),
            Credentials::Basic(user, password) => return Ok((request.basic_auth(user, Some(password)), None)),
            Credentials::Bearer(token) => (request.bearer_auth(token), None),
            Credentials::OAuth(oauth) => {
                let token = self.token(client, oauth).await?;
                (request.bearer_auth(&token), Some(token))
            }
        };
        let headers = [("target-sr-cluster", &self.cluster), ("Confluent-Identity-Pool-Id", &self.pool)];
        let given = headers.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        Ok((given.fold(request, |request, (name, value)| request.header(name, value)), token))
    }

    /// Forgets a token that was refused, unless another request has already replaced it.
    pub(super) async fn renew(&self, refused: &str) {
        let mut kept = self.token.lock().await;
        if kept.as_ref().is_some_and(|token| token.text == refused) {
            *kept = None;
        }
    }

    async fn token(&self, client: &Client, oauth: &OAuthClient) -> Result<String, RegistryError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.until) {
            return Ok(token.text.clone());
        }
        *kept = None;
        let issued = issue(client, oauth).await?;
        let seconds =
            issued.expires_in.as_ref().and_then(|given| given.as_u64().or_else(|| given.as_str()?.parse().ok()));
        let lifetime = Duration::from_secs(seconds.unwrap_or(300));
        // A short life leaves a fifth of it for renewal.
        let usable = lifetime.saturating_sub(oauth.renewal.min(lifetime / 5));
        let now = Instant::now();
        // Some issuers write the largest number for a token without an end.
        let until = now.checked_add(usable).unwrap_or(now + FOREVER);
        let token = kept.insert(Token { text: issued.access_token, until });
        Ok(token.text.clone())
    }
}

async fn issue(client: &Client, oauth: &OAuthClient) -> Result<Issued, RegistryError> {
    let mut form = Url::parse("form:").map_err(|error| RegistryError::unreadable("form".to_owned(), error))?;
    {
        let mut pairs = form.query_pairs_mut();
        pairs.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &oauth.scope {
            pairs.append_pair("scope", scope);
        }
    }
    let request = client
        .post(oauth.endpoint.clone())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .basic_auth(&oauth.id, Some(&oauth.secret))
        .body(form.query().unwrap_or_default().to_owned());
    let name = format!("POST {}", shown(&oauth.endpoint));
    let Exchange { status, body, retry_after } = exchange(request, &name).await?;
    if status == 200 {
        // The text of the error would quote the token.
        return read(&body).map_err(|_| RegistryError::unreadable(name, "no token in it"));
    }
    let message = read::<Refused>(&body).ok().map(|refused| refused.error);
    // An issuer says 400 for unknown clients as well as for requests that are wrong.
    let status = if status == 400 { 401 } else { status };
    Err(RegistryError::answer(Answer { request: name, status, code: None, message, retry_after, foreign: false }))
}
