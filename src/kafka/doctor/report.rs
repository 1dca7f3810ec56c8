//! The result of an examination.

use std::fmt;

use serde::Serialize;

/// The subject of a [`Finding`]: which of the doctor's checks it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Check {
    /// Security protocol, credentials and certificates, against what the port of the broker accepts.
    Connection,
    /// The assignor and the protocol of the group's members.
    Assignor,
    /// The start of the group: committed offsets and `auto.offset.reset`.
    OffsetReset,
    /// The topic and its partitions exist and have leaders.
    Topic,
    /// The dead letter topic, compared with the topic whose messages it gets.
    DeadLetter,
    /// The rights of the user.
    Rights,
    /// Timeouts, compared with each other and with the brokers' limits.
    Timeouts,
    /// The times of messages, compared with the clock of this machine.
    Clock,
    /// Replication, `min.insync.replicas` and `acks`.
    Replication,
}

impl Check {
    fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Assignor => "assignor",
            Self::OffsetReset => "offset-reset",
            Self::Topic => "topic",
            Self::DeadLetter => "dead-letter",
            Self::Rights => "rights",
            Self::Timeouts => "timeouts",
            Self::Clock => "clock",
            Self::Replication => "replication",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// It works, but messages can be lost or skipped, or a single failure stops it.
    Warning,
    /// It does not work: a service with this configuration stops, or does not start.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A fault that the [`Doctor`](super::Doctor) found. It has names of topics, groups, hosts and settings, and the values of
/// settings that are no secrets; never a credential, a key or a value of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    severity: Severity,
    check: Check,
    place: String,
    problem: String,
    remedy: String,
}

impl Finding {
    /// How bad it is. For this and the following methods see the example of [`Doctor`](super::Doctor).
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The check that found it.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// The place of the fault, such as ``topic `orders` `` or `configuration`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The fault.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The way to mend it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

/// A question that could not be asked, or was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    check: Check,
    place: String,
    reason: String,
}

impl Unchecked {
    /// The check that is incomplete.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// The object that could not be examined, such as ``group `billing` ``.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The result of an examination: the findings, the worst first, and the questions without an answer. `Display` writes it for
/// people, `Serialize` for programs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    findings: Vec<Finding>,
    unchecked: Vec<Unchecked>,
}

impl Report {
    /// The faults, errors before warnings.
    ///
    /// See the example of [`Doctor`](super::Doctor).
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The questions that could not be asked, or were not answered, for instance because the user may not ask them.
    ///
    /// See the example of [`Doctor`](super::Doctor).
    #[must_use]
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }

    pub(super) fn error(&mut self, check: Check, place: impl Into<String>, problem: String, remedy: impl Into<String>) {
        self.find(Severity::Error, check, place.into(), problem, remedy.into());
    }

    pub(super) fn warning(
        &mut self,
        check: Check,
        place: impl Into<String>,
        problem: String,
        remedy: impl Into<String>,
    ) {
        self.find(Severity::Warning, check, place.into(), problem, remedy.into());
    }

    pub(super) fn find(&mut self, severity: Severity, check: Check, place: String, problem: String, remedy: String) {
        self.findings.push(Finding { severity, check, place, problem, remedy });
    }

    pub(super) fn not_checked(&mut self, check: Check, place: impl Into<String>, reason: impl Into<String>) {
        self.unchecked.push(Unchecked { check, place: place.into(), reason: reason.into() });
    }

    /// The worst first, otherwise in the order in which they were found.
    pub(super) fn sorted(mut self) -> Self {
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { severity, check, place, problem, remedy } in &self.findings {
            writeln!(f, "{severity} [{check}] {place}\n  {problem}\n  remedy: {remedy}")?;
        }
        for Unchecked { check, place, reason } in &self.unchecked {
            writeln!(f, "not checked [{check}] {place}\n  {reason}")?;
        }
        match self.findings.len() {
            0 => f.write_str("no findings")?,
            1 => f.write_str("1 finding")?,
            count => write!(f, "{count} findings")?,
        }
        match self.unchecked.len() {
            0 => Ok(()),
            1 => f.write_str(", 1 question not answered"),
            count => write!(f, ", {count} questions not answered"),
        }
    }
}
