//! The differences between recorded contracts and the current ones: [`Deviation`], [`Change`].

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::exception::{Exception, entry};
use super::recorded::Contract;
use crate::contract::compat::{Direction, Finding, Rule, rule};

/// How many changes of a file are listed.
const MAX_CHANGES: usize = 10;

/// A difference between a recorded contract and the current one, or a fault of what is recorded.
///
/// Its `Display` says how to mend it, with code to paste. See the example of [`Catalog::check`](super::Catalog::check).
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    kind: DeviationKind,
    path: PathBuf,
    text: String,
    findings: Vec<Finding>,
}

/// The kind of a [`Deviation`].
///
/// ```
/// use event_schema::contract::{Catalog, DeviationKind};
///
/// #[event_schema::event]
/// struct Ping { seq: u8 }
///
/// let deviations = Catalog::new("pings").sends::<Ping>().check("no such folder")?;
/// assert_eq!(deviations[0].kind(), DeviationKind::Missing);
/// # Ok::<(), event_schema::contract::CatalogError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviationKind {
    /// A current contract is not recorded.
    Missing,
    /// A recorded contract differs from the current one.
    Stale,
    /// A file is recorded that the current contract does not have.
    Needless,
    /// The current contract is incompatible with a recorded one.
    Incompatible,
    /// A version is recorded, and no type of the catalog has it.
    Removed,
    /// An example of the event or of one of its fields is not valid.
    Example,
    /// A recorded exception has no reason, or covers nothing.
    Exception,
}

/// An incompatible change, with the recorded files that it breaks with.
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) is_avro: bool,
    pub(super) files: Vec<PathBuf>,
}

impl Deviation {
    /// `changes` has a line for each.
    pub(super) fn stale(path: &Path, contract: &Contract, changes: &[String]) -> Self {
        let mut what = format!("differs from the type `{}`", contract.type_name());
        for change in changes.iter().take(MAX_CHANGES) {
            let _ = write!(what, "\n  {change}");
        }
        if changes.len() > MAX_CHANGES {
            let _ = write!(what, "\n  and {} more changes", changes.len() - MAX_CHANGES);
        }
        Self::file(DeviationKind::Stale, path, &what)
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::file(DeviationKind::Missing, path, "is missing")
    }

    /// The file by which the contract is known: without it, the check has nothing, or little, to compare with. `others` tells
    /// whether there are other files of its version; `renamed` has the fields whose names the version before spells otherwise.
    pub(super) fn unrecorded(path: &Path, others: bool, renamed: &[(String, String)]) -> Self {
        let others = if others { ", although other files of its version are there" } else { "" };
        let mut what = format!("is missing{others}: restore it if it was recorded before");
        for (before, now) in renamed.iter().take(MAX_CHANGES) {
            let _ = write!(what, "\n  the version before calls `{now}` `{before}`");
        }
        if !renamed.is_empty() {
            what += "\n  If that is not meant, add the `#[serde(rename_all = \"...\")]` of its type";
        }
        Self::file(DeviationKind::Missing, path, &what)
    }

    pub(super) fn needless(path: &Path) -> Self {
        Self::file(DeviationKind::Needless, path, "is not needed any more")
    }

    pub(super) fn unused_exception(path: &Path, exception: &Exception) -> Self {
        let Exception { rule, path: place, .. } = exception;
        let what = format!("contains an unused exception, {rule} at {place}: remove it");
        Self::file(DeviationKind::Exception, path, &what)
    }

    pub(super) fn exception_without_reason(path: &Path, exception: &Exception) -> Self {
        let Exception { rule, path: place, .. } = exception;
        let what = format!("contains an exception without a reason, {rule} at {place}: add the reason");
        Self::file(DeviationKind::Exception, path, &what)
    }

    pub(super) fn example(path: &Path, place: &str, reason: &str) -> Self {
        let what = format!("would contain an example that is not valid, {place}: {reason}");
        Self::file(DeviationKind::Example, path, &what)
    }

    fn file(kind: DeviationKind, path: &Path, what: &str) -> Self {
        Self { kind, path: path.to_owned(), text: format!("{} {what}", path.display()), findings: Vec::new() }
    }

    /// A version of an event that is recorded in a folder, and has no type.
    pub(super) fn removed(
        event: &str,
        version: u32,
        path: &Path,
        finding: Finding,
        (exceptions, has_exceptions): (&Path, bool),
    ) -> Self {
        let text = format!(
            "{path} contains version {version} of `{event}`, and no type of the catalog has it\n\n\
             Messages of this version that are stored or in flight cannot be loaded any more. Keep its type: name it in \
             `previous` of the next version, or add it with `sends` or `receives`. Another catalog's contracts belong \
             into a folder of their own.\n\n\
             If the version is retired, delete its files, or {}",
            to_record(vec![entry(&finding)], exceptions, has_exceptions),
            path = path.display(),
        );
        Self { kind: DeviationKind::Removed, path: path.to_owned(), text, findings: vec![finding] }
    }

