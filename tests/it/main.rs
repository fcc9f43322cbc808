//! One binary for all integration tests, so that the columnar libraries are linked once.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::collapsible_if,
    unreachable_pub,
    reason = "tests are plain on purpose: casts, formats and names that the library avoids"
)]

mod adult; // real input: levels by hand, k counted again by other programs
mod anonymeter; // our learned attacks beside those of PyPI's anonymeter
mod approval; // a second person decides; until then nothing is published
mod architecture; // the import table: arrows that are not in it do not exist
mod attacks; // dictionary, frequencies and row order: on careless tools, on ours, on a control
mod brute_force; // a slow and obvious solver agrees on thousands of small problems
mod cases; // folders of wrong input: exit code, message, nothing left behind
mod check; // every number of `check` against pycanon, and its defects
mod compare_verb; // profiles side by side: table, JSON and page
mod crash; // killed runs and full disks: whole releases or logs
mod custody; // the organisation's log, the salt of the source, keys that are named and never shown
mod faults; // full disks, inputs that change, signals: code 2 and nothing left
mod file_leaks; // what formats tell beside the rows: real in plain writers, gone in ours
mod first_run; // README's first command as it stands there, and the same with too few rows
mod independent; // evidence checked by programs and libraries of others
mod keys; // keys from outside: the same tokens from every source, and written nowhere
mod leak; // canary markers in every cell, searched in every artefact
mod ledger; // two releases that are harmless alone and tell something together
mod levels; // the solver's levels: ARX's optima through the program, DESIGN's profile as written
mod log_verb; // logs as people look at them
mod oracle; // optima that ARX found
mod person_search; // the best levels for whole persons, by definition
mod persons; // k counted on persons, not on rows
mod population; // membership: a table of the population, through the operators of the release
mod progress; // the line on a terminal, and nothing of it elsewhere
mod recode; // local and multidimensional recoding: every model holds, never worse than the levels
mod recoding; // the same through the program: what leaves covers its rows and holds
mod recount; // what a reader counts again: models, digests of both suites, the program
mod release; // what a release is: rows, order, files, log
mod restoration; // attacks on a published release find nothing beyond chance; on careless ones, nearly all
mod secrets; // the process: no core dump, a locked key, nothing named, no network
mod seeds; // every requirement of the regulations names tests that exist
mod self_test; // a leak planted for every rule of the gate, by the gate itself
mod snapshots; // plans, help, schema: what people read
mod spill; // class tables past the memory given
mod support; // temporary folders, the program, tables
mod tamper; // every change to a release is found, with its code
mod test_verb; // examples of profiles: what is judged, and every profile of the command
mod threads; // same bytes for any number of threads
mod threats; // the table of attacks: every rule in it, every test of it there
mod together; // microaggregation of several columns together: every tuple stands for k rows
