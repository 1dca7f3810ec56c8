//! The way from messages to events: [`Loader`].
#![cfg_attr(not(feature = "avro"), allow(clippy::unused_self, reason = "only codecs need them"))]

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "avro")]
use std::time::SystemTime;

#[cfg(feature = "avro")]
use super::lookups::Lookups;
use super::raw::Raw;
use super::received::{Body, Rejection};
#[cfg(feature = "avro")]
use crate::event::other_event;
use crate::format::cloudevents::{CloudEvent, Data, Mode};
use crate::format::framing::SchemaId;
use crate::kafka::context::RuleContext;
#[cfg(feature = "avro")]
use crate::kafka::message::Origin;
use crate::{Envelope, EventSchema, LoadError, LoadOptions};
#[cfg(feature = "avro")]
use crate::{
    format::framing::{KEY_SCHEMA_ID, VALUE_SCHEMA_ID},
    format::{Codec, CodecError, Decoder, Missing, Reader, Unread},
};

/// Loads the events of messages: with a context for their rules and, if one was chosen, with a codec.
pub(crate) struct Loader<E> {
    context: RuleContext,
    /// Messages without a version are of this one.
    untyped: Option<u32>,
    /// Without one, values are JSON.
    #[cfg(feature = "avro")]
    decoder: Option<Arc<Decoder<E>>>,
    /// The decoder of the keys, if it may have to wait for schemas.
    #[cfg(feature = "avro")]
    keys: Option<Arc<dyn Keys>>,
    #[cfg(feature = "avro")]
    lookups: Lookups,
    event: PhantomData<fn() -> E>,
}

/// The decoder of the keys of messages.
#[cfg(feature = "avro")]
trait Keys: Send + Sync {
    /// The schema that is to be asked for before the key is loaded.
    fn missing(&self, raw: &Raw) -> Option<Missing>;
}

#[cfg(feature = "avro")]
impl<K: EventSchema> Keys for Decoder<K> {
    fn missing(&self, raw: &Raw) -> Option<Missing> {
        Decoder::missing(self, raw.headers().get(KEY_SCHEMA_ID), None, raw.key()?)
    }
}

/// The time for which a receiver waits for a schema before it looks at the state of the consumer.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// Where a message was received.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "avro"), expect(dead_code, reason = "the codec asks for them"))]
pub(crate) struct At<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// The content of a message, and its envelope if that is part of the value.
pub(crate) type Loaded<E> = (Body<E>, Option<Box<Envelope>>);

/// A message cannot be loaded yet, and does not count as tried: its schema is to be looked up before.
#[cfg(feature = "avro")]
#[derive(Debug)]
pub(crate) struct NotYet {
    missing: Missing,
    /// The time when the message was written.
    written: Option<SystemTime>,
}

/// Without codecs there is no such message.
#[cfg(not(feature = "avro"))]
#[derive(Debug)]
pub(crate) enum NotYet {}

impl<E> Loader<E> {
    /// Without a context, and for JSON.
    pub(crate) fn new() -> Self {
        Self {
            context: RuleContext::default(),
            untyped: None,
            #[cfg(feature = "avro")]
            decoder: None,
            #[cfg(feature = "avro")]
            keys: None,
            #[cfg(feature = "avro")]
            lookups: Lookups::default(),
            event: PhantomData,
        }
    }

    pub(in crate::kafka) fn with_rules(self, rules: RuleContext) -> Self {
        Self { context: rules, ..self }
    }

    pub(super) fn set_context<T: Send + Sync + 'static>(&mut self, context: Arc<T>) {
        self.context.set_user(context);
    }

    pub(super) fn set_options(&mut self, options: LoadOptions<'static>) {
        self.context.set_options(options);
    }

    pub(super) fn set_untyped(&mut self, version: u32) {
        self.untyped = Some(version);
    }

    fn has_codec(&self) -> bool {
        #[cfg(feature = "avro")]
        let has_codec = self.decoder.is_some();
        #[cfg(not(feature = "avro"))]
        let has_codec = false;
        has_codec
    }
}

impl<E: EventSchema> Loader<E> {
    #[cfg(feature = "avro")]
    pub(super) fn set_codec(&mut self, codec: &Codec) -> Result<(), CodecError> {
        codec.check_for_values()?;
        self.decoder = Some(Arc::new(Decoder::new(codec)?));
        Ok(())
    }

