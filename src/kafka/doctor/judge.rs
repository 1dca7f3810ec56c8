//! Findings in the brokers' answers.

use std::collections::BTreeMap;

use rdkafka::error::RDKafkaErrorCode;

use super::ask::{AHEAD, Answers, Offsets, Partition};
use super::report::{Check, Report, Severity};
use super::settings::{Reset, Settings};
use crate::kafka::client::native::Rights;
use crate::kafka::config::TopicNames;

/// The settings of topics or of brokers, by their keys.
pub(super) type Values = BTreeMap<String, String>;

/// All that is known.
pub(super) struct Judge<'a> {
    pub(super) names: &'a TopicNames,
    pub(super) settings: &'a Settings,
    pub(super) answers: &'a Answers,
    /// The settings of each topic; none that the user may not read.
    pub(super) topics: &'a BTreeMap<String, Values>,
    /// The settings of a broker, if the user may read them.
    pub(super) broker: Option<&'a Values>,
    pub(super) report: &'a mut Report,
}

impl Judge<'_> {
    fn topic_place(&self, topic: &str) -> String {
        format!("topic `{}`", self.names.shown(topic))
    }

    fn value(&self, topic: &str, key: &str) -> Option<&str> {
        self.topics.get(topic)?.get(key).map(String::as_str)
    }

    fn number(&self, topic: &str, key: &str) -> Option<i64> {
        self.value(topic, key)?.parse().ok()
    }

    pub(super) fn group(&mut self, group: &str) {
        let place = format!("group `{group}`");
        let grant = "grant the user READ on the group";
        let described = match &self.answers.group {
            None => return,
            Some(Err(RDKafkaErrorCode::GroupAuthorizationFailed)) => {
                let problem = "the user may not read the group: consumers stop".to_owned();
                return self.report.error(Check::Rights, place, problem, grant);
            }
            // Nobody has used it yet.
            Some(Err(RDKafkaErrorCode::GroupIdNotFound)) => {
                let reason = "the group does not exist yet, so the brokers do not tell the user's rights to it";
                return self.report.not_checked(Check::Rights, place, reason);
            }
            Some(Err(code)) => {
                let reason = format!("the group is not described: {code}");
                self.report.not_checked(Check::Assignor, place.clone(), reason.clone());
                return self.report.not_checked(Check::Rights, place, reason);
            }
            Some(Ok(described)) => described,
        };
        match described.rights.may_read() {
            Some(true) => {}
            Some(false) => {
                let problem = "the user may not read the group: consumers stop".to_owned();
                self.report.error(Check::Rights, place.clone(), problem, grant);
            }
            None => self.report.not_checked(Check::Rights, place.clone(), "the brokers do not tell the user's rights"),
        }
        if described.members.is_empty() {
            return;
        }
        let mut clients: Vec<_> =
            described.members.iter().map(|(client, host)| format!("`{client}` at {host}")).collect();
        clients.sort_unstable();
        clients.dedup();
        let shown = clients.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if clients.len() > 3 { format!(" and {} more", clients.len() - 3) } else { String::new() };
        if described.is_classic != self.settings.is_classic() {
            let [theirs, ours] = [described.is_classic, self.settings.is_classic()]
                .map(|classic| if classic { "classic" } else { "consumer" });
            self.report.warning(
                Check::Assignor,
                place,
                format!(
                    "the members ({shown}{more}) have `group.protocol={theirs}`, and this configuration has `{ours}`: the \
                     brokers let both in only if `group.consumer.migration.policy` allows it"
                ),
                "set the same `group.protocol` for all members of the group",
            );
        } else if described.is_classic
            && !described.assignor.is_empty()
            && !self.settings.assignors().contains(&described.assignor.as_str())
        {
            let ours = self.settings.assignors().join("`, `");
            self.report.error(
                Check::Assignor,
                place,
                format!(
                    "the members ({shown}{more}) share their partitions by `{}`, and this configuration offers `{ours}`: \
                     a consumer cannot join, unless every member offers one of these as well",
                    described.assignor
                ),
                format!(
                    "set `partition.assignment.strategy={}`, or stop all members before one starts with another assignor",
                    described.assignor
                ),
            );
        }
    }

    /// The session timeout, within the limits of the brokers.
    pub(super) fn session(&mut self) {
        if !self.settings.is_classic() {
            return;
        }
        let Some(broker) = self.broker else {
            let reason = "the user may not read the settings of the brokers (DESCRIBE_CONFIGS on the cluster)";
            return self.report.not_checked(Check::Timeouts, "brokers", reason);
        };
        let session = self.settings.session_timeout();
        let limit = |key: &str| broker.get(key).and_then(|value| value.parse::<u64>().ok());
        let (least, most) = (limit("group.min.session.timeout.ms"), limit("group.max.session.timeout.ms"));
        if least.is_some_and(|least| session < least) || most.is_some_and(|most| session > most) {
            let range = format!("{} to {}", least.unwrap_or(0), most.unwrap_or(u64::MAX));
            self.report.error(
                Check::Timeouts,
                "configuration",
                format!(
                    "`session.timeout.ms` ({session}) is outside the brokers' range ({range}): no consumer may join"
                ),
                format!("set `session.timeout.ms` to {range}"),
            );
        }
    }

    /// Whether the topic is there, and the user has the right to it. Returns whether it is there.
    pub(super) fn exists(&mut self, topic: &str, check: Check, is_read: bool, without: &str) -> bool {
        let place = self.topic_place(topic);
        let right = if is_read { "READ" } else { "WRITE" };
        let described = match &self.answers.rights {
            Ok(topics) => topics.get(topic),
            Err(code) => {
                self.report.not_checked(Check::Rights, place.clone(), format!("the topic is not described: {code}"));
                None
            }
        };
        let may = |rights: &Rights| if is_read { rights.may_read() } else { rights.may_write() };
        match described {
            Some(Err(RDKafkaErrorCode::TopicAuthorizationFailed)) => {
                self.report.error(
                    Check::Rights,
                    place,
                    format!("the topic does not exist, or the user may not see it: {without}"),
                    format!("grant the user {right} on the topic, and create it if it is missing"),
                );
                return false;
            }
            Some(Ok(rights)) if may(rights) == Some(false) => self.report.error(
                Check::Rights,
                place.clone(),
                format!("the user does not have the right {right}: {without}"),
                format!("grant the user {right} on the topic"),
            ),
            Some(Ok(rights)) if may(rights).is_none() => {
                self.report.not_checked(Check::Rights, place.clone(), "the brokers do not tell the user's rights");
            }
            _ => {}
        }
        let is_there = self.answers.topics.get(topic).is_some_and(|partitions| !partitions.is_empty());
        let is_made =
            self.broker.and_then(|broker| broker.get("auto.create.topics.enable")).is_some_and(|on| on == "true");
        let create = "create the topic, for instance by `Topics::create`";
        match (is_there, is_made, is_read) {
            (true, ..) => {}
            (false, false, _) => {
                self.report.error(check, place, format!("the topic does not exist: {without}"), create);
            }
            (false, true, true) => self.report.error(
                check,
                place,
                format!(
                    "the topic does not exist: {without}, until the brokers create it for the first message \
                     (`auto.create.topics.enable=true`)"
                ),
                "check the spelling, and create the topic, for instance by `Topics::create`",
            ),
            (false, true, false) => self.report.warning(
                check,
                place,
                "the topic does not exist: the brokers create it for the first message \
                 (`auto.create.topics.enable=true`), with their own number of partitions, copies and retention"
                    .to_owned(),
                create,
            ),
        }
        is_there
    }

    /// The copies of the partitions. Dead letters are written with `acks=all`, whatever the configuration says.
    pub(super) fn replication(&mut self, topic: &str, is_dead: bool) {
        let Some(partitions) = self.answers.topics.get(topic) else { return };
        let place = self.topic_place(topic);
        let without: Vec<&Partition> = partitions.iter().filter(|partition| !partition.has_leader).collect();
        if !without.is_empty() {
            self.report.error(
                Check::Topic,
                place.clone(),
                format!("no leader for {}: nobody can read or write there", some(without.iter().map(|one| one.id))),
                "start the brokers that have copies of them",
            );
        }
        let Some(least) = self.number(topic, "min.insync.replicas").and_then(|least| usize::try_from(least).ok())
        else {
            let reason = "the user may not read the settings of the topic (DESCRIBE_CONFIGS)";
            return self.report.not_checked(Check::Replication, place, reason);
        };
        let weak = self.settings.weak_acks().filter(|_| !is_dead);
        // Only a write with `acks=all` asks for the copies.
        let (severity, others) = match weak {
            None => (Severity::Error, String::new()),
            Some(acks) => {
                (Severity::Warning, format!("; those of this configuration, with `acks={acks}`, are accepted"))
            }
        };
        let replicas = partitions.iter().map(|partition| partition.replicas).min().unwrap_or(0);
        let brokers = self.answers.brokers.len();
        let behind: Vec<&Partition> = partitions.iter().filter(|one| one.has_leader && one.in_sync < least).collect();
        if least > replicas {
            self.report.find(
                severity,
                Check::Replication,
                place.clone(),
                format!(
                    "`min.insync.replicas` ({least}) is more than the copies of a partition ({replicas}): no write with \
                     `acks=all` is ever accepted{others}"
                ),
                "lower `min.insync.replicas` of the topic below its replication factor, or add copies".to_owned(),
            );
        } else if !behind.is_empty() {
            self.report.find(
                severity,
                Check::Replication,
                place.clone(),
                format!(
                    "fewer copies in sync than `min.insync.replicas` ({least}) in {}: writes with `acks=all` are \
                     refused{others}",
                    some(behind.iter().map(|one| one.id))
                ),
                "start the brokers that have the other copies, or wait until these have caught up".to_owned(),
            );
        } else if replicas == 1 && brokers > 1 {
            self.report.warning(
                Check::Replication,
                place.clone(),
                format!("partitions have one copy on {brokers} brokers: if its broker is lost, so are the messages"),
                "raise the replication factor to 3, and `min.insync.replicas` to 2",
            );
        } else if least == replicas && replicas > 1 {
            self.report.warning(
                Check::Replication,
                place.clone(),
                format!(
                    "`min.insync.replicas` ({least}) is the number of copies: while one broker is away, all writes with \
                     `acks=all` are refused"
                ),
                "set `min.insync.replicas` to one less than the replication factor",
            );
        } else if least == 1 && replicas > 1 {
            self.report.warning(
                Check::Replication,
                place.clone(),
                format!(
                    "`min.insync.replicas` is 1 with {replicas} copies: `acks=all` may acknowledge a message that only \
                     the leader has, and it is lost with the leader"
                ),
                "set `min.insync.replicas` to one less than the replication factor",
            );
        }
        let problem = match weak {
            Some("0") => "`acks=0` waits for no broker: an event that is refused or lost counts as sent".to_owned(),
            Some(acks) if least > 1 => format!(
                "`acks={acks}` ignores the topic's `min.insync.replicas` ({least}): an acknowledged event is lost with \
                 the leader"
            ),
            Some(acks) if replicas > 1 => {
                format!("`acks={acks}` waits for the leader alone: an acknowledged event is lost with the leader")
            }
            // There is one copy.
            Some(_) | None => return,
        };
        let remedy = "remove `acks` from the configuration, or set it to `all`";
        self.report.warning(Check::Replication, place, problem, remedy);
    }

    /// The dead letter topic, against the topic whose messages it gets.
    pub(super) fn dead_letter(&mut self, origin: &str, dead: &str) {
        let place = self.topic_place(dead);
        let [Some(limit), Some(needed)] = [dead, origin].map(|topic| self.number(topic, "max.message.bytes")) else {
            let reason = "the user may not read the settings of both topics (DESCRIBE_CONFIGS)";
            return self.report.not_checked(Check::DeadLetter, place, reason);
        };
        let origin_name = self.names.shown(origin);
        if limit < needed {
            self.report.warning(
                Check::DeadLetter,
                place.clone(),
                format!(
                    "`max.message.bytes` ({limit}) is less than that of `{origin_name}` ({needed}): of a large message \
                     only a pointer is kept"
                ),
                format!("set `max.message.bytes` of the dead letter topic to at least {needed}"),
            );
        }
        // None is no limit.
        let retention = |topic| self.number(topic, "retention.ms").filter(|millis| *millis >= 0);
        if let Some(kept) = retention(dead)
            && retention(origin).is_none_or(|origin| kept < origin)
        {
            let origin_kept = retention(origin).map_or("for ever".to_owned(), |millis| format!("for {millis} ms"));
            self.report.warning(
                Check::DeadLetter,
                place.clone(),
                format!(
                    "`retention.ms` ({kept}) is shorter than that of `{origin_name}`, whose messages are kept \
                     {origin_kept}: dead letters are gone before their messages"
                ),
                "raise `retention.ms` of the dead letter topic to the time in which somebody looks at dead letters",
            );
        }
        if self.value(dead, "cleanup.policy").is_some_and(|policy| policy.contains("compact")) {
            self.report.warning(
                Check::DeadLetter,
                place,
                "`cleanup.policy` has `compact`: a dead letter replaces earlier ones with its key, and one without a key is \
                 refused"
                    .to_owned(),
                "set `cleanup.policy=delete` for the dead letter topic",
            );
        }
    }

    /// The committed offsets of a group, against the messages that are there.
    pub(super) fn offsets(&mut self, topic: &str, group: &str) {
        let place = format!("group `{group}`, topic `{}`", self.names.shown(topic));
        let offsets = match self.answers.offsets.get(topic) {
            Some(Ok(offsets)) => offsets,
            Some(Err(error)) => {
                let reason = format!("the offsets are not known: {error}");
                return self.report.not_checked(Check::OffsetReset, place, reason);
            }
            None => return,
        };
        let reset = self.settings.reset();
        let which = |wanted: &dyn Fn(&Offsets) -> bool| -> Vec<&Offsets> {
            offsets.iter().filter(|offsets| wanted(offsets)).collect()
        };
        let absent = which(&|one| one.committed.is_none());
        let missed: i64 = absent.iter().map(|one| one.end - one.first).sum();
        if !absent.is_empty() {
            let partitions = some(absent.iter().map(|one| one.partition));
            match reset {
                Reset::Stop => self.report.error(
                    Check::OffsetReset,
                    place.clone(),
                    format!("`auto.offset.reset=none`, and the group has committed nothing in {partitions}: consumers stop"),
                    "set `auto.offset.reset=earliest` or `latest` until the group has committed, or commit offsets for it",
                ),
                Reset::Latest if missed > 0 => self.report.warning(
                    Check::OffsetReset,
                    place.clone(),
                    format!(
                        "`auto.offset.reset=latest`, and the group has committed nothing in {partitions}: it never \
                         handles the {missed} messages there, nor those that arrive before its first commit"
                    ),
                    "set `auto.offset.reset=earliest`, unless old messages are to be skipped",
                ),
                _ => {}
            }
        }
        let deleted = which(&|one| one.committed.is_some_and(|committed| committed < one.first));
        if !deleted.is_empty() {
            let partitions = some(deleted.iter().map(|one| one.partition));
            let lost: i64 = deleted.iter().map(|one| one.first - one.committed.unwrap_or(one.first)).sum();
            let (severity, then) = match reset {
                Reset::Stop => (Severity::Error, "consumers stop, because `auto.offset.reset=none`"),
                Reset::Latest => {
                    (Severity::Error, "the group continues at the end and skips all messages that are there")
                }
                Reset::Earliest => (Severity::Warning, "the group continues with the first message that is there"),
            };
            self.report.find(
                severity,
                Check::OffsetReset,
                place.clone(),
                format!("up to {lost} messages of {partitions} were deleted before the group handled them; {then}"),
                "raise the retention of the topic above the longest time in which consumers may be away; with \
                 `auto.offset.reset=earliest` the group continues with the first message"
                    .to_owned(),
            );
        }
        let behind = which(&|one| one.committed.is_some_and(|committed| committed > one.end));
        if !behind.is_empty() {
            self.report.error(
                Check::OffsetReset,
                place,
                format!(
                    "the committed offsets of {} are beyond the end: the topic was created anew, or lost messages",
                    some(behind.iter().map(|one| one.partition))
                ),
                "commit the offsets at which the group is to continue, or use a new group",
            );
        }
    }

    /// The times of messages, against the clock of this machine.
    pub(super) fn clock(&mut self, topic: &str) {
        let Some(Ok(offsets)) = self.answers.offsets.get(topic) else { return };
        let ahead: Vec<i32> = offsets.iter().filter(|one| one.is_ahead).map(|one| one.partition).collect();
        if ahead.is_empty() {
            return;
        }
        let whose = match self.value(topic, "message.timestamp.type") {
            Some("LogAppendTime") => "a broker",
            _ => "a producer",
        };
        let place = self.topic_place(topic);
        self.report.warning(
            Check::Clock,
            place,
            format!(
                "the time of messages in {} is more than {} s ahead of this machine's clock: the clock of {whose} is fast, \
                 or this one is slow. Retention and starts by time are wrong by as much",
                some(ahead.into_iter()),
                AHEAD.as_secs()
            ),
            "synchronise the clocks of brokers, producers and this machine, for instance by NTP",
        );
    }
}

