//! The comparison of recorded contracts with those of today.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::deviation::{Change, Deviation, Found};
use super::error::CatalogError;
use super::exception::Exception;
use super::folder::{
    File, Form, Paths, Revision, State, events, files, list, main_path, read_exceptions, read_revisions,
};
use super::recorded::{Contract, Documents, policy_for};
use crate::contract::compat::{
    Compatibility, Direction, Finding, Policy, Report, SchemaError, Side, avro, check, diff, rule, token,
};

/// The exceptions of a version, and which of them cover a finding.
struct Exceptions {
    path: PathBuf,
    list: Vec<Exception>,
    used: Vec<bool>,
}

impl Exceptions {
    fn read(folder: &Path, event: &str, version: u32) -> Result<Self, CatalogError> {
        let (path, list) = read_exceptions(folder, event, version)?;
        Ok(Self { path, used: vec![false; list.len()], list })
    }

    /// The file, and whether it has exceptions.
    fn file(&self) -> (&Path, bool) {
        (&self.path, !self.list.is_empty())
    }

    fn cover(&mut self, finding: &Finding) -> bool {
        let mut covered = false;
        for (exception, used) in self.list.iter().zip(&mut self.used) {
            let covers = exception.covers(finding);
            *used |= covers;
            covered |= covers;
        }
        covered
    }

    fn deviations(&self) -> impl Iterator<Item = Deviation> {
        self.list.iter().zip(&self.used).filter_map(|(exception, used)| {
            if !exception.has_reason() {
                Some(Deviation::exception_without_reason(&self.path, exception))
            } else if !used {
                Some(Deviation::unused_exception(&self.path, exception))
            } else {
                None
            }
        })
    }
}

/// The deviations of all contracts, and of what is recorded beside them.
pub(super) fn deviations(contracts: &[Contract], folder: &Path) -> Result<Vec<Deviation>, CatalogError> {
    let mut found = Vec::new();
    for contract in contracts {
        found.extend(of_contract(contract, contracts, folder)?);
    }
    let names: BTreeSet<&str> = contracts.iter().map(|contract| contract.descriptor.name()).collect();
    let recorded = events(folder)?;
    for event in &recorded {
        for version in list(folder, event)?.into_keys() {
            let is_known = names.contains(event.as_str())
                && contracts.iter().any(|one| one.descriptor.name() == event && one.descriptor.version() == version);
            if is_known {
                continue;
            }
            let mut exceptions = Exceptions::read(folder, event, version)?;
            let finding = Finding::of_event(rule::VERSION_REMOVED, Direction::Backward, None, None);
            if !exceptions.cover(&finding) {
                found.push(Deviation::removed(event, version, &folder.join(event), finding, exceptions.file()));
            }
            found.extend(exceptions.deviations());
        }
    }
    Ok(found)
}

fn of_contract(contract: &Contract, all: &[Contract], folder: &Path) -> Result<Vec<Deviation>, CatalogError> {
    let mut deviations = Vec::new();
    refuse_unusable(contract)?;
    let revisions = read_revisions(contract, folder)?;
    for file in files(contract, folder) {
        match file.state()? {
            State::Current => {}
            State::Missing if file.path == main_path(contract, folder) => {
                let others = list(folder, contract.descriptor.name())?.contains_key(&contract.descriptor.version());
                deviations.push(Deviation::unrecorded(&file.path, others, &renamed(contract, all)));
            }
            State::Missing => deviations.push(Deviation::missing(&file.path)),
            State::Needless => deviations.push(Deviation::needless(&file.path)),
            State::Stale => {
                let lines = revisions.last().map(|last| lines(contract, last, &file, folder)).transpose()?;
                deviations.push(Deviation::stale(&file.path, contract, &lines.unwrap_or_default()));
            }
        }
    }
    for (place, reason) in &contract.bad_examples {
        deviations.push(Deviation::example(&main_path(contract, folder), place, reason));
    }
    let event = contract.descriptor;
    let mut exceptions = Exceptions::read(folder, event.name(), event.version())?;
    let mut found: Vec<Found> = Vec::new();
    for revision in &revisions {
        for (is_avro, finding) in incompatible(contract, revision)? {
            if exceptions.cover(&finding) {
                continue;
            }
            let files = &revision.paths;
            let file = if is_avro { &files.avro } else { &files.main };
            match found.iter_mut().find(|known| known.finding == finding) {
                Some(known) => known.files.push(file.clone()),
                None => found.push(Found { finding, is_avro, files: vec![file.clone()] }),
            }
        }
    }
    if !found.is_empty() {
        let newest = all.iter().map(|one| one.descriptor).filter(|one| one.name() == event.name());
        let newest = newest.map(|one| one.version()).max().filter(|newest| *newest > event.version());
        deviations.push(Deviation::incompatible(
            contract,
            &main_path(contract, folder),
            found,
            newest,
            exceptions.file(),
        ));
    }
    deviations.extend(exceptions.deviations());
    Ok(deviations)
}

