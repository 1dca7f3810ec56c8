//! The programs in the other languages, for the demonstration.

use anyhow::{Context as _, Result, bail, ensure};
use event_schema::kafka::Closing;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// The running programs. They are told to end when the value is dropped.
pub(crate) struct Others(Child);

impl Others {
    /// Fetches their packages and generates their types, which takes a while the first time, and starts them.
    pub(crate) async fn start(brokers: &str) -> Result<Self> {
        let prepare = format!("{FOLDER}/prepare");
        let status = Command::new(&prepare).status().await.with_context(|| format!("{prepare} cannot be run"))?;
        ensure!(status.success(), "{prepare} failed: it needs python3 with pip, and node with npm");
        Ok(Self(Command::new(format!("{FOLDER}/others")).args([brokers, "prepared"]).spawn()?))
    }

    /// Waits for the end of the app, and then for theirs.
    pub(crate) async fn run(mut self, closing: Closing) -> Result<()> {
        tokio::select! {
            status = self.0.wait() => bail!("the programs in Python and TypeScript ended: {}", status?),
            () = closing => self.end(),
        }
        let status = self.0.wait().await?;
        ensure!(status.success(), "one of the programs in Python and TypeScript failed: {status}");
        Ok(())
    }

    fn end(&self) {
        if let Some(pid) = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It fails if they have ended by themselves.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.end();
    }
}
