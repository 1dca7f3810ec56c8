//! A program in a process of its own, as its users run it: for the tests of the tutorials' systems.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program, which ends with the value.
pub(crate) struct Program {
    child: Child,
    pub(crate) lines: Receiver<String>,
    text: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    has_children: bool,
}

/// The end of a program, and all that it has printed and logged.
pub(crate) struct End {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

impl Program {
    /// Starts a program, and reads the lines of its output.
    pub(crate) fn start(command: &mut Command) -> Self {
        let (mut program, sender) = Self::spawn(command);
        program.read(|child| child.stdout.take(), Some(sender));
        program.read(|child| child.stderr.take(), None);
        program
    }

    /// Starts a program, and reads the lines of its output and of its log.
    pub(crate) fn start_with_log(command: &mut Command) -> Self {
        let (mut program, sender) = Self::spawn(command);
        program.read(|child| child.stdout.take(), Some(sender.clone()));
        program.read(|child| child.stderr.take(), Some(sender));
        program
    }

    fn spawn(command: &mut Command) -> (Self, Sender<String>) {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let (sender, lines) = channel();
        (Self { child, lines, text: Arc::default(), readers: Vec::new(), has_children: false }, sender)
    }

    fn read<R: Read + Send + 'static>(&mut self, of: fn(&mut Child) -> Option<R>, lines: Option<Sender<String>>) {
        let from = BufReader::new(of(&mut self.child).expect("a pipe"));
        let text = Arc::clone(&self.text);
        self.readers.push(std::thread::spawn(move || {
            for line in from.lines().map_while(Result::ok) {
                // The test's own output has it if the test fails.
                println!("{line}");
                let mut text = text.lock().expect("a text");
                text.push_str(&line);
                text.push('\n');
                drop(text);
                if let Some(lines) = &lines {
                    let _ = lines.send(line);
                }
            }
        }));
    }

    /// The program is told to end with the value, and is not killed: it ends the processes that it has started.
    pub(crate) fn with_children(self) -> Self {
        let mut program = self;
        program.has_children = true;
        program
    }

    /// The result of `find` for the next line in which it finds something.
    pub(crate) fn find<T>(&self, what: &str, patience: Duration, find: impl Fn(&str) -> Option<T>) -> T {
        let end = Instant::now() + patience;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|error| panic!("no line with {what:?}: {error}"));
            if let Some(found) = find(&line) {
                return found;
            }
        }
    }

    /// The rest of the next line that has a text, behind the text.
    pub(crate) fn after(&self, text: &str) -> String {
        self.find(text, PATIENCE, |line| line.split_once(text).map(|(_, rest)| rest.to_owned()))
    }

    /// The address and the port for HTTP, from the next line that has them.
    pub(crate) fn address(&self) -> String {
        let rest = self.after("http://");
        let end = rest.find(['/', ' ']).unwrap_or(rest.len());
        rest[..end].trim_end_matches(':').to_owned()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        terminate(self.child.id());
    }

    /// Ends it by SIGTERM.
    pub(crate) fn end(self) -> End {
        self.terminate();
        self.wait()
    }

    pub(crate) fn wait(mut self) -> End {
        let status = self.child.wait().expect("a process");
        self.readers.drain(..).for_each(|reader| reader.join().expect("lines"));
        let text = std::mem::take(&mut *self.text.lock().expect("a text"));
        End { status, text }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("a process");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.has_children && self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.terminate();
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process that still runs.
pub(crate) fn terminate(process: u32) {
    let sent = Command::new("kill").arg(process.to_string()).status().expect("kill");
    assert!(sent.success(), "the program has ended before");
}
