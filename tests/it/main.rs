//! One binary for all integration tests, so that the columnar libraries are linked once.

mod architecture; // the import table: arrows that are not in it do not exist
mod support; // temporary folders, the program, tables
