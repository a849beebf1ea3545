//! What `review` asks on a terminal, and what the answers do.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nix::pty::openpty;
use tempfile::TempDir;

const LAB: &str = "title = \"Messaging fails over\"\ncontinues = \"baseline\"\n\
    [[step]]\nafter = \"1 minute\"\nhappens = [\"messaging stops\", \"customer types 'Hello?'\"]\n  \
    [[step.check]]\n  query = \"message_fate\"\n  [[step.check]]\n  query = \"open_chats\"\n";

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program on a terminal of its own.
struct Terminal {
    child: Child,
    keys: File,
    shown: Receiver<Vec<u8>>,
    /// What was shown, and how much of it has been waited for.
    text: String,
    seen: usize,
}

impl Terminal {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let pty = openpty(None, None).expect("a terminal");
        let ours = || pty.slave.try_clone().expect("a handle");
        let child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(args)
            .current_dir(folder)
            .stdin(ours())
            .stdout(ours())
            .stderr(ours())
            .spawn()
            .expect("the program starts");
        drop(pty.slave);
        let keys = File::from(pty.master);
        let mut screen = keys.try_clone().expect("a handle");
        let (send, shown) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Once the program has ended, reading from its terminal fails.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keys, shown, text: String::new(), seen: 0 }
    }

    /// Waits until this is shown, after what was waited for before.
    fn waits_for(&mut self, wanted: &str) {
        loop {
            if let Some(at) = self.text[self.seen..].find(wanted) {
                self.seen += at + wanted.len();
                return;
            }
            match self.shown.recv_timeout(PATIENCE) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no `{wanted}` in:\n{}", &self.text[self.seen..]),
            }
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    fn ends(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(500)) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status.code(), self.text)
    }
}

/// A scenario with two recorded tables.
fn recorded() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("lab")).expect("a folder");
    fs::write(folder.path().join("lab/scenario.toml"), LAB).expect("a scenario");
    let output = crate::cli::chatdb(folder.path(), &["record", "lab"]);
    assert_eq!(output.status.code(), Some(0));
    folder
}

fn is_pending(folder: &TempDir, table: &str) -> bool {
    let path = folder.path().join("lab").join(table);
    let text = fs::read_to_string(path).expect("a table");
    text.starts_with("<!-- pending")
}

#[test]
fn each_table_is_asked_for_until_it_is_answered() {
    let folder = recorded();
    let mut terminal = Terminal::start(folder.path(), &["review", "lab"]);
    terminal.waits_for("lab/message_fate: Delivery of each message (recorded, not yet accepted)");
    terminal.waits_for("| customer | Hello?");
    terminal.waits_for("lab/message_fate: [a]ccept, [r]eject, [s]kip or [q]uit? ");
    terminal.types("what\n");
    terminal.waits_for("lab/message_fate: [a]ccept, [r]eject, [s]kip or [q]uit? ");
    terminal.types("a\n");
    terminal.waits_for("accepted  lab/message_fate");
    terminal.waits_for("lab/open_chats: [a]ccept, [r]eject, [s]kip or [q]uit? ");
    terminal.types("\n");
    let (code, text) = terminal.ends();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 to review"), "{text}");
    assert!(!is_pending(&folder, "10_message_fate.md"));
    assert!(is_pending(&folder, "10_open_chats.md"));
}

#[test]
fn whoever_quits_leaves_the_rest_as_it_is() {
    for keys in ["q\n", "\u{4}"] {
        let folder = recorded();
        let mut terminal = Terminal::start(folder.path(), &["review", "lab"]);
        terminal.waits_for("[q]uit? ");
        terminal.types(keys);
        let (code, text) = terminal.ends();
        assert_eq!(code, Some(0), "{text}");
        assert!(is_pending(&folder, "10_message_fate.md"), "{text}");
        assert!(is_pending(&folder, "10_open_chats.md"), "{text}");
    }
}

#[test]
fn a_rejected_table_is_emptied_and_recorded_again() {
    let folder = recorded();
    let mut terminal = Terminal::start(folder.path(), &["review", "lab"]);
    terminal.waits_for("[q]uit? ");
    terminal.types("r\n");
    terminal.waits_for("rejected  lab/message_fate");
    terminal.types("q\n");
    terminal.ends();
    let path = folder.path().join("lab/10_message_fate.md");
    assert_eq!(fs::read_to_string(path).expect("a table"), "");
}
