//! Settings against each other.

use std::time::Duration;

use rdkafka::config::ClientConfig;

use super::report::{Check, Report};

/// The place of faults in settings.
const PLACE: &str = "configuration";

/// The settings of a service, with librdkafka's defaults.
pub(super) struct Settings {
    consumer: ClientConfig,
    producer: ClientConfig,
}

impl Settings {
    pub(super) fn new(consumer: ClientConfig, producer: ClientConfig) -> Self {
        Self { consumer, producer }
    }

    fn of_consumer(&self, key: &str, default: u64) -> u64 {
        number(&self.consumer, key).unwrap_or(default)
    }

    fn of_producer(&self, key: &str, default: u64) -> u64 {
        number(&self.producer, key).unwrap_or(default)
    }

    /// Whether the members of the group speak the classic protocol, in which they have their own session timeout.
    pub(super) fn is_classic(&self) -> bool {
        self.consumer.get("group.protocol") != Some("consumer")
    }

    /// The assignors that a member offers, as librdkafka calls them.
    pub(super) fn assignors(&self) -> Vec<&str> {
        let assignors = self.consumer.get("partition.assignment.strategy").unwrap_or("range,roundrobin");
        assignors.split(',').map(str::trim).collect()
    }

    pub(super) fn session_timeout(&self) -> u64 {
        self.of_consumer("session.timeout.ms", 45_000)
    }

    /// `auto.offset.reset`, reduced to its three meanings.
    pub(super) fn reset(&self) -> Reset {
        match self.consumer.get("auto.offset.reset") {
            Some("latest" | "largest" | "end") => Reset::Latest,
            Some("error") => Reset::Stop,
            _ => Reset::Earliest,
        }
    }

    /// `acks`, if not all replicas in sync must acknowledge a message.
    pub(super) fn weak_acks(&self) -> Option<&str> {
        self.producer.get("request.required.acks").filter(|acks| !matches!(*acks, "all" | "-1"))
    }

    pub(super) fn check(&self, handler_timeout: Option<Duration>, report: &mut Report) {
        let mut error = |problem, remedy: &str| report.error(Check::Timeouts, PLACE, problem, remedy);
        let poll = self.of_consumer("max.poll.interval.ms", 300_000);
        let session = self.session_timeout();
        let heartbeat = self.of_consumer("heartbeat.interval.ms", 3000);
        if self.is_classic() {
            if session > poll {
                error(
                    format!(
                        "`session.timeout.ms` ({session}) is longer than `max.poll.interval.ms` ({poll}): no consumer starts"
                    ),
                    "raise `max.poll.interval.ms` above `session.timeout.ms`",
                );
            }
            if heartbeat >= session {
                error(
                    format!(
                        "`heartbeat.interval.ms` ({heartbeat}) is not shorter than `session.timeout.ms` ({session}): the \
                         group removes members between two heartbeats"
                    ),
                    "set `heartbeat.interval.ms` to at most a third of `session.timeout.ms`",
                );
            }
        }
        let delivery = self.of_producer("message.timeout.ms", 300_000);
        let linger = self.of_producer("queue.buffering.max.ms", 5);
        let request = self.of_producer("request.timeout.ms", 30_000);
        // 0 is no limit.
        if delivery != 0 && delivery <= linger {
            error(
                format!(
                    "`delivery.timeout.ms` ({delivery}) is not longer than `linger.ms` ({linger}): no producer starts, and \
                     no consumer that writes dead letters"
                ),
                "raise `delivery.timeout.ms` to at least `linger.ms` + `request.timeout.ms`",
            );
        } else if delivery != 0 && delivery < linger + request {
            report.warning(
                Check::Timeouts,
                PLACE,
                format!(
                    "`delivery.timeout.ms` ({delivery}) is shorter than `linger.ms` + `request.timeout.ms` ({}): an event \
                     whose broker fails is given up before another attempt, and may be stored nevertheless",
                    linger + request
                ),
                "raise `delivery.timeout.ms` to at least `linger.ms` + `request.timeout.ms`",
            );
        }
        if self.is_classic() && heartbeat < session && heartbeat * 3 > session {
            report.warning(
                Check::Timeouts,
                PLACE,
                format!(
                    "`heartbeat.interval.ms` ({heartbeat}) is more than a third of `session.timeout.ms` ({session}): one \
                     heartbeat that is late can cost a member its place in the group"
                ),
                "set `heartbeat.interval.ms` to at most a third of `session.timeout.ms`",
            );
        }
        let millis = handler_timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        if let Some(handler) = millis.filter(|handler| *handler >= poll) {
            report.warning(
                Check::Timeouts,
                PLACE,
                format!(
                    "handlers may take {handler} ms, and `max.poll.interval.ms` is {poll}: a rebalance cannot wait for \
                     such a handler, and its message is handled twice"
                ),
                "raise `max.poll.interval.ms` above the handler timeout and set `Runner::revoke_timeout` between them, or \
                 shorten the handler timeout",
            );
        }
    }
}

