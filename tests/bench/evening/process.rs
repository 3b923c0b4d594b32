//! What the kernel knows of a process.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::{Command, Stdio};

/// Resident and proportional memory in KiB. The second shares what several processes map among them, and is absent
/// where the kernel does not tell it.
pub fn memory(pid: u32) -> (f64, Option<f64>) {
    let resident = field(&format!("/proc/{pid}/status"), "VmRSS:").expect("VmRSS");
    (resident, field(&format!("/proc/{pid}/smaps_rollup"), "Pss:"))
}

/// Seconds of the processors that a process took until now, in itself and in the kernel, its ended threads with it. In
/// steps of 10 ms.
pub fn processor_time(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("stat");
    // Behind the name, which may hold anything; user time is field 14 of all, and the system's the next.
    let fields: Vec<&str> = text.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) / 100.0
}

/// How often the threads of a process went to sleep since the first look: as often each was woken. Being pushed off a
/// processor that others want is no wake-up and does not count. Threads may begin and end meanwhile: what one that ended
/// did since the last look before is all that can be missed, so look often. Looking wakes nobody.
pub struct Sleeps {
    pid: u32,
    /// Counts at the first look, and at the last one that saw the thread.
    threads: HashMap<u32, (f64, f64)>,
}

impl Sleeps {
    /// Takes the first look.
    pub fn begin(pid: u32) -> Self {
        let threads = sleeps_of_threads(pid).map(|(thread, count)| (thread, (count, count))).collect();
        Self { pid, threads }
    }

    /// Looks again.
    pub fn look(&mut self) {
        for (thread, count) in sleeps_of_threads(self.pid) {
            // Whoever was not there before has slept not at all before.
            self.threads.entry(thread).or_insert((0.0, count)).1 = count;
        }
    }

    /// How often up to the last look.
    pub fn count(&self) -> f64 {
        self.threads.values().map(|(first, last)| last - first).sum()
    }
}

fn sleeps_of_threads(pid: u32) -> impl Iterator<Item = (u32, f64)> {
    threads(pid).into_iter().filter_map(move |thread| {
        let file = format!("/proc/{pid}/task/{thread}/status");
        field(&file, "voluntary_ctxt_switches:").map(|count| (thread, count))
    })
}

/// The numbers of its threads.
pub fn threads(pid: u32) -> BTreeSet<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("tasks");
    tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The processors that we may use.
pub fn processors() -> Vec<u32> {
    let text = fs::read_to_string("/proc/self/status").expect("status");
    let list = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("processors");
    let each = list.trim().split(',').flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse().expect("a number")..=last.parse().expect("a number")
    });
    each.collect()
}

/// Lets these threads run on these processors only.
pub fn pin(threads: impl IntoIterator<Item = u32>, processors: &[u32]) {
    let list: Vec<String> = processors.iter().map(ToString::to_string).collect();
    for thread in threads {
        let mut command = Command::new("taskset");
        command.args(["-p", "-c", &list.join(","), &thread.to_string()]).stdout(Stdio::null());
        assert!(command.status().expect("taskset runs").success(), "thread {thread} cannot be moved");
    }
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
