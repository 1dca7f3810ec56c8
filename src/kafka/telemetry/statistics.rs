//! librdkafka's own statistics, which it tells if `statistics.interval.ms` is set.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ::metrics::{SharedString, Unit, counter, describe_counter, describe_gauge, gauge};
use rdkafka::statistics::Window;

const REQUESTS: &str = "event_schema_librdkafka_requests_total";
const REQUEST_BYTES: &str = "event_schema_librdkafka_request_bytes_total";
const RESPONSES: &str = "event_schema_librdkafka_responses_total";
const RESPONSE_BYTES: &str = "event_schema_librdkafka_response_bytes_total";
const QUEUED: &str = "event_schema_librdkafka_queued_messages";
const QUEUED_BYTES: &str = "event_schema_librdkafka_queued_bytes";
const BROKER_UP: &str = "event_schema_librdkafka_broker_up";
const BROKER_TIMEOUTS: &str = "event_schema_librdkafka_broker_timeouts_total";
const BROKER_RTT: &str = "event_schema_librdkafka_broker_round_trip_seconds";
const BROKER_THROTTLE: &str = "event_schema_librdkafka_broker_throttle_seconds";

fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "Requests to brokers");
    describe_counter!(REQUEST_BYTES, Unit::Bytes, "Size of the requests to brokers");
    describe_counter!(RESPONSES, Unit::Count, "Responses of brokers");
    describe_counter!(RESPONSE_BYTES, Unit::Bytes, "Size of the responses of brokers");
    describe_gauge!(QUEUED, Unit::Count, "Messages in the queues of a producer's client");
    describe_gauge!(QUEUED_BYTES, Unit::Bytes, "Size of the messages in the queues of a producer's client");
    describe_gauge!(BROKER_UP, "Whether the client is connected to the broker");
    describe_counter!(BROKER_TIMEOUTS, Unit::Count, "Requests to the broker that timed out");
    describe_gauge!(BROKER_RTT, Unit::Seconds, "Time of the broker's answers since the last statistics");
    describe_gauge!(BROKER_THROTTLE, Unit::Seconds, "Throttle time of the broker since the last statistics");
}

/// The gauges of a client, which are zero when it ends: another client has another name.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    /// The name of the client, and the brokers that it knows, with whether they have ever answered.
    published: Mutex<Option<(String, BTreeMap<i32, bool>)>>,
}

impl Statistics {
    /// Publishes what librdkafka says.
    pub(crate) fn publish(&self, json: &[u8]) {
        #[expect(clippy::disallowed_methods, reason = "no number of librdkafka's has a fraction")]
        let statistics: rdkafka::Statistics = match serde_json::from_slice(json) {
            Ok(statistics) => statistics,
            Err(error) => {
                tracing::debug!("librdkafka's statistics are not as expected: {error}");
                return;
            }
        };
        describe();
        let client = SharedString::from_owned(statistics.name.clone());
        for (name, value) in [
            (REQUESTS, statistics.tx),
            (REQUEST_BYTES, statistics.tx_bytes),
            (RESPONSES, statistics.rx),
            (RESPONSE_BYTES, statistics.rx_bytes),
        ] {
            counter!(name, "client" => client.clone()).absolute(value.try_into().unwrap_or(0));
        }
        gauge!(QUEUED, "client" => client.clone()).set(float(statistics.msg_cnt));
        gauge!(QUEUED_BYTES, "client" => client.clone()).set(float(statistics.msg_size));
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, brokers) = published.get_or_insert_with(|| (statistics.name.clone(), BTreeMap::new()));
        for broker in statistics.brokers.values().filter(|broker| broker.nodeid >= 0) {
            let has_answered = brokers.entry(broker.nodeid).or_default();
            *has_answered |= broker.rtt.as_ref().is_some_and(|rtt| rtt.cnt > 0);
            let labels = labels(&client, broker.nodeid);
            gauge!(BROKER_UP, &labels).set(f64::from(broker.state == "UP"));
            counter!(BROKER_TIMEOUTS, &labels).absolute(broker.req_timeouts);
            for (name, window, unit) in [(BROKER_RTT, &broker.rtt, 1e6), (BROKER_THROTTLE, &broker.throttle, 1e3)] {
                // One that never answered has no times, which are not 0.
                if let Some(window) = window.as_ref().filter(|_| *has_answered) {
                    publish_window(name, window, unit, &labels);
                }
            }
        }
    }
}

impl Drop for Statistics {
    fn drop(&mut self) {
        let published = self.published.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some((client, brokers)) = published else { return };
        let client = SharedString::from_owned(client);
        for name in [QUEUED, QUEUED_BYTES] {
            gauge!(name, "client" => client.clone()).set(0.0);
        }
        for (broker, has_answered) in brokers {
            let labels = labels(&client, broker);
            gauge!(BROKER_UP, &labels).set(0.0);
            if has_answered {
                for name in [BROKER_RTT, BROKER_THROTTLE] {
                    publish_window(name, &Window::default(), 1.0, &labels);
                }
            }
        }
    }
}

fn labels(client: &SharedString, broker: i32) -> [(&'static str, SharedString); 2] {
    [("client", client.clone()), ("broker", SharedString::from_owned(broker.to_string()))]
}

/// A distribution, in this part of a second.
#[expect(clippy::cast_precision_loss, reason = "times need not be exact above 2^53")]
fn publish_window(name: &'static str, window: &Window, unit: f64, labels: &[(&'static str, SharedString)]) {
    for (quantile, value) in [("0.5", window.p50), ("0.99", window.p99), ("1", window.max)] {
        let mut labels = labels.to_vec();
        labels.push(("quantile", SharedString::const_str(quantile)));
        gauge!(name, &labels).set(value as f64 / unit);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge need not be exact above 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::Broker;

    use super::*;

    #[test]
    fn a_broker_that_never_answered_has_no_times() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let prometheus = recorder.handle();
        let broker = |nodeid, cnt| {
            let rtt = Window { cnt, p50: 2000 * cnt, ..Window::default() };
            let throttle = Window::default();
            Broker { nodeid, state: "UP".to_owned(), rtt: Some(rtt), throttle: Some(throttle), ..Broker::default() }
        };
        let told = |answers| {
            let brokers = [(1, answers), (2, 0)].map(|(node, answers)| (format!("b:{node}"), broker(node, answers)));
            let told = rdkafka::Statistics { brokers: brokers.into(), ..rdkafka::Statistics::default() };
            serde_json::to_vec(&told).unwrap()
        };
        let value = |name: &str, broker: u32| {
            let text = prometheus.render();
            let wanted = format!("broker=\"{broker}\"");
            let mut lines = text.lines().filter(|line| line.starts_with(name) && line.contains(&wanted));
            let line = lines.find(|line| name == BROKER_UP || line.contains("quantile=\"0.5\""))?;
            line.rsplit_once(' ')?.1.parse::<f64>().ok()
        };
        let values = |broker| [BROKER_UP, BROKER_RTT, BROKER_THROTTLE].map(|name| value(name, broker));
        ::metrics::with_local_recorder(&recorder, || {
            let statistics = Statistics::default();
            statistics.publish(&told(1));
            assert_eq!(values(1), [Some(1.0), Some(0.002), Some(0.0)]);
            assert_eq!(values(2), [Some(1.0), None, None]);
            // An interval without an answer.
            statistics.publish(&told(0));
            assert_eq!(values(1), [Some(1.0), Some(0.0), Some(0.0)]);
            statistics.publish(&told(1));
        });
        assert_eq!(values(1), [Some(0.0); 3]);
        assert_eq!(values(2), [Some(0.0), None, None]);
    }
}
