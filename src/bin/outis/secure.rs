//! Before anything is read: no core dump can hold rows or keys, new files are private, a panic tells its place only.

use rustix::process::{DumpableBehavior, Resource, Rlimit};

/// Best effort: a system that does not allow one of these still runs.
pub(crate) fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    hide_payloads();
}

/// The payload of a panic may quote a cell: the place is all that is told, of every thread.
fn hide_payloads() {
    std::panic::set_hook(Box::new(|panic| {
        use std::io::Write as _;
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let _ = writeln!(
            std::io::stderr(),
            "error: internal error at {place}\nhint: please report this place; no data is in this message"
        );
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    const CANARY: &str = "11010519491231002X";

    /// Panics with a cell in the payload, in this thread and in another; run by the test below in a process of its own.
    #[test]
    #[ignore = "panics on purpose"]
    fn a_panic_that_quotes_a_cell() {
        super::hide_payloads();
        let cell = CANARY.to_owned();
        let other = std::thread::spawn(move || panic!("cannot read {cell}"));
        assert!(other.join().is_err());
        assert_eq!(CANARY, "something else", "neither may what is compared be told: {CANARY}");
    }

    #[test]
    fn a_panic_tells_its_place_and_never_its_payload() {
        let name = "secure::tests::a_panic_that_quotes_a_cell";
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"])
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let told = [ran.stdout, ran.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(!ran.status.success(), "it panicked: {told}");
        let places = told.matches("internal error at src/bin/outis/secure.rs:").count();
        assert_eq!(places, 2, "{told}");
        assert!(!told.contains(CANARY) && !told.contains("cannot read") && !told.contains("compared"), "{told}");
    }
}
