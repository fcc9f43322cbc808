//! Before anything is read: no core dump can hold rows or keys, new files are private, a panic tells its place only.

use rustix::process::{DumpableBehavior, Resource, Rlimit};

/// Best effort: a system that does not allow one of these still runs.
pub(crate) fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    std::panic::set_hook(Box::new(|panic| {
        use std::io::Write as _;
        // the payload may quote a cell: the place is all that is told
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let _ = writeln!(
            std::io::stderr(),
            "error: internal error at {place}\nhint: please report this place; no data is in this message"
        );
    }));
}
