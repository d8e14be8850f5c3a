//! How much memory the process has used.

/// The most memory the process ever had resident, in bytes; `None` where the system does not say.
/// Source: proc(5), `VmHWM` in `/proc/self/status`.
pub(crate) fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