    #[cfg(feature = "avro")]
    pub(super) fn set_keys<K: EventSchema + 'static>(&mut self, decoder: Arc<Decoder<K>>) {
        self.keys = if decoder.has_source() { Some(decoder) } else { None };
    }

    /// Whether the schema of the key is known.
    #[cfg(feature = "avro")]
    fn check_key(&self, raw: &Raw) -> Result<(), NotYet> {
        match self.keys.as_ref().and_then(|keys| keys.missing(raw)) {
            Some(missing) => Err(NotYet { missing, written: raw.timestamp() }),
            None => Ok(()),
        }
    }

    /// Waits until another attempt to load the message is worth while.
    #[cfg(feature = "avro")]
    pub(super) fn wait(&self, NotYet { missing, written }: &NotYet) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.lookups.end_of(missing, *written))
    }

    #[cfg(not(feature = "avro"))]
    pub(super) fn wait(&self, not_yet: &NotYet) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match *not_yet {}
    }

    /// Loads the event of a message, by its headers.
    pub(crate) fn load(&self, raw: &Raw, at: At<'_>) -> Result<Loaded<E>, NotYet> {
        #[cfg(feature = "avro")]
        let key = self.check_key(raw);
        let loaded = self.load_value(raw, at)?;
        // A message of another type may be passed over, and its key is not read then.
        #[cfg(feature = "avro")]
        if !matches!(&loaded.0, Body::Rejected(rejection) if rejection.error().is_other_event()) {
            key?;
        }
        Ok(loaded)
    }

    fn load_value(&self, raw: &Raw, at: At<'_>) -> Result<Loaded<E>, NotYet> {
        let Some(bytes) = raw.value() else { return Ok((Body::Tombstone, None)) };
        let body = |loaded: Result<E, Refused>| match loaded {
            Ok(event) => Body::Event(event),
            Err((error, schema_id)) => Body::Rejected(Rejection::new(bytes, error, schema_id, self.has_codec())),
        };
        let headers = raw.headers();
        Ok(match Mode::of(headers.iter()) {
            Mode::Structured => match CloudEvent::read(headers.iter(), Some(bytes)) {
                Ok(event) => {
                    let data = event.data().map_or(&[][..], Data::as_bytes);
                    let content_type = event.data_content_type().map(str::as_bytes);
                    let loaded = self.event(Some(event.event_type()), content_type, data, raw, at)?;
                    (body(loaded), Some(Box::new(Envelope::from(&event))))
                }
                Err(error) => (body(Err((error.into(), None))), None),
            },
            Mode::Binary => (body(self.event(event_type(raw), None, bytes, raw, at)?), None),
            _ => (body(self.event(None, None, bytes, raw, at)?), None),
        })
    }

    /// Whether a message can be loaded now.
    #[cfg_attr(not(feature = "avro"), allow(clippy::unnecessary_wraps, reason = "codecs have something to wait for"))]
    pub(super) fn check(&self, raw: &Raw, at: At<'_>) -> Result<(), NotYet> {
        #[cfg(feature = "avro")]
        if let Err(not_yet) = self.check_key(raw).and_then(|()| self.check_value(raw, at)) {
            let event = Self::structured(raw);
            let event_type = event.as_ref().map_or_else(|| event_type(raw), |event| Some(event.event_type()));
            // The data of another type are not read.
            if event_type.is_none_or(|event_type| matches!(Reader::of::<E>(event_type), Reader::Event)) {
                return Err(not_yet);
            }
        }
        let _ = (raw, at);
        Ok(())
    }

    #[cfg(feature = "avro")]
    fn check_value(&self, raw: &Raw, at: At<'_>) -> Result<(), NotYet> {
        if let (Some(decoder), Some(value)) = (&self.decoder, raw.value())
            && decoder.has_source()
        {
            let event = Self::structured(raw);
            let (content_type, data) = match &event {
                Some(event) => (event.data_content_type(), event.data().map_or(&[][..], Data::as_bytes)),
                None => (None, value),
            };
            let (decoder, id, content_type) = described(decoder, content_type.map(str::as_bytes), raw, at);
            if let Some(missing) = decoder.missing(id, content_type, data) {
                return Err(NotYet { missing, written: raw.timestamp() });
            }
        }
        Ok(())
    }

    /// The CloudEvent that is the value of a message.
    #[cfg(feature = "avro")]
    fn structured(raw: &Raw) -> Option<CloudEvent> {
        match Mode::of(raw.headers().iter()) {
            Mode::Structured => CloudEvent::read(raw.headers().iter(), raw.value()).ok(),
            _ => None,
        }
    }

    /// Loads the data of a message. Without a content type of their own, they have that of the message.
    #[cfg_attr(not(feature = "avro"), allow(unused_variables, clippy::unnecessary_wraps, reason = "codecs have them"))]
    fn event(
        &self,
        event_type: Option<&str>,
        content_type: Option<&[u8]>,
        data: &[u8],
        raw: &Raw,
        at: At<'_>,
    ) -> Result<Result<E, Refused>, NotYet> {
        let options = self.context.load_options();
        let untyped = self.untyped.filter(|_| !E::HAS_TYPES);
        let event_type = event_type.filter(|event_type| untyped.is_none() || *event_type != E::descriptor().name());
        let load_untyped = |text: &[u8], options: &LoadOptions<'_>| match untyped {
            Some(version) => options.load_from(version, text),
            None => E::load_untyped(text, options),
        };
        #[cfg(feature = "avro")]
        if let Some(decoder) = &self.decoder {
            let (decoder, id, content_type) = described(decoder, content_type, raw, at);
            let loaded = match decoder.payload(id, content_type, data) {
                Ok(payload) => payload.load(event_type, &options, load_untyped),
                Err(unread) => match (event_type.map(|event_type| (event_type, Reader::of::<E>(event_type))), unread) {
                    // The data of another type are not read, so nothing can be wrong with them.
                    (Some((event_type, Reader::None)), _) => Err(other_event::<E>(Some(event_type))),
                    (Some((event_type, Reader::Any)), _) => {
                        options.load_typed(event_type, decoder.data(id, content_type, data))
                    }
                    (_, Unread::Refused(error)) => Err(error),
                    (_, Unread::Missing(missing)) => return Err(NotYet { missing, written: raw.timestamp() }),
                },
            };
            return Ok(loaded.map_err(|error| (error, decoder.schema_id(id, content_type, data))));
        }
        let loaded = match event_type {
            Some(event_type) => options.load_typed(event_type, data),
            None => load_untyped(data, &options),
        };
        Ok(loaded.map_err(|error| (error, schema_id(data))))
    }
}

