//! The metrics of the relay that leads, by the facade of the crate `metrics`.

use metrics::{SharedString, Unit, describe_gauge, gauge};

use super::outbox::Lag;

const LEADS: &str = "event_schema_outbox_leads";
const UNSENT: &str = "event_schema_outbox_unsent_events";
const OLDEST: &str = "event_schema_outbox_oldest_seconds";
const PARKED: &str = "event_schema_outbox_parked_events";

/// The gauges of an outbox, until another relay leads: that one has them then.
pub(super) struct Gauges {
    source: SharedString,
}

impl Gauges {
    /// By the source of the producer's envelopes.
    pub(super) fn new(source: &str) -> Self {
        describe_gauge!(LEADS, "Whether a relay of this process leads");
        describe_gauge!(UNSENT, Unit::Count, "Committed events that the brokers have not acknowledged");
        describe_gauge!(OLDEST, Unit::Seconds, "Age of the oldest of these");
        describe_gauge!(PARKED, Unit::Count, "Events that the brokers will never accept");
        let gauges = Self { source: SharedString::from_owned(source.to_owned()) };
        // The database may be slow to say the rest.
        gauges.set(LEADS, 1.0);
        gauges
    }

    pub(super) fn publish(&self, lag: Lag) {
        self.set(LEADS, 1.0);
        self.set_lag(lag);
    }

    fn set_lag(&self, lag: Lag) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge need not be exact above 2^53")]
        let [unsent, parked] = [lag.unsent, lag.parked].map(|count| count as f64);
        let oldest = lag.oldest.unwrap_or_default().as_secs_f64();
        for (name, value) in [(UNSENT, unsent), (OLDEST, oldest), (PARKED, parked)] {
            self.set(name, value);
        }
    }

    fn set(&self, name: &'static str, value: f64) {
        gauge!(name, "source" => self.source.clone()).set(value);
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        self.set(LEADS, 0.0);
        self.set_lag(Lag { unsent: 0, oldest: None, parked: 0 });
    }
}
