//! Floor 4: the log, in a file that only its owner can read, never on the screen.
//!
//! The file is made when the first line is written. One that has grown large is moved to `butty.log.old`, so two files
//! of a few MiB are the most there ever is, however long butty runs and fails.

use crate::config::LogLevel;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::filter::LevelFilter;

/// Largest log that is kept as it is.
const LARGE: u64 = 4 * 1024 * 1024;

/// Starts logging to this file at this level. A second call does nothing.
pub fn start(file: &Path, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let writer = Mutex::new(LateFile { path: file.to_owned(), file: None, written: 0 });
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer)
        .finish();
    // A second start finds a subscriber in place: the first one stays.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// Writes what a panic leaves behind: where, and what, to `butty.crash.txt` beside the log. Nothing else is in it.
pub fn crash_report(log: &Path, what: &str) -> Option<PathBuf> {
    let file = log.with_file_name("butty.crash.txt");
    let mut out = open(&file).ok()?;
    writeln!(out, "butty {} stopped by a bug:\n{what}", env!("CARGO_PKG_VERSION")).ok()?;
    Some(file)
}

/// A file that is opened by its first line.
struct LateFile {
    path: PathBuf,
    file: Option<File>,
    written: u64,
}

impl Write for LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() || self.written > LARGE {
            self.written = fs::metadata(&self.path).map_or(0, |data| data.len());
            if self.written > LARGE {
                fs::rename(&self.path, self.path.with_extension("log.old"))?;
                self.written = 0;
            }
            self.file = Some(open(&self.path)?);
        }
        self.written = self.written.saturating_add(bytes.len() as u64);
        self.file.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The last panic's place and words, for [`crash_report`].
#[derive(Debug, Default)]
pub struct PanicNote(Mutex<Option<String>>);

impl PanicNote {
    /// Nothing noted.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Notes what a panic said.
    pub fn note(&self, words: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    /// Takes the note.
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test may stop")]
    fn two_files_of_bounded_size_are_the_most_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("butty.log");
        let mut log = LateFile { path: path.clone(), file: None, written: 0 };
        let line = vec![b'x'; 64 << 10];
        for _ in 0..200 {
            log.write_all(&line).unwrap();
        }
        let sizes: Vec<u64> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 2, "{sizes:?}");
        assert!(sizes.iter().all(|size| *size <= LARGE + (128 << 10)), "{sizes:?}");
    }
}