/// A document of today that cannot be compared would be recorded, and fail all later checks.
fn refuse_unusable(contract: &Contract) -> Result<(), CatalogError> {
    let Documents { written, accepted, avro } = &contract.documents;
    let usable = |document: &Value| check(document, document, Compatibility::None, Policy::Exact).map(drop);
    written.iter().chain([accepted]).try_for_each(usable).map_err(|error| CatalogError::of_today(contract, error))?;
    avro.iter()
        .try_for_each(|schema| avro::check(schema, schema, Compatibility::None).map(drop))
        .map_err(|error| CatalogError::of_today(contract, error))
}

/// The incompatible changes between a recorded revision and today's contract, and whether each is one of the Avro schema.
fn incompatible(contract: &Contract, revision: &Revision) -> Result<Vec<(bool, Finding)>, CatalogError> {
    let (old, new) = (&revision.documents, &contract.documents);
    let Paths { written, accepted, avro, .. } = &revision.paths;
    let blamed = |path: &Path, error: SchemaError| blamed(contract, path, error);
    let compare = |path: &Path, old: &Value, new: &Value, mode, policy| {
        let report = check(old, new, mode, policy).map_err(|error| blamed(path, error));
        report.map(Report::into_findings)
    };
    let (backward, forward) = (Compatibility::Backward, Compatibility::Forward);
    let mut findings = Vec::new();
    // The messages that are stored or in flight.
    if let Some(old_written) = &old.written {
        findings = compare(written, old_written, &new.accepted, backward, policy_for(old_written))?;
    }
    // Readers have the earlier type, or what was recorded.
    if let (Some(old_written), Some(new_written)) = (&old.written, contract.written()) {
        let policy = policy_for(new_written);
        extend(&mut findings, compare(accepted, &old.accepted, new_written, forward, policy)?);
        extend(&mut findings, compare(written, old_written, new_written, forward, policy)?);
    }
    // Other programs may send what this service accepted. The document of the event's owner does not say what that was.
    let is_owners = contract.role.is_foreign() && accepted == written;
    if old.written.is_none() || contract.role.receives && !is_owners {
        let mut refused = compare(accepted, &old.accepted, &new.accepted, backward, Policy::Received)?;
        if contract.role.is_foreign() && old.written.is_some() {
            // The owner's document says which fields it sends, but not which it will.
            let known = compare(accepted, &old.accepted, &new.accepted, backward, Policy::Written)?;
            refused.retain(|finding| !known.iter().any(|known| known.is_like(finding)));
        }
        extend(&mut findings, refused);
    }
    if let (Some(old_written), Some(new_written)) = (&old.written, contract.written()) {
        findings.extend(moved(old_written, new_written));
    }
    let mut findings: Vec<(bool, Finding)> = findings.into_iter().map(|finding| (false, finding)).collect();
    // Other programs read what is sent now and was sent then.
    let has_readers = old.written.is_some() && contract.written().is_some();
    match (&old.avro, &new.avro) {
        (Some(old), Some(new)) => {
            let mode = if has_readers { Compatibility::Full } else { Compatibility::Backward };
            let is_owners = contract.role.is_foreign() && revision.has_written_avro;
            let meaning = if is_owners { avro::Meaning::MayBeAdded } else { avro::Meaning::Same };
            let report = avro::check_meaning(old, new, mode, meaning).map_err(|error| blamed(avro, error))?;
            findings.extend(report.into_findings().into_iter().map(|finding| (true, finding)));
        }
        (Some(_), None) if cfg!(feature = "avro") => {
            let reason = contract.no_avro.clone().map(Value::from);
            let finding = Finding::of_event(rule::AVRO_SCHEMA_REMOVED, Direction::Forward, None, reason);
            findings.push((true, finding));
        }
        _ => {}
    }
    Ok(findings)
}