/// The meaning of `auto.offset.reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    Earliest,
    Latest,
    /// The consumer stops with an error.
    Stop,
}

fn number(config: &ClientConfig, key: &str) -> Option<u64> {
    config.get(key)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::report::Severity;
    use super::*;
    use crate::kafka::KafkaConfig;

    fn findings(settings: &[(&str, &str)], handler: Option<Duration>) -> Vec<(Severity, String)> {
        let config = settings.iter().fold(KafkaConfig::new("x:1"), |config, (key, value)| config.set(*key, *value));
        let mut report = Report::default();
        let settings = Settings::new(config.rdkafka039_consumer().unwrap(), config.rdkafka039_producer().unwrap());
        settings.check(handler, &mut report);
        report.findings().iter().map(|finding| (finding.severity(), finding.problem().to_owned())).collect()
    }

    #[test]
    fn the_defaults_fit_together() {
        assert!(findings(&[], Some(Duration::from_secs(30))).is_empty());
        assert!(findings(&[("group.protocol", "consumer")], None).is_empty());
    }

    #[test]
    fn timeouts_are_compared_with_each_other() {
        for (settings, severity, names) in [
            (
                &[("session.timeout.ms", "60000"), ("max.poll.interval.ms", "50000")][..],
                Severity::Error,
                ["`session.timeout.ms` (60000)", "`max.poll.interval.ms` (50000)"],
            ),
            (
                &[("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "6000")],
                Severity::Error,
                ["`heartbeat.interval.ms` (6000)", "`session.timeout.ms` (6000)"],
            ),
            (
                &[("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "4000")],
                Severity::Warning,
                ["`heartbeat.interval.ms` (4000)", "`session.timeout.ms` (6000)"],
            ),
            (
                &[("delivery.timeout.ms", "5000"), ("linger.ms", "5000")],
                Severity::Error,
                ["`delivery.timeout.ms` (5000)", "`linger.ms` (5000)"],
            ),
            (
                &[("message.timeout.ms", "10000"), ("request.timeout.ms", "20000")],
                Severity::Warning,
                ["`delivery.timeout.ms` (10000)", "(20005)"],
            ),
        ] {
            let found = findings(settings, None);
            let [(found_severity, problem)] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!(*found_severity, severity);
            for name in names {
                assert!(problem.contains(name), "{problem}");
            }
        }
        let found = findings(&[("max.poll.interval.ms", "60000")], Some(Duration::from_secs(60)));
        assert!(found[0].1.contains("60000 ms"), "{found:?}");
    }

    #[test]
    fn the_newer_group_protocol_has_no_session_of_its_own() {
        let settings = [("group.protocol", "consumer"), ("session.timeout.ms", "900000")];
        assert!(findings(&settings, None).is_empty());
    }
}
