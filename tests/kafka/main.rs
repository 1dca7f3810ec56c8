//! The Kafka adapters: on the embedded broker, or on a real one if `EVENT_SCHEMA_TEST_KAFKA` names a
//! `client.properties` file.
#![cfg(feature = "kafka")]

mod app;
mod arguments;
mod batch;
mod broker;
mod close;
mod cloudevents;
mod cluster;
mod codec;
mod commit;
mod common;
mod connect;
mod context;
mod control;
mod credential;
mod dead_letter;
mod doctor;
mod envelope;
mod group;
mod groups;
mod keys;
mod kit;
mod languages;
mod names;
#[cfg(feature = "kafka-oidc")]
mod oidc;
mod order;
mod outage;
mod poison;
mod produce;
mod received;
mod redrive;
mod refused;
mod registry;
mod rights;
mod run;
mod selection;
mod spring;
mod trouble;