/// Adds the findings that are not there yet.
fn extend(findings: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        if !findings.iter().any(|known| known.is_like(&finding)) {
            findings.push(finding);
        }
    }
}

fn blamed(contract: &Contract, path: &Path, error: SchemaError) -> CatalogError {
    match error.side() {
        Some(Side::New) => CatalogError::of_today(contract, error),
        _ => CatalogError::schema(path, error),
    }
}

/// The changes of the topic and of the key that are incompatible. Both may be added.
fn moved(old: &Value, new: &Value) -> impl Iterator<Item = Finding> {
    of_topic_and_key(old, new).filter(|finding| finding.before().is_some())
}

fn of_topic_and_key(old: &Value, new: &Value) -> impl Iterator<Item = Finding> {
    [("topic", rule::TOPIC_CHANGED), ("key", rule::KEY_CHANGED)].into_iter().filter_map(|(name, rule)| {
        let side = |document: &Value| document.get("x-event-schema")?.get(name).cloned();
        let (old, new) = (side(old), side(new));
        (old != new).then(|| Finding::of_event(rule, Direction::Forward, old, new))
    })
}

/// The fields that the version before has under other spellings of their names, such as `orderId` for `order_id`: the
/// attribute that chooses the spelling may have been forgotten.
fn renamed(contract: &Contract, all: &[Contract]) -> Vec<(String, String)> {
    let event = contract.descriptor;
    let earlier = all.iter().filter(|one| one.descriptor.name() == event.name());
    let earlier = earlier.filter(|one| one.descriptor.version() < event.version());
    let Some(before) = earlier.max_by_key(|one| one.descriptor.version()) else { return Vec::new() };
    let names = |contract: &Contract| {
        let fields = contract.documents.accepted.get("properties").and_then(Value::as_object);
        fields.map(|fields| fields.keys().cloned().collect::<BTreeSet<String>>()).unwrap_or_default()
    };
    let words = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let (before, now) = (names(before), names(contract));
    let pairs = before.difference(&now).filter_map(|before| {
        let now = now.iter().find(|now| words(now) == words(before))?;
        Some((before.clone(), now.clone()))
    });
    pairs.collect()
}

/// The changes of a recorded file, a line for each; of an Avro schema those that are incompatible, and other fields. A file
/// that differs has at least one.
fn lines(contract: &Contract, last: &Revision, file: &File<'_>, folder: &Path) -> Result<Vec<String>, CatalogError> {
    let changes = changes(contract, last, file, folder)?;
    let mut lines: Vec<String> = Vec::new();
    for line in changes.iter().map(Change::line) {
        // A change may break in both directions.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if let (Form::Avro, Some(old), Some(new)) = (file.form, &last.documents.avro, file.document) {
        let (old, new) = (avro::fields(old), avro::fields(new));
        let sides = [("added", new.difference(&old)), ("removed", old.difference(&new))];
        for (what, fields) in sides {
            let others = fields.filter(|field| !changes.iter().any(|change| change.finding().path() == **field));
            lines.extend(others.map(|field| format!("{field}: {what}, compatible")));
        }
    }
    if let (true, Some(new), Some(old)) = (lines.is_empty(), file.document, file.recorded()?) {
        differences(&old, new, "#", &mut lines);
    }
    if lines.is_empty() {
        lines.push("only the formatting: compatible".to_owned());
    }
    Ok(lines)
}

