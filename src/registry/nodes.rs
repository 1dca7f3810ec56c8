//! Requests to the nodes of a registry: [`Nodes`].

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, Proxy, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::Authority;
use super::error::{Answer, RegistryError};
use super::exchange::{Exchange, exchange, read, shown};
use super::settings::{Backoff, Settings};
use crate::error::with_causes;

const JSON: HeaderValue = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");
const ANY_JSON: HeaderValue = HeaderValue::from_static("application/vnd.schemaregistry.v1+json, application/json");

/// The nodes of a registry. One is asked, and the others when it fails or when its answer is not that of a registry.
pub(super) struct Nodes {
    client: Client,
    urls: Vec<Url>,
    /// The node whose registry answered last.
    first: AtomicUsize,
    authority: Authority,
    backoff: Backoff,
}

/// A request to whichever node.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Value>,
}

impl<'a> Request<'a> {
    pub(super) fn get(path: &'a [&'a str]) -> Self {
        Self { method: Method::GET, path, query: &[], body: None }
    }

    pub(super) fn post(path: &'a [&'a str], body: Value) -> Self {
        Self { method: Method::POST, path, query: &[], body: Some(body) }
    }

    pub(super) fn put(path: &'a [&'a str], body: Value) -> Self {
        Self { method: Method::PUT, path, query: &[], body: Some(body) }
    }

    pub(super) fn query(self, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    /// Its name in errors.
    pub(super) fn name(&self) -> String {
        format!("{} /{}", self.method, self.path.join("/"))
    }

    fn url(&self, node: &Url) -> Url {
        let mut url = node.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.query);
        }
        url
    }
}

/// How a registry says what is wrong.
#[derive(Deserialize)]
struct Complaint {
    error_code: u32,
    message: Option<String>,
}

impl Nodes {
    /// The text of an error has no secrets.
    pub(super) fn new(settings: Settings) -> Result<Self, String> {
        let mut builder = Client::builder()
            .user_agent(concat!("event-schema/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout);
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|_| "`proxy.host`: not a host".to_owned())?);
        }
        let client = settings.tls.apply(builder)?.build().map_err(|error| with_causes(&error.without_url()))?;
        Ok(Self {
            client,
            urls: settings.urls,
            first: AtomicUsize::new(0),
            authority: Authority::new(settings.credentials, settings.cluster, settings.pool),
            backoff: settings.backoff,
        })
    }

    /// Asks until there is an answer that stands, as often as configured.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, RegistryError> {
        let longest = self.backoff.longest;
        let waits = waits(self.backoff).with_max_times(self.backoff.retries);
        (|| self.ask_once(request))
            .retry(waits)
            .when(RegistryError::is_transient)
            .adjust(|error, wait| {
                wait.map(|wait| error.retry_after().unwrap_or_default().clamp(wait, longest.max(wait)))
            })
            .notify(|error, wait| tracing::warn!("{error}; asked again in {wait:?}"))
            .await
    }

    /// Asks each node at most once.
    async fn ask_once<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, RegistryError> {
        let first = self.first.load(Ordering::Relaxed);
        // A transient failure takes precedence: another attempt may reach the registry.
        let mut failure: Option<RegistryError> = None;
        for node in (0..self.urls.len()).map(|after| (first + after) % self.urls.len()) {
            match self.ask_node(&self.urls[node], request).await {
                Err(error) if error.is_transient() || error.is_foreign() => {
                    if failure.as_ref().is_none_or(|known| error.is_transient() && !known.is_transient()) {
                        failure = Some(error);
                    }
                }
                answer => {
                    self.first.store(node, Ordering::Relaxed);
                    return answer;
                }
            }
        }
        Err(failure.unwrap_or_else(|| RegistryError::config(vec!["`schema.registry.url` is missing".to_owned()])))
    }

    async fn ask_node<T: DeserializeOwned>(&self, node: &Url, request: &Request<'_>) -> Result<T, RegistryError> {
        let url = request.url(node);
        let name = format!("{} {}", request.method, shown(&url));
        let mut renewed = false;
        let exchanged = loop {
            let mut built = self.client.request(request.method.clone(), url.clone()).header(ACCEPT, ANY_JSON);
            if let Some(body) = &request.body {
                built = built.header(CONTENT_TYPE, JSON).body(body.to_string());
            }
            let (signed, token) = self.authority.sign(&self.client, built).await?;
            let exchanged = exchange(signed, &name).await?;
            // A token may have been withdrawn. The refusal of a new one stands.
            match token {
                Some(token) if exchanged.status == 401 && !renewed => self.authority.renew(&token).await,
                _ => break exchanged,
            }
            renewed = true;
        };
        let Exchange { status, body, retry_after } = exchanged;
        if (200..300).contains(&status) {
            return read(&body).map_err(|error| RegistryError::unreadable(name, error));
        }
        let complaint = read::<Complaint>(&body).ok();
        let foreign = complaint.is_none();
        // Confluent's codes have five digits, and begin with the status; less says no more than that.
        let code = complaint.as_ref().map(|complaint| complaint.error_code).filter(|code| *code > 9999);
        let message = complaint.and_then(|complaint| complaint.message).map(shortened);
        Err(RegistryError::answer(Answer { request: name, status, code, message, retry_after, foreign }))
    }
}

fn waits(backoff: Backoff) -> ExponentialBuilder {
    ExponentialBuilder::new().with_min_delay(backoff.first).with_max_delay(backoff.longest).with_jitter()
}

fn shortened(mut text: String) -> String {
    const LONGEST: usize = 2000;
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.urls.iter().map(shown)).finish()
    }
}
