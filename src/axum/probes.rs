//! Probes and metrics of an app.

use std::fmt;
use std::sync::Arc;

use ::axum::Router;
use ::axum::http::StatusCode;
use ::axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::get;
use serde_json::{Value, json};

use crate::kafka::AppHandle;

type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The routes by which Kubernetes and Prometheus watch an [`App`](crate::kafka::App).
///
/// | path | status | body |
/// |---|---|---|
/// | `/livez` | 200 | `ok`: the process answers |
/// | `/readyz` | 200, or 503 while the app is not [ready](AppHandle::is_ready) | JSON: whether the app runs, and each of its consumers and producers by name with its own readiness |
/// | `/metrics`, if [`metrics`](Self::metrics) is set | 200 | the text of the function |
///
/// Liveness does not depend on brokers: to restart a service would not bring them back.
///
/// The routes tell the names of groups and topics. Serve them on a port of their own, which only the cluster reaches.
///
/// ```
/// use event_schema::axum::Probes;
/// use event_schema::axum::axum08::body::{Body, to_bytes};
/// use event_schema::axum::axum08::{Router, http::Request};
/// use event_schema::kafka::{App, EmbeddedKafka, EventProducer};
/// use event_schema::serde_json::{Value, json};
/// # use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?.with_source("/shop")?;
/// let app = App::new("shop").producer(&producer);
/// // With metrics-exporter-prometheus: `move || prometheus_handle.render()`.
/// let router: Router = Probes::new(app.handle()).metrics(|| "orders_total 7\n".to_owned()).router();
/// // In a service: `app.task("probes", async |closing| Ok(serve(listener, router, closing).await?)).run().await?`, with
/// // `event_schema::axum::serve`.
///
/// # let get = |path: &'static str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
/// // GET /readyz
/// let answer = get("/readyz").await?;
/// assert_eq!(answer.status(), 503);
/// let body: Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1000).await?)?;
/// assert_eq!(body, json!({"ready": false, "running": false, "parts": [{"name": "/shop", "ready": true}]}));
/// assert_eq!(get("/livez").await?.status(), 200);
/// assert_eq!(to_bytes(get("/metrics").await?.into_body(), 1000).await?, "orders_total 7\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is served but by `router`"]
pub struct Probes {
    app: AppHandle,
    metrics: Option<Metrics>,
    paths: Paths,
}

#[derive(Debug, Clone)]
struct Paths {
    live: String,
    ready: String,
    metrics: String,
}

impl Probes {
    /// The probes of this app, at the usual paths, without metrics.
    pub fn new(app: AppHandle) -> Self {
        let paths = Paths { live: "/livez".to_owned(), ready: "/readyz".to_owned(), metrics: "/metrics".to_owned() };
        Self { app, metrics: None, paths }
    }

    /// Adds the route for metrics. The function writes them in Prometheus' text format, as the handle of
    /// `metrics-exporter-prometheus` renders it; it is called for each request, and must not block.
    pub fn metrics(self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { metrics: Some(Arc::new(render)), ..self }
    }

    /// Sets other paths for liveness, readiness and metrics.
    ///
    /// ```
    /// use event_schema::axum::Probes;
    /// # use event_schema::axum::axum08::{Router, body::Body, http::Request};
    /// # use event_schema::kafka::App;
    /// # use tower::ServiceExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::new("shop");
    /// let probes = Probes::new(app.handle()).paths("/healthz", "/health/ready", "/prometheus");
    /// # let router: Router = probes.router();
    /// # let answer = router.oneshot(Request::get("/healthz").body(Body::empty())?).await?;
    /// # assert_eq!(answer.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn paths(self, live: &str, ready: &str, metrics: &str) -> Self {
        let paths = Paths { live: live.to_owned(), ready: ready.to_owned(), metrics: metrics.to_owned() };
        Self { paths, ..self }
    }

    /// The routes, to be served or to be merged with others.
    ///
    /// # Panics
    ///
    /// If a path does not begin with `/`, or if two are the same.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let Self { app, metrics, paths } = self;
        let router = Router::new()
            .route(&paths.live, get(async || answer(StatusCode::OK, "text/plain; charset=utf-8", "ok".to_owned())))
            .route(&paths.ready, get(async move || readiness(&app)));
        match metrics {
            Some(render) => router.route(
                &paths.metrics,
                get(async move || answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", render())),
            ),
            None => router,
        }
    }
}

fn readiness(app: &AppHandle) -> Response {
    let (running, parts) = (app.is_running(), app.parts());
    let ready = running && parts.iter().all(|(_, ready)| *ready);
    let parts: Value = parts.into_iter().map(|(name, ready)| json!({"name": name, "ready": ready})).collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({"ready": ready, "running": running, "parts": parts});
    answer(status, mime::APPLICATION_JSON.essence_str(), body.to_string())
}

/// One that is only true now.
fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response {
    (status, [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")], body).into_response()
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").field("app", &self.app).field("paths", &self.paths).finish_non_exhaustive()
    }
}
