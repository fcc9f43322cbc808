//! The command line: parse, run the verb, say what happened, end with the code of `exit.rs`.

mod args;
mod commands;
mod exit;
mod message;
mod progress;
mod secure;

use args::{Cli, Verb};
use clap::Parser as _;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    secure::harden();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap quotes arguments, never data; help and version go to stdout with code 0
            let code = if error.use_stderr() { Exit::CouldNotRun } else { Exit::Fine };
            let _ = error.print();
            return code.into();
        }
    };
    let told = cli.told();
    let judges = matches!(cli.verb, Verb::Verify(_) | Verb::Approve(_) | Verb::Log(_) | Verb::Record(_));
    let result = match cli.verb {
        Verb::Run(arguments) => commands::run::run(&arguments, told),
        Verb::Explain(arguments) => commands::explain::run(&arguments, told),
        Verb::Solve(arguments) => commands::solve::run(&arguments, told),
        Verb::Check(arguments) => commands::check::run(&arguments, told),
        Verb::Compare(arguments) => commands::compare::run(&arguments, told),
        Verb::Attack(arguments) => commands::attack::run(&arguments, told),
        Verb::Gate(arguments) => commands::gate::run(&arguments, told),
        Verb::Ledger(arguments) => commands::ledger::run(&arguments, told),
        Verb::Sample(arguments) => commands::sample::run(&arguments, told),
        Verb::Test(arguments) => commands::test::run(&arguments, told),
        Verb::Verify(arguments) => commands::verify::run(&arguments, told),
        Verb::Approve(arguments) => commands::approve::run(&arguments, told),
        Verb::Clean(arguments) => commands::clean::run(&arguments, told),
        Verb::Operators => commands::lists::operators(told),
        Verb::Models => commands::lists::models(told),
        Verb::Types => commands::lists::types(told),
        Verb::Presets => commands::lists::presets(told),
        Verb::Schema => commands::lists::schema(),
        Verb::Completions(arguments) => commands::lists::completions(&arguments),
        Verb::Log(arguments) => commands::log::run(&arguments, told),
        Verb::Record(arguments) => commands::record::run(&arguments, told),
        Verb::Keygen(arguments) => commands::keygen::run(&arguments, told),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            message::show(&error, told);
            // evidence that was asked for, read, and does not hold is an answer, not a failure to ask
            let answered = judges && matches!(error.kind(), outis::error::ErrorKind::Evidence { .. });
            if answered { Exit::Refused.into() } else { Exit::CouldNotRun.into() }
        }
    }
}
