//! What the tests look at: a layer that keeps spans and lines, an exporter that keeps OpenTelemetry's spans, and a recorder
//! for Prometheus.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, Once, OnceLock};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// A span that is over.
#[derive(Debug, Clone)]
pub struct Span {
    pub name: &'static str,
    pub target: String,
    pub fields: BTreeMap<String, String>,
    /// The lines of the log inside it.
    pub lines: Vec<String>,
}

impl Span {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());
static EXPORTED: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();
static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Sets the subscriber and the recorder of the process.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let provider = SdkTracerProvider::builder().with_simple_exporter(Exporter).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("sight"));
        let _ = PROVIDER.set(provider);
        tracing::subscriber::set_global_default(Registry::default().with(layer).with(Keeper)).unwrap();
        let buckets = [0.001, 0.1, 10.0];
        let _ = PROMETHEUS.set(PrometheusBuilder::new().set_buckets(&buckets).unwrap().install_recorder().unwrap());
    });
}

/// The spans of a topic that are over.
pub fn spans(topic: &str) -> Vec<Span> {
    let is_of_topic = |span: &&Span| span.field("messaging.destination.name") == topic;
    SPANS.lock().unwrap().iter().filter(is_of_topic).cloned().collect()
}

/// All spans that are over.
pub fn all_spans() -> Vec<Span> {
    SPANS.lock().unwrap().clone()
}

/// The spans of this name that OpenTelemetry would have got: `process orders`.
pub fn exported(name: &str) -> Vec<SpanData> {
    EXPORTED.lock().unwrap().iter().filter(|span| span.name == name).cloned().collect()
}

/// The attribute of a span, as text.
pub fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| attribute.value.to_string())
}

/// The text that Prometheus gets.
pub fn rendered() -> String {
    PROMETHEUS.get().unwrap().render()
}

#[derive(Debug)]
struct Exporter;

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.lock().unwrap().append(&mut batch);
        Ok(())
    }
}

/// Keeps the spans and lines of the adapters and of these tests.
struct Keeper;

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keeper {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let target = metadata.target().to_owned();
        let span = Span { name: metadata.name(), target, fields: fields.0, lines: Vec::new() };
        context.span(id).unwrap().extensions_mut().insert(span);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        record.record(&mut fields);
        if let Some(span) = context.span(id).unwrap().extensions_mut().get_mut::<Span>() {
            span.fields.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(span) = span.extensions_mut().get_mut::<Span>() {
                span.lines.push(fields.0.get("message").cloned().unwrap_or_default());
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id).unwrap().extensions_mut().remove::<Span>() {
            SPANS.lock().unwrap().push(span);
        }
    }
}
