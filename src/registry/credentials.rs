//! Secrets that a registry knows the client by: [`Credentials`].

use std::time::Duration;

use reqwest::Url;

/// Has secrets: it is not to be shown.
pub(super) enum Credentials {
    None,
    /// The HTTP client takes them out of the URL.
    InUrl,
    Basic(String, String),
    Bearer(String),
    OAuth(OAuthClient),
}

/// OAuth's client credentials.
pub(super) struct OAuthClient {
    pub(super) endpoint: Url,
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) scope: Option<String>,
    /// How long before its end a token is renewed.
    pub(super) renewal: Duration,
}