/// The places where two documents differ, a line for each.
fn differences(old: &Value, new: &Value, path: &str, lines: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let path = format!("{path}{}", token(name));
                match (old.get(name), new.get(name)) {
                    (Some(old), Some(new)) => differences(old, new, &path, lines),
                    (None, _) => lines.push(format!("{path}: added, compatible")),
                    (_, None) => lines.push(format!("{path}: removed, compatible")),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, &format!("{path}/{at}"), lines);
            }
        }
        _ if old == new => {}
        _ => lines.push(format!("{path}: changed, compatible")),
    }
}

/// The changes of a recorded file, compatible ones too.
pub(super) fn changes(
    contract: &Contract,
    last: &Revision,
    file: &File<'_>,
    folder: &Path,
) -> Result<Vec<Change>, CatalogError> {
    let event = contract.descriptor;
    let (_, exceptions) = read_exceptions(folder, event.name(), event.version())?;
    let mut breaking = incompatible(contract, last)?;
    breaking.retain(|(is_avro, _)| *is_avro == (file.form == Form::Avro));
    let change = |finding: Finding| {
        let is_accepted = exceptions.iter().any(|exception| exception.covers(&finding));
        Change::new(&file.path, finding, is_accepted)
    };
    let mut changes: Vec<Change> = Vec::new();
    let main = if contract.role.is_foreign() { Form::Accepted } else { Form::Written };
    if file.form == Form::Avro || file.form == main {
        changes.extend(breaking.iter().map(|(_, finding)| change(finding.clone())));
    }
    let is_recorded = file.document.is_some() || file.state()? == State::Needless;
    let sides = match file.form {
        Form::Written => last.documents.written.as_ref().zip(contract.written()),
        Form::Accepted if is_recorded => Some((&last.documents.accepted, &contract.documents.accepted)),
        Form::Accepted | Form::Avro | Form::OnceReceived => None,
    };
    if let Some((old, new)) = sides {
        if file.form == Form::Written {
            let added = of_topic_and_key(old, new).filter(|finding| finding.before().is_none());
            changes.extend(added.map(|finding| change(finding.without_break())));
        }
        let differ = |policy| diff(old, new, policy).map_err(|error| CatalogError::schema(&file.path, error));
        let is_other = |finding: &Finding| !breaking.iter().any(|(_, known)| known.path() == finding.path());
        let mut others = differ(Policy::Exact)?;
        others.retain(|finding| finding.direction() == Direction::Backward && is_other(finding));
        // A proof that the reader accepts all does not say what it accepts in addition.
        for finding in differ(Policy::Strict)? {
            let mut listed = breaking.iter().map(|(_, known)| known).chain(&others);
            if !listed.any(|known| overlap(known.path(), finding.path())) {
                others.push(finding);
            }
        }
        changes.extend(others.into_iter().map(|finding| change(finding.without_break())));
    }
    Ok(changes)
}

/// Whether one place is in the other, or the same.
fn overlap(one: &str, other: &str) -> bool {
    let is_in = |place: &str, whole: &str| {
        place.strip_prefix(whole).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
    };
    is_in(one, other) || is_in(other, one)
}

/// The part of a contract that a change is one of.
#[cfg(feature = "page")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The messages that one side writes and the other reads.
    Messages,
    Written,
    Accepted,
    Avro,
}