/// The numbers of partitions, or how many there are.
fn some(partitions: impl Iterator<Item = i32>) -> String {
    const SHOWN: usize = 5;
    let mut partitions: Vec<i32> = partitions.collect();
    partitions.sort_unstable();
    let shown: Vec<String> = partitions.iter().take(SHOWN).map(i32::to_string).collect();
    match partitions.len() {
        1 => format!("partition {}", shown.join("")),
        count if count <= SHOWN => format!("partitions {}", shown.join(", ")),
        count => format!("{count} partitions (such as {})", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::KafkaConfig;

    /// `acks`, whether it is a dead letter topic, `min.insync.replicas`, all copies and those in sync; the findings.
    type Case<'a> = (&'a str, bool, &'a str, (usize, usize), &'a [(Severity, &'a str)]);

    /// The findings of the copies of a topic with one partition.
    fn replication(acks: &str, is_dead: bool, least: &str, copies: (usize, usize)) -> Vec<(Severity, String)> {
        let config = KafkaConfig::new("x:1").set("acks", acks);
        let settings = Settings::new(config.rdkafka039_consumer().unwrap(), config.rdkafka039_producer().unwrap());
        let (replicas, in_sync) = copies;
        let answers = Answers {
            brokers: vec![0, 1, 2],
            topics: [("orders".to_owned(), vec![Partition { id: 0, has_leader: true, replicas, in_sync }])].into(),
            rights: Err(RDKafkaErrorCode::UnsupportedVersion),
            group: None,
            offsets: BTreeMap::new(),
        };
        let values = [("min.insync.replicas".to_owned(), least.to_owned())].into();
        let mut report = Report::default();
        let mut judge = Judge {
            names: &TopicNames::default(),
            settings: &settings,
            answers: &answers,
            topics: &[("orders".to_owned(), values)].into(),
            broker: None,
            report: &mut report,
        };
        judge.replication("orders", is_dead);
        report.findings().iter().map(|finding| (finding.severity(), finding.problem().to_owned())).collect()
    }

    #[test]
    fn acks_are_compared_with_the_copies() {
        use Severity::{Error, Warning};
        const REFUSED: &str = "fewer copies in sync";
        const IGNORES: &str = "`acks=1` ignores the topic's `min.insync.replicas` (2)";
        const NOBODY: &str = "`acks=0` waits for no broker";
        let cases: [Case<'_>; 13] = [
            ("all", false, "2", (3, 3), &[]),
            ("1", false, "2", (3, 3), &[(Warning, IGNORES)]),
            ("0", false, "2", (3, 3), &[(Warning, NOBODY)]),
            ("0", false, "1", (1, 1), &[(Warning, "partitions have one copy"), (Warning, NOBODY)]),
            ("1", false, "1", (1, 1), &[(Warning, "partitions have one copy")]),
            (
                "1",
                false,
                "1",
                (3, 3),
                &[(Warning, "`min.insync.replicas` is 1"), (Warning, "`acks=1` waits for the leader")],
            ),
            ("all", false, "2", (3, 1), &[(Error, REFUSED)]),
            ("1", false, "2", (3, 1), &[(Warning, REFUSED), (Warning, IGNORES)]),
            ("all", false, "2", (1, 1), &[(Error, "more than the copies")]),
            ("1", false, "2", (1, 1), &[(Warning, "more than the copies"), (Warning, IGNORES)]),
            // A dead letter is always on all copies.
            ("1", true, "2", (3, 3), &[]),
            ("0", true, "2", (3, 3), &[]),
            ("1", true, "2", (3, 1), &[(Error, REFUSED)]),
        ];
        for (acks, is_dead, least, copies, expected) in cases {
            let found = replication(acks, is_dead, least, copies);
            let is_same = |(found, expected): (&(Severity, String), &(Severity, &str))| {
                found.0 == expected.0 && found.1.contains(expected.1)
            };
            assert!(
                found.len() == expected.len() && found.iter().zip(expected).all(is_same),
                "{acks} {is_dead} {least} {copies:?}: {found:?}"
            );
        }
    }
}
