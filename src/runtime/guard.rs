//! What happens when there is a bug: the terminal is given back, a report is written, and it is said with its code.

use crate::types::{Line, Problem};
use crate::{log, term};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs what owns the terminal. A panic in it becomes [`Problem::Crashed`] with a report beside this log file
/// (`None`: without one), after the terminal was given back; so does nothing else.
pub fn guarded<T>(log_file: Option<&Path>, run: impl FnOnce() -> io::Result<T>) -> Result<T, Problem> {
    static NOTE: log::PanicNote = log::PanicNote::new();
    term::install_panic_hook(|words| NOTE.note(words));
    // What the closure owned is gone after a panic; nobody looks at it again.
    let outcome = catch_unwind(AssertUnwindSafe(run));
    term::restore();
    match outcome {
        Ok(Ok(end)) => Ok(end),
        Ok(Err(error)) => {
            tracing::error!(%error, "the interface ended");
            Err(Problem::TerminalLost { why: Line::clean(&error.kind().to_string()) })
        }
        Err(_) => {
            let words = NOTE.take().unwrap_or_default();
            let report = log_file.and_then(|file| log::crash_report(file, &words));
            Err(Problem::Crashed { report: report.map(|file| Line::clean(&file.to_string_lossy())) })
        }
    }
}
