//! What the kernel knows of a process.

use std::fs;
use std::process::Command;

/// Resident and proportional memory in KiB. The second shares what several processes map among them, and is absent
/// where the kernel does not tell it.
pub fn memory(pid: u32) -> (f64, Option<f64>) {
    let resident = field(&format!("/proc/{pid}/status"), "VmRSS:").expect("VmRSS");
    (resident, field(&format!("/proc/{pid}/smaps_rollup"), "Pss:"))
}

/// How often any thread of it was switched away from, by its own will or not: each is a wake-up before.
pub fn switches(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("tasks");
    let each = tasks.filter_map(Result::ok).map(|task| {
        let file = task.path().join("status").display().to_string();
        let read = |name| field(&file, name).unwrap_or(0.0);
        read("voluntary_ctxt_switches:") + read("nonvoluntary_ctxt_switches:")
    });
    each.sum()
}

/// Stops (`STOP`) or wakes (`CONT`) the whole process.
pub fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(done.expect("kill runs").success(), "the client is gone");
}

/// The first number behind the line's name.
fn field(file: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
