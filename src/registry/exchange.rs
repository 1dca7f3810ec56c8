//! A request and its answer: [`exchange`].

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;

use super::error::RegistryError;
use crate::error::with_causes;
use crate::load::json;

/// Far larger than any schema.
const LARGEST_BODY: usize = 16 << 20;

/// The answer of a server, whichever it is.
pub(super) struct Exchange {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) retry_after: Option<Duration>,
}

/// Sends a request and reads the whole answer.
pub(super) async fn exchange(request: RequestBuilder, name: &str) -> Result<Exchange, RegistryError> {
    let failed =
        |error: reqwest::Error| RegistryError::unreachable(format!("{name}: {}", with_causes(&error.without_url())));
    let mut response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(RegistryError::unreadable(name.to_owned(), "longer than 16 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    // The other form of the header, a date, is not read.
    let seconds = response.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    Ok(Exchange { status: response.status().as_u16(), body, retry_after: seconds.map(Duration::from_secs) })
}

/// Reads the body of an answer.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let text = str::from_utf8(body).map_err(|error| error.to_string())?;
    json::read_document(text).map_err(|error| error.to_string())
}

/// The URL without credentials and query.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}
