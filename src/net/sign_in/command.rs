//! Secrets that others bring: printed by a command, or in a file.

use crate::types::Secret;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Longest run of a command that prints a secret.
const COMMAND: Duration = Duration::from_secs(30);
/// Largest file that is looked into.
const LARGEST: u64 = 64 * 1024; // bytes

/// The first line that a command prints. No shell; nothing of it is logged, only that it gave none.
pub(in crate::net) async fn first_line(command: &[String]) -> Option<Secret<String>> {
    first_line_within(command, COMMAND).await.ok()
}

/// Why a command gave no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Unprinted {
    /// It failed, or printed nothing that could be one.
    Nothing,
    /// It was still running after this time, and was ended.
    TooSlow(Duration),
}

/// The same where somebody may have to unlock something first: so long.
pub(in crate::net) async fn first_line_within(
    command: &[String],
    limit: Duration,
) -> Result<Secret<String>, Unprinted> {
    let printed = tokio::time::timeout(limit, crate::net::command::first_line(command)).await;
    let line = printed.map_err(|_| Unprinted::TooSlow(limit)).and_then(|line| line.ok_or(Unprinted::Nothing));
    if let Err(why) = &line {
        tracing::warn!(target: "butty::net", program = command.first().map(String::as_str), ?why, "gave no secret");
    }
    line
}

/// The first line of a file. Nothing of it is logged, only that it gave none.
pub(in crate::net) async fn first_line_of(file: &Path) -> Option<Secret<String>> {
    let path = file.to_owned();
    let line = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        std::fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
        let text = Secret::new(text);
        let line = text.expose().lines().next().unwrap_or_default();
        (!line.is_empty()).then(|| Secret::from(line))
    });
    let line = line.await.ok().flatten();
    if line.is_none() {
        tracing::warn!(target: "butty::net", file = %file.display(), "gave no secret");
    }
    line
}
