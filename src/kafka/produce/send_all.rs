//! Many events at once.
#![cfg_attr(not(feature = "avro"), allow(clippy::clone_on_copy, reason = "errors of codecs are no such type"))]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;

use super::client::Client;
use super::encoding::{Encoding, NoWriter, Writer};
use super::many::Many;
use super::outgoing;
use super::queue::Queue;
use super::report::{Pending, Recipient};
use super::sent::Sent;
use super::stamp::{Source, Stamp};
use super::topic::{To, Topic};
use crate::kafka::client::native::{Message, Outbound};
use crate::kafka::error::{SendError, SendErrorKind};
use crate::kafka::telemetry::Sending;
use crate::{Envelope, EventSchema};

/// How many events pass the gate together: others pass in between.
const CHUNK: usize = 512;

pub(super) async fn send<E: EventSchema + 'static>(
    queue: &Queue,
    source: Option<&Arc<Source>>,
    encoding: &Encoding,
    topic: Option<&str>,
    events: &[E],
) -> Vec<Result<Sent, SendError>> {
    let many = Many::new(events.len());
    let sending = Sending::many(topic.or_else(|| E::descriptor().topic()), events.len());
    let is_traced = sending.is_traced();
    let mut stamp: Option<Arc<Stamp>> = None;
    let mut value = Vec::new();
    // Where each event went, or why it did not; and by which client each chunk.
    let mut starts: Vec<Result<Topic, SendError>> = Vec::with_capacity(events.len());
    let mut clients: Vec<Arc<Client>> = Vec::with_capacity(events.len().div_ceil(CHUNK));
    for events in events.chunks(CHUNK) {
        // Others are not to wait at the gate for an id, nor is each event to ask for it in vain.
        let mut writers: BTreeMap<&str, Result<Writer<'_, E>, NoWriter>> = BTreeMap::new();
        if encoding.asks_by_topic() {
            for to in events.iter().filter_map(|event| To::of(event, topic).ok()) {
                if let Entry::Vacant(entry) = writers.entry(to.name()) {
                    entry.insert(encoding.writer(to.name()).await);
                }
            }
        }
        let mut gate = queue.pass().await;
        let client = queue.client();
        for event in events {
            let number = starts.len();
            value.clear();
            let start = async {
                let Ok(gate) = &mut gate else { return Err(SendErrorKind::Closed.into()) };
                let to = To::of(event, topic)?;
                let made;
                let writer = match writers.get(to.name()) {
                    Some(Ok(writer)) => writer,
                    Some(Err(error)) => return Err(error.clone().into()),
                    None => {
                        made = encoding.writer(to.name()).await?;
                        &made
                    }
                };
                let (name, topic) = gate.set(to, client.names())?;
                writer.dump_into(event, &mut value)?;
                let key = event.key();
                let (descriptor, described) = (event.described_by(), writer.described());
                if !is_traced && stamp.as_ref().is_none_or(|last| !last.is_for(descriptor, described)) {
                    stamp = source.map(|source| source.stamp(descriptor, described));
                }
                let headers = match (&stamp, source) {
                    (Some(stamp), _) => Some(stamp.headers()),
                    (None, Some(source)) => {
                        let envelope = sending.written(Cow::Owned(Envelope::new()));
                        let mut headers = Outbound::with_capacity(11);
                        outgoing::write(&mut headers, &envelope, Some(source.uri()), descriptor, described);
                        Some(headers)
                    }
                    (None, None) => described.schema_id.map(|_| {
                        let mut headers = Outbound::with_capacity(1);
                        described.write_schema_id(&mut headers);
                        headers
                    }),
                };
                let message = Message { key: key.as_deref(), value: Some(&value), headers, ..Message::default() };
                let recipient = Recipient::OneOf(Arc::clone(&many), number);
                let pending = Arc::new(Pending { recipient, stamp: stamp.clone() });
                many.open();
                if let Err(error) = queue.put(&client, name, message, pending).await {
                    many.close();
                    return Err(error);
                }
                Ok(topic)
            };
            let start = start.await.inspect_err(|error| {
                if let Ok(to) = To::of(event, topic) {
                    client.telemetry().refused(to.name(), error);
                }
            });
            starts.push(start);
        }
        clients.push(client);
    }
    many.wait().await;
    let reports = std::mem::take(&mut *many.reports());
    let outcomes = starts.into_iter().zip(reports).enumerate().map(|(number, (start, report))| {
        // All that went have been reported.
        clients[number / CHUNK].outcome(report.unwrap_or(Err((RDKafkaErrorCode::Unknown, false))), start?)
    });
    let outcomes: Vec<_> = outcomes.collect();
    if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
        sending.failed(error);
    }
    outcomes
}
