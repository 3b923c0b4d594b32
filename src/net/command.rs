//! A secret that a command prints: `password_command`, `token_command`, `client_secret_command`.
//!
//! No shell. Refused: more than [`MOST`] bytes, what is not UTF-8, an empty first line, a failing command.

use crate::types::Secret;
use std::process::Stdio;
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

/// Most bytes that a command may print; a password manager's whole entry is a hundredth of it.
pub(super) const MOST: usize = 64 * 1024;

/// The first line that the command prints. Dropped, it ends the command.
pub(super) async fn first_line(command: &[String]) -> Option<Secret<String>> {
    let [program, arguments @ ..] = command else { return None };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    // Room from the start: a buffer that grows leaves copies behind that nobody wipes.
    let mut printed = Zeroizing::new(Vec::with_capacity(MOST + 1));
    let most = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
    child.stdout.take()?.take(most).read_to_end(&mut printed).await.ok()?;
    if printed.len() > MOST {
        return None;
    }
    let succeeded = child.wait().await.ok()?.success();
    let line = std::str::from_utf8(&printed).ok()?.lines().next().unwrap_or_default();
    (succeeded && !line.is_empty()).then(|| Secret::from(line))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn printed(script: &str) -> Option<String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        first_line(&command).await.map(|secret| secret.expose().clone())
    }

    #[tokio::test]
    async fn the_first_line_counts() {
        assert_eq!(printed("printf 'pass word\\nuser: anna\\n'").await.as_deref(), Some("pass word"));
        assert_eq!(printed("printf '\\nx'").await, None, "an empty line");
        assert_eq!(printed("echo x; exit 3").await, None, "it failed");
        assert_eq!(printed("printf '\\377\\n'").await, None, "no text");
        assert_eq!(first_line(&[]).await, None);
        assert_eq!(first_line(&["/no/such/program".to_owned()]).await, None);
    }

    #[tokio::test]
    async fn a_command_that_never_stops_printing_is_ended() {
        assert_eq!(printed("while :; do echo 0123456789012345678901234567890123456789; done").await, None);
    }
}
