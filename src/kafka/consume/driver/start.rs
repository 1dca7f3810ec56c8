//! Makes a client, and a thread that polls it.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::BaseConsumer;
use tokio::sync::watch;

use super::super::core::Rules;
use super::super::raw::Packer;
use super::callbacks::Group;
use super::connection::Connection;
use super::member::Member;
use super::poll::Poller;
#[cfg(feature = "metrics024")]
use super::report::Report;
use super::shared::Shared;
use super::topics::Awaited;
use crate::kafka::client::Monitor;
use crate::kafka::error::ConnectError;
use crate::kafka::telemetry::Consumer;

/// Makes a client and a thread that polls it.
pub(crate) fn start(
    settings: &ClientConfig,
    rules: Rules,
    monitor: Arc<Monitor>,
    start_at: Option<SystemTime>,
    telemetry: Consumer,
) -> Result<(Member, Arc<Connection>), ConnectError> {
    let shared = Arc::new(Shared::new(rules, telemetry));
    shared.lock().session.set_revoke_timeout(revoke_timeout(settings));
    let group = Group {
        monitor,
        shared: Arc::clone(&shared),
        called: AtomicBool::new(false),
        resets: Mutex::default(),
        start_at,
    };
    let mut consumer = BaseConsumer::from_config_and_context(settings, group).map_err(ConnectError::creation)?;
    let woken = Arc::clone(&shared);
    consumer.set_nonempty_callback(move || woken.wake());
    let (sender, gone) = watch::channel(());
    let connection = Arc::new(Connection { consumer, _gone: sender });
    let poller = Poller {
        connection: Arc::clone(&connection),
        shared: Arc::clone(&shared),
        last: None,
        packer: Packer::default(),
        gaps: HashMap::new(),
        sought: HashMap::new(),
        ticked: Duration::ZERO,
        awaited: Awaited::default(),
        #[cfg(feature = "metrics024")]
        report: Report::default(),
        is_static: settings.get("group.instance.id").is_some_and(|id| !id.is_empty()),
        is_kip_848: settings.get("group.protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer")),
    };
    let member = Member { shared, gone, connection: Arc::downgrade(&connection) };
    let started = thread::Builder::new().name("event-schema poll".to_owned()).spawn(move || poller.run());
    match started {
        Ok(_) => Ok((member, connection)),
        Err(error) => Err(ConnectError::client(format!("no thread could be started to poll: {error}"))),
    }
}

/// The default time that a revoked partition waits for its records in hand. The other members of the group wait as
/// long.
pub(super) fn revoke_timeout(settings: &ClientConfig) -> Duration {
    const LONGEST: Duration = Duration::from_secs(10);
    let session = setting(settings, "session.timeout.ms", 45_000);
    LONGEST.min(session.min(longest_revoke(settings)) / 3)
}

/// The group gives up a member that takes longer than this.
pub(crate) fn longest_revoke(settings: &ClientConfig) -> Duration {
    setting(settings, "max.poll.interval.ms", 300_000)
}

/// A setting in milliseconds.
pub(super) fn setting(settings: &ClientConfig, key: &str, default: u64) -> Duration {
    Duration::from_millis(settings.get(key).and_then(|value| value.parse().ok()).unwrap_or(default))
}
