//! The client that hosts an embedded broker.

use std::sync::{Arc, Weak};

use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::mocking::MockCluster;

use crate::kafka::error::{ConnectError, ConnectErrorKind};

/// An embedded cluster, for as long as it is there: what its configuration knows of it.
#[derive(Clone)]
pub(crate) struct Host(Weak<Client<DefaultClientContext>>);

impl Host {
    pub(crate) fn new(client: &Arc<Client<DefaultClientContext>>) -> Self {
        Self(Arc::downgrade(client))
    }

    pub(crate) fn create_topic(&self, name: &str, partitions: i32) -> Result<(), ConnectError> {
        match self.0.upgrade() {
            Some(client) => create_topic(&client, name, partitions),
            None => Err(ConnectError::client("the embedded broker was dropped".to_owned())),
        }
    }
}

pub(crate) fn create_topic(
    client: &Client<DefaultClientContext>,
    name: &str,
    partitions: i32,
) -> Result<(), ConnectError> {
    cluster(client).create_topic(name, partitions, 1).map_err(|error| {
        let reason = format!("topic `{name}` with {partitions} partitions: {error}");
        ConnectErrorKind::Client(reason).into()
    })
}

pub(crate) fn cluster(client: &Client<DefaultClientContext>) -> MockCluster<'_, DefaultClientContext> {
    client.mock_cluster().expect("the client was made with `test.mock.num.brokers`")
}
