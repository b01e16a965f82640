//! The process itself, in the names that Prometheus has for it.

use super::exposition::{Exposition, Kind};

/// What the process uses, as far as the system says.
pub fn process(page: &mut Exposition) {
    let Some(used) = used() else { return };
    for (name, kind, help, value) in [
        (
            "process_cpu_seconds_total",
            Kind::Counter,
            "Processor time that was used.",
            used.cpu_seconds,
        ),
        (
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Memory that is used.",
            used.resident_bytes,
        ),
        (
            "process_threads",
            Kind::Gauge,
            "Threads that run.",
            used.threads,
        ),
        (
            "process_open_fds",
            Kind::Gauge,
            "File descriptors that are open.",
            used.open_files,
        ),
        (
            "process_max_fds",
            Kind::Gauge,
            "File descriptors that may be open.",
            used.most_files,
        ),
    ] {
        page.family(name, kind, help).sample(&[], value);
    }
}

struct Used {
    cpu_seconds: f64,
    resident_bytes: f64,
    threads: f64,
    open_files: f64,
    most_files: f64,
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::cast_precision_loss,
    reason = "seconds, bytes and counts of one process, far fewer than 2^52"
)]
fn used() -> Option<Used> {
    use std::fs;

    use rustix::process::{Resource, getrlimit};

    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the name, which may hold anything, in brackets.
    let (_, after_name) = stat.rsplit_once(')')?;
    // The first of these is the third of `proc(5)`.
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let page_bytes = rustix::param::page_size() as f64;
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    Some(Used {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        resident_bytes: field(24)? * page_bytes,
        threads: field(20)?,
        open_files: fs::read_dir("/proc/self/fd").ok()?.count() as f64,
        most_files: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) as f64,
    })
}

#[cfg(not(target_os = "linux"))]
fn used() -> Option<Used> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_memory_threads_and_files_within_its_bounds() {
        let used = used().unwrap();
        assert!(used.resident_bytes > 100_000.0, "{}", used.resident_bytes);
        assert!(used.threads >= 1.0 && used.cpu_seconds >= 0.0);
        assert!(used.open_files >= 3.0 && used.open_files <= used.most_files);
    }
}
