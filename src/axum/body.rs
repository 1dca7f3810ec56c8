//! The body of a request: its type, its size, its event.

use ::axum::body::{Body, Bytes};
use ::axum::extract::{FromRequest, Request};
use ::axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use ::axum::http::{HeaderMap, StatusCode};
use http_body_util::Limited;
use mime::Mime;

use super::accept::Form;
use super::rejection::{EventRejection, Fault};
use crate::{EventSchema, LoadOptions};

/// A body that has arrived.
pub(super) struct JsonBody {
    pub(super) bytes: Bytes,
    options: LoadOptions<'static>,
    form: Form,
}

impl JsonBody {
    pub(super) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Self, EventRejection> {
        let form = Form::wanted(request.headers());
        let options = request.extensions().get().copied().unwrap_or_default();
        let bytes = bytes(request, &options, state).await.map_err(|fault| EventRejection::new(fault, form))?;
        Ok(Self { bytes, options, form })
    }

    pub(super) fn load<E: EventSchema>(&self) -> Result<E, EventRejection> {
        self.options.load(&self.bytes).map_err(|error| EventRejection::new(Fault::Load(error), self.form))
    }
}

async fn bytes<S: Send + Sync>(request: Request, options: &LoadOptions<'_>, state: &S) -> Result<Bytes, Fault> {
    let headers = request.headers();
    if !is_json(headers) {
        return Err(Fault::MediaType);
    }
    if headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Fault::Encoding);
    }
    // No more is kept than will be read. axum's own limit comes on top.
    let request = request.map(|body| Body::new(Limited::new(body, options.max_size)));
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        _ => Fault::Broken,
    })
}

/// Whether the one media type of the body is JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else { return false };
    let Some(one) = one.to_str().ok().and_then(|one| one.parse::<Mime>().ok()) else { return false };
    let is_vendors = one.subtype().as_str().starts_with("vnd.") && one.suffix() == Some(mime::JSON);
    let is_utf8 = |charset: mime::Name<'_>| charset.as_str().trim_matches('"').eq_ignore_ascii_case("utf-8");
    one.type_() == mime::APPLICATION
        && (one.essence_str() == mime::APPLICATION_JSON.essence_str() || is_vendors)
        && one.get_param(mime::CHARSET).is_none_or(is_utf8)
}
