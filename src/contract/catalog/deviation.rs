//! The differences between recorded contracts and the current ones: [`Deviation`], [`Change`].

use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::exception::{Exception, entry};
use super::recorded::Contract;
use crate::contract::compat::Finding;

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
    pub(super) fn removed(event: &str, version: u32, path: &Path, exceptions: &Path, finding: Finding) -> Self {
        let text = format!(
            "{path} contains version {version} of `{event}`, and no type of the catalog has it\n\n\
             Messages of this version that are stored or in flight cannot be loaded any more. Keep its type: name it in \
             `previous` of the next version, or add it with `sends` or `receives`. Another catalog's contracts belong \
             into a folder of their own.\n\n\
             If the version is retired, delete its files, or record an exception with its reason in {exceptions}:\n\n\
             {entries:#}",
            path = path.display(),
            exceptions = exceptions.display(),
            entries = Value::from(vec![entry(&finding)]),
        );
        Self { kind: DeviationKind::Removed, path: path.to_owned(), text, findings: vec![finding] }
    }

    /// Today's contract is incompatible with what is recorded; `newest` is the newest version, if this one is older.
    pub(super) fn incompatible(
        contract: &Contract,
        path: &Path,
        found: Vec<Found>,
        newest: Option<u32>,
        exceptions: &Path,
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
            let entry = entry(finding);
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        let _ = write!(
            text,
            "\n{}\n\nIf you know that nobody is affected, record an exception with its reason in {}:\n\n{:#}",
            remedy(contract, newest),
            exceptions.display(),
            Value::from(entries),
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

/// How to mend an incompatible change.
fn remedy(contract: &Contract, newest: Option<u32>) -> String {
    let (event, name) = (contract.descriptor, contract.type_name());
    let version = event.version();
    if let Some(newest) = newest {
        return format!(
            "Undo the change: version {version} is frozen, for version {newest} exists. If a nested type changed that both \
             contain, keep a copy of it as it was for `{name}`."
        );
    }
    if contract.role.is_foreign() {
        return "Undo the change: other programs send the event, and this service would refuse messages that it accepted."
            .to_owned();
    }
    let next = version.saturating_add(1);
    let suffix = format!("V{version}");
    let base = name.strip_suffix(&suffix).filter(|base| !base.is_empty()).unwrap_or(name);
    let old = format!("{base}{suffix}");
    let rename =
        if old == name { format!("Keep the type `{name}`") } else { format!("Rename the type to {old}, keep it") };
    let topic =
        event.topic().map(|topic| format!(", topic = {:?}", next_topic(topic, version, next))).unwrap_or_default();
    let key = event.key().map(|key| format!(", key = {}", snake_case(key))).unwrap_or_default();
    format!(
        "Undo the change; or publish it as version {next}, in a topic of its own. {rename}, and add:\n\n\
         #[event_schema::event(name = {event_name:?}, version = {next}, previous = {old}{topic}{key})]\n\
         struct {base} {{\n    // the fields of version {next}\n}}\n\n\
         impl From<{old}> for {base} {{\n    \
         fn from(old: {old}) -> Self {{\n        \
         Self {{ /* each field, from those of version {version} */ }}\n    }}\n}}\n\n\
         The catalog has `sends::<{base}>()`: it checks version {version}, too, because `previous` names it.",
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
}

impl Change {
    pub(super) fn new(path: &Path, finding: Finding) -> Self {
        Self { path: path.to_owned(), finding }
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

    /// Whether [`check`](super::Catalog::check) calls the change incompatible.
    ///
    /// See the example of [`Catalog::diff`](super::Catalog::diff).
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.finding.is_breaking()
    }

    pub(super) fn line(&self) -> String {
        let finding = &self.finding;
        let what = match (finding.before(), finding.after()) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            _ => "changed",
        };
        let verdict = if self.is_breaking() { "incompatible" } else { "compatible" };
        format!("{}: {what}, {verdict}", finding.path())
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