    /// Today's contract is incompatible with what is recorded; `newest` is the newest version, if this one is older.
    pub(super) fn incompatible(
        contract: &Contract,
        path: &Path,
        found: Vec<Found>,
        newest: Option<u32>,
        (exceptions, has_exceptions): (&Path, bool),
    ) -> Self {
        let mut files: Vec<&PathBuf> = found.iter().flat_map(|found| &found.files).collect();
        files.sort_unstable();
        files.dedup();
        let of_kind = |is_avro| files.iter().filter(move |file| (file.extension() == Some("avsc".as_ref())) == is_avro);
        let mut text = format!(
            "`{}` version {} would break programs that exchange it: `{}` is incompatible with {}\n",
            contract.descriptor.name(),
            contract.descriptor.version(),
            contract.type_name(),
            list(files.iter().copied()),
        );
        let mut entries: Vec<Value> = Vec::new();
        for Found { finding, is_avro, files } in &found {
            let _ = write!(text, "\n{}{finding}\n", if *is_avro { "Avro schema: " } else { "" });
            if files.len() < of_kind(*is_avro).count() {
                let _ = writeln!(text, "  in {}", list(files.iter()));
            }
            if finding.direction() == Direction::Forward && is_requirement(finding.rule()) {
                text += "  a field that is always written counts as required for consumers, also an `Option`\n";
            }
            let entry = entry(finding);
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        let nested: BTreeSet<String> = found.iter().filter_map(|found| nested_type(&found.finding)).collect();
        let _ = write!(
            text,
            "\n{}\n\nIf you know that nobody is affected, {}",
            remedy(contract, newest, &nested),
            to_record(entries, exceptions, has_exceptions),
        );
        let findings = found.into_iter().map(|found| found.finding).collect();
        Self { kind: DeviationKind::Incompatible, path: path.to_owned(), text, findings }
    }

    /// The kind.
    ///
    /// See the example of [`DeviationKind`].
    #[must_use]
    pub const fn kind(&self) -> DeviationKind {
        self.kind
    }

    /// The recorded file; the folder of the event if a version was removed.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether programs that exchange the event would break: the current contract is incompatible with a recorded one, or has
    /// lost a version.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub const fn is_incompatible(&self) -> bool {
        matches!(self.kind, DeviationKind::Incompatible | DeviationKind::Removed)
    }

    /// Whether the contract must not be recorded.
    pub(super) const fn prevents_export(&self) -> bool {
        self.is_incompatible() || matches!(self.kind, DeviationKind::Example)
    }

