//! butty as a one-shot command.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command, in a bare environment with `home` for all its files.
pub fn butty_command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_butty"));
    command.args(arguments).env_clear().current_dir(home);
    command.env("HOME", home).env("BUTTY_HOME", home.join("butty")).env("LANG", "C.UTF-8").env("TZ", "UTC");
    // No keyring: the one of whoever runs this is not for tests.
    command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:");
    command
}

/// Runs it with nothing on standard input.
pub fn butty(home: &Path, arguments: &[&str]) -> Output {
    butty_command(home, arguments).stdin(Stdio::null()).output().expect("butty runs")
}

/// Runs it with this text on standard input.
pub fn butty_with_input(home: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = butty_command(home, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("butty runs");
    // A command that fails before it reads closes the pipe: that is its right.
    drop(child.stdin.take().expect("piped").write_all(input.as_bytes()));
    child.wait_with_output().expect("butty ends")
}

/// Everything it said.
pub fn words(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{:?}\n{out}{err}", output.status.code())
}

/// Every file below a folder, with its mode.
#[cfg(unix)]
pub fn each_file(folder: &Path, look: &mut impl FnMut(&Path, u32)) {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let data = entry.metadata().expect("data");
        if data.is_dir() {
            each_file(&entry.path(), look);
        } else if entry.path().components().any(|part| part.as_os_str() == "butty")
            && entry.file_name() != "config.toml"
        {
            look(&entry.path(), data.permissions().mode());
        }
    }
}