/// The type that the headers give a message.
fn event_type(raw: &Raw) -> Option<&str> {
    let event_type = raw.headers().get("ce_type").and_then(|name| str::from_utf8(name).ok());
    event_type.filter(|event_type| !event_type.is_empty())
}

/// An error, and the schema id of the message.
type Refused = (LoadError, Option<SchemaId>);

/// The schema id of a message that is read without a codec: JSON has none.
#[cold]
fn schema_id(message: &[u8]) -> Option<SchemaId> {
    SchemaId::split(message).ok()?.0
}

/// The decoder of a message, its header with the schema id, and its content type.
#[cfg(feature = "avro")]
fn described<'a, E: EventSchema>(
    decoder: &'a Decoder<E>,
    content_type: Option<&'a [u8]>,
    raw: &'a Raw,
    at: At<'_>,
) -> (&'a Decoder<E>, Option<&'a [u8]>, Option<&'a [u8]>) {
    let headers = raw.headers();
    let of_message = || {
        let is_content_type = |(name, _): &(&str, _)| name.eq_ignore_ascii_case("content-type");
        headers.iter().filter(is_content_type).last().and_then(|(_, value)| value)
    };
    let decoder = match Some(headers).filter(|_| decoder.has_cut_over()).map(Origin::read) {
        None => decoder,
        // A retry or a redriven dead letter has the bytes that it had in its first place.
        Some(Some(origin)) => decoder.at(origin.topic, origin.partition, origin.offset),
        Some(None) => decoder.at(at.topic, at.partition, at.offset),
    };
    (decoder, headers.get(VALUE_SCHEMA_ID), content_type.or_else(of_message))
}
