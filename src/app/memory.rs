//! Resident memory of this process.

/// Resident memory in bytes, as Linux tells it; zero elsewhere.
pub(crate) fn resident_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/status").map_or(0, |text| resident_of(&text))
}

/// Finds the resident size in the text of `/proc/self/status`, which counts in KiB.
fn resident_of(text: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_size_is_found_and_converted() {
        let text = "VmPeak:\t  9000 kB\nVmRSS:\t    5120 kB\nThreads:\t4\n";
        assert_eq!(resident_of(text), 5120 * 1024);
        assert_eq!(resident_of("nothing"), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_takes_some_memory() {
        assert!(resident_bytes() > 100_000);
    }
}
