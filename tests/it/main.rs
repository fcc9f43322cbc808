//! One binary for all integration tests, so that the columnar libraries are linked once.

mod adult; // real input: levels by hand, k counted again by other programs
mod architecture; // the import table: arrows that are not in it do not exist
mod cases; // folders of wrong input: exit code, message, nothing left behind
mod faults; // full disks, inputs that change, signals: code 2 and nothing left
mod leak; // canary markers in every cell, searched in every artefact
mod release; // what a release is: rows, order, files, log
mod support; // temporary folders, the program, tables
mod threads; // same bytes for any number of threads
