//! Secrets that others bring: printed by a command, or in a file.

use crate::types::Secret;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Longest run of a command that prints a secret.
const COMMAND: Duration = Duration::from_secs(30);
/// Largest file that is looked into.
const LARGEST: u64 = 64 * 1024;

/// The first line that a command prints. No shell; nothing of it is logged, only that it gave none.
pub(in crate::net) async fn first_line(command: &[String]) -> Option<Secret<String>> {
    let line = printed(command).await;
    if line.is_none() {
        tracing::warn!(target: "butty::net", program = command.first().map(String::as_str), "gave no secret");
    }
    line
}

async fn printed(command: &[String]) -> Option<Secret<String>> {
    let [program, arguments @ ..] = command else { return None };
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(COMMAND, run).await.ok()?.ok()?;
    let stdout = Secret::new(String::from_utf8(output.stdout).ok()?);
    let line = stdout.expose().lines().next().unwrap_or_default();
    (output.status.success() && !line.is_empty()).then(|| Secret::from(line))
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