/// The changes from a recorded revision to a contract, compatible ones too. A change that both forms have is listed once,
/// except changes of `required`, which mean different things in the two forms.
#[cfg(feature = "page")]
pub(super) fn compare(contract: &Contract, last: &Revision) -> Result<Vec<(Part, Finding)>, CatalogError> {
    let part = |is_avro| if is_avro { Part::Avro } else { Part::Messages };
    let breaking = incompatible(contract, last)?.into_iter();
    let mut changes: Vec<(Part, Finding)> = breaking.map(|(is_avro, finding)| (part(is_avro), finding)).collect();
    let (old, new) = (&last.documents, &contract.documents);
    let written = old.written.as_ref().zip(contract.written()).map(|(old, new)| (Part::Written, old, new));
    for (part, old, new) in written.into_iter().chain([(Part::Accepted, &old.accepted, &new.accepted)]) {
        let all = diff(old, new, Policy::Exact).map_err(|error| blamed(contract, &last.paths.main, error))?;
        for finding in all {
            let is_read = part == Part::Accepted;
            let says_more = |(other, known): &(Part, Finding)| match known.path() == finding.path() {
                _ if *other == Part::Avro || is_of_event(known) => false,
                true if is_requirement(&finding) && *other == Part::Messages => {
                    (known.direction() == Direction::Backward) == is_read
                }
                true => !is_requirement(&finding) || *other == part,
                false => known.is_breaking() && is_within(&finding, known),
            };
            if finding.direction() == Direction::Backward && !changes.iter().any(says_more) {
                changes.push((part, finding.without_break()));
            }
        }
    }
    Ok(changes)
}

/// Whether a change is a part of another one: it is of the same value, and of a narrower place in its schema; or of variants,
/// one of which has no counterpart.
#[cfg(feature = "page")]
fn is_within(finding: &Finding, whole: &Finding) -> bool {
    let rest = finding.path().strip_prefix(whole.path()).and_then(|rest| rest.strip_prefix('/'));
    let is_word = [rule::TITLE_CHANGED, rule::DESCRIPTION_CHANGED, rule::DEFAULT_CHANGED].contains(&finding.rule());
    let is_inner = |token| {
        ["$defs", "additionalProperties", "items", "patternProperties", "prefixItems", "properties", "required"]
            .contains(&token)
    };
    let is_of_all = whole.rule() == rule::COMBINED_TYPE_SUBSCHEMAS_CHANGED;
    rest.is_some_and(|rest| !is_word && !rest.starts_with('$') && (is_of_all || !rest.split('/').any(is_inner)))
}

/// Whether a change is one of the event, and not of its messages.
#[cfg(feature = "page")]
pub(super) fn is_of_event(finding: &Finding) -> bool {
    [rule::TOPIC_CHANGED, rule::KEY_CHANGED, rule::AVRO_SCHEMA_REMOVED].contains(&finding.rule())
}

/// Whether a change is one of whether a field must be there.
#[cfg(feature = "page")]
pub(super) fn is_requirement(finding: &Finding) -> bool {
    [
        rule::REQUIRED_ATTRIBUTE_ADDED,
        rule::REQUIRED_ATTRIBUTE_REMOVED,
        rule::REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED,
        rule::REQUIRED_NAME_ADDED,
    ]
    .contains(&finding.rule())
}

/// The reason of the recorded exception that covers a change.
#[cfg(feature = "page")]
pub(super) fn reason_of(contract: &Contract, folder: &Path, finding: &Finding) -> Result<Option<String>, CatalogError> {
    let event = contract.descriptor;
    let (_, exceptions) = read_exceptions(folder, event.name(), event.version())?;
    Ok(exceptions.into_iter().find(|exception| exception.covers(finding)).map(|exception| exception.reason))
}

/// Whether two revisions differ in words only.
pub(super) fn means_the_same(last: &Revision, contract: &Contract) -> Result<bool, CatalogError> {
    let (old, new) = (&last.documents, &contract.documents);
    let same = |path: &Path, old: &Value, new: &Value| {
        let report = check(old, new, Compatibility::Full, Policy::Exact);
        report.map(|report| report.is_compatible()).map_err(|error| CatalogError::schema(path, error))
    };
    let same_avro = match (&old.avro, &new.avro) {
        (None, None) => true,
        (Some(old), Some(new)) => avro::without_docs(old) == avro::without_docs(new),
        _ => false,
    };
    let same_written = match (&old.written, contract.written()) {
        (Some(old), Some(new)) => {
            // Messages with fields of a hook are others.
            policy_for(old) == policy_for(new)
                && same(&last.paths.written, old, new)?
                && moved(old, new).next().is_none()
        }
        // The event is another program's, or was.
        _ => true,
    };
    Ok(same_avro && same_written && same(&last.paths.accepted, &old.accepted, &new.accepted)?)
}