    /// The incompatible changes, each once.
    ///
    /// See the example of [`Catalog::check`](super::Catalog::check).
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn list<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> String {
    paths.map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The exceptions to paste; only the new ones if there are others.
fn to_record(entries: Vec<Value>, path: &Path, has_others: bool) -> String {
    let path = path.display();
    if has_others {
        let entries: Vec<String> = entries.iter().map(|entry| format!("{entry:#}")).collect();
        format!("add an exception with its reason to the array in {path}:\n\n{}", entries.join(",\n"))
    } else {
        format!("record an exception with its reason in {path}:\n\n{:#}", Value::from(entries))
    }
}

/// Whether the reader requires a field that it may not get.
fn is_requirement(broken: Rule) -> bool {
    [
        rule::REQUIRED_ATTRIBUTE_ADDED,
        rule::REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED,
        rule::REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL,
        rule::REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
        rule::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL,
        rule::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL,
    ]
    .contains(&broken)
}

/// The name of the nested type that changed, in the contract.
fn nested_type(finding: &Finding) -> Option<String> {
    let name = finding.path().strip_prefix("#/$defs/")?.split('/').next()?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// How to mend an incompatible change.
fn remedy(contract: &Contract, newest: Option<u32>, nested: &BTreeSet<String>) -> String {
    let (event, name) = (contract.descriptor, contract.type_name());
    let version = event.version();
    let next = version.saturating_add(1);
    let suffix = format!("V{version}");
    let base = name.strip_suffix(&suffix).filter(|base| !base.is_empty()).unwrap_or(name);
    let old = format!("{base}{suffix}");
    let mut copies = String::new();
    for nested in nested {
        let _ = write!(
            copies,
            " The nested type `{nested}` changed: keep a copy of it as it was for `{old}`, with \
             `#[schemars(rename = {nested:?})]` if it has another name."
        );
    }
    if let Some(newest) = newest {
        return format!("Undo the change: version {version} is frozen, for version {newest} exists.{copies}");
    }
    if contract.role.is_foreign() {
        return format!(
            "Undo the change: other programs send the event, and this service would refuse messages that it accepted. If \
             the owner has published a new version, give it a type of its own, with `version = {next}, previous = {old}`; \
             {old} is the type of version {version}, as it was.{copies}"
        );
    }
    let rename =
        if old == name { format!("Keep the type `{name}`") } else { format!("Rename the type to {old}, keep it") };
    let topic =
        event.topic().map(|topic| format!(", topic = {:?}", next_topic(topic, version, next))).unwrap_or_default();
    let key = event.key().map(|key| format!(", key = {}", snake_case(key))).unwrap_or_default();
    let (item, parts, conversion) = if contract.is_enum() {
        ("enum", "variants", format!("match old {{ /* each variant of version {version} */ }}"))
    } else {
        ("struct", "fields", format!("Self {{ /* each field, from those of version {version} */ }}"))
    };
    format!(
        "Undo the change; or publish it as version {next}, in a topic of its own. {rename} as it was, and add:\n\n\
         #[event_schema::event(name = {event_name:?}, version = {next}, previous = {old}{topic}{key})]\n\
         // Repeat `pub`, `#[derive(...)]` and the other attributes of {old} and its {parts}: without `#[serde(...)]`\n\
         // the names on the wire change, and without `#[validate(...)]` the rules.\n\
         {item} {base} {{\n    // the {parts} of version {next}\n}}\n\n\
         impl From<{old}> for {base} {{\n    \
         fn from(old: {old}) -> Self {{\n        \
         {conversion}\n    }}\n}}\n\n\
         The catalog has `sends::<{base}>()`: it checks version {version}, too, because `previous` names it. Consumers \
         that know only version {version} get no more messages, unless the service still sends that version, too: then \
         the catalog has `sends::<{old}>()` beside.{copies}",
        event_name = event.name(),
    )
}

/// The topic for the next version: with its number in the place of this one's, or behind the name.
fn next_topic(topic: &str, version: u32, next: u32) -> String {
    let base = topic.strip_suffix(&version.to_string()).filter(|base| base.ends_with('v'));
    base.map_or_else(|| format!("{topic}.v{next}"), |base| format!("{base}{next}"))
}

/// The usual name of the Rust field of a wire name.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(if c == '-' { '_' } else { c.to_ascii_lowercase() });
    }
    text
}

/// A change from a recorded contract to the current one.
///
/// See the example of [`Catalog::diff`](super::Catalog::diff).
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    path: PathBuf,
    finding: Finding,
    is_accepted: bool,
}

impl Change {
    /// `is_accepted` tells whether an exception covers the finding.
    pub(super) fn new(path: &Path, finding: Finding, is_accepted: bool) -> Self {
        Self { path: path.to_owned(), finding, is_accepted }
    }

    /// The recorded file.
    ///
    /// See the example of [`Catalog::diff`](super::Catalog::diff).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place, the rule and both sides.
    ///
    /// See the example of [`Catalog::diff`](super::Catalog::diff).
    #[must_use]
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Whether [`check`](super::Catalog::check) calls the change incompatible. A change that an exception accepts is not.
    ///
    /// See the example of [`Catalog::diff`](super::Catalog::diff).
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.finding.is_breaking() && !self.is_accepted
    }

    pub(super) fn line(&self) -> String {
        let finding = &self.finding;
        let what = match (finding.before(), finding.after()) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            _ => "changed",
        };
        let verdict = match finding.is_breaking() {
            true if self.is_accepted => "incompatible, accepted by an exception",
            true => "incompatible",
            false => "compatible",
        };
        let text = |side: Option<&Value>| side.map(|side| format!(" {side}")).unwrap_or_default();
        match finding.rule() {
            moved if moved == rule::TOPIC_CHANGED || moved == rule::KEY_CHANGED => {
                let name = if moved == rule::KEY_CHANGED { "key" } else { "topic" };
                let to = if what == "changed" { " to" } else { "" };
                let (before, after) = (text(finding.before()), text(finding.after()));
                format!("the {name}{before}: {what}{to}{after}, {verdict}")
            }
            _ => format!("{}: {what}, {verdict}", finding.path()),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rule of a compatible change may be one that breaks elsewhere.
        if self.is_breaking() {
            write!(f, "{}: {}", self.path.display(), self.finding)
        } else {
            write!(f, "{}: {}", self.path.display(), self.line())
        }
    }
}

/// The text of a failed test.
pub(crate) fn report(deviations: &[Deviation]) -> String {
    let mut text = String::new();
    for deviation in deviations {
        let _ = writeln!(text, "{deviation}{}", if deviation.is_incompatible() { "\n" } else { "" });
    }
    let to_record = [DeviationKind::Missing, DeviationKind::Stale, DeviationKind::Needless];
    let helps = deviations.iter().any(|deviation| to_record.contains(&deviation.kind));
    if helps && !deviations.iter().any(Deviation::prevents_export) {
        text += "\nRecord the contracts and commit the files: run the test with UPDATE_SCHEMAS=1 in the environment, or \
                 the command `export`.";
    }
    text
}
