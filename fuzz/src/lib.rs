//! The loop of all fuzzers: takes an input from the corpus, mutates it, tries it.
//!
//! Given: a function that tries one input and says what is wrong with the result. It keeps inputs that behave in a new way
//! (the function gives each behaviour a number), so that mutation goes on from there.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a fuzzer tells a person what it found")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What trying an input gave: a number for the behaviour, or what is wrong.
pub type Verdict = Result<u64, String>;

/// A small generator (xorshift64*), so that a seed gives the same run everywhere.
pub struct Random(u64);

impl Random {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    /// Draws one.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    /// Below `most`, which is not 0.
    pub fn below(&mut self, most: usize) -> usize {
        let most = u64::try_from(most).expect("a length fits");
        usize::try_from((self.number() >> 16) % most).expect("below a length")
    }
}

struct Arguments {
    seconds: u64,
    seed: u64,
    input: Option<PathBuf>,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments { seconds: 60, seed: 1, input: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} needs a number"));
        match word.as_str() {
            "--seconds" => found.seconds = number()?,
            "--seed" => found.seed = number()?,
            "--input" => found.input = Some(value.into()),
            _ => return Err(format!("{word} is unknown; there are --seconds, --seed, --input")),
        }
    }
    Ok(found)
}

/// Runs a fuzzer. `name` is its corpus, `tokens` are inserted whole; `attempt` tries an input.
pub fn run(name: &str, tokens: &[&[u8]], attempt: &mut dyn FnMut(&[u8], &mut Random) -> Verdict) -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::from(2);
        }
    };
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut random = Random::new(arguments.seed);
    if let Some(path) = arguments.input {
        let Ok(input) = std::fs::read(&path) else {
            eprintln!("cannot read {}", path.display());
            return ExitCode::from(2);
        };
        // What an attempt draws differs from run to run, so it is tried often.
        return (0..1000).map(|_| tried(attempt, &input, &mut random)).find(Result::is_err).map_or_else(
            || ExitCode::SUCCESS,
            |verdict| {
                eprintln!("{}", verdict.err().unwrap_or_default());
                ExitCode::from(1)
            },
        );
    }
    let mut corpus = corpus(&home.join("corpus").join(name));
    let first = corpus.len();
    let mut seen = BTreeSet::new();
    let begin = Instant::now();
    let mut executions: u64 = 0;
    while !executions.is_multiple_of(256) || begin.elapsed() < Duration::from_secs(arguments.seconds) {
        let place = usize::try_from(executions).unwrap_or(usize::MAX);
        let input = if place < first { corpus[place].clone() } else { mutated(&corpus, tokens, &mut random) };
        executions += 1;
        match tried(attempt, &input, &mut random) {
            Ok(behaviour) => {
                if seen.insert(behaviour) && corpus.len() < 4096 {
                    corpus.push(input);
                }
            }
            Err(complaint) => {
                let folder = home.join("failures");
                let path = folder.join(format!("{name}-{}-{executions}", arguments.seed));
                let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &input));
                eprintln!(
                    "{name}: {complaint}\nafter {executions} executions; input in {} ({written:?})",
                    path.display()
                );
                return ExitCode::from(1);
            }
        }
    }
    println!("{name}: {executions} executions, {} behaviours, nothing found", seen.len());
    ExitCode::SUCCESS
}

fn tried(attempt: &mut dyn FnMut(&[u8], &mut Random) -> Verdict, input: &[u8], random: &mut Random) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| attempt(input, random))).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// The files of a folder in the order of their names; one empty input where there is none.
fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let mut corpus: Vec<_> = paths.iter().filter_map(|path| std::fs::read(path).ok()).collect();
    if corpus.is_empty() {
        corpus.push(Vec::new());
    }
    corpus
}

fn mutated(corpus: &[Vec<u8>], tokens: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(24)).min(input.len());
        match random.below(8) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = random.number().to_le_bytes()[3],
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input[at..end].to_vec();
                let to = random.below(input.len() + 1);
                drop(input.splice(to..to, piece));
            }
            4 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let piece = other[from..(from + random.below(64)).min(other.len())].to_vec();
                drop(input.splice(at..end, piece));
            }
            _ if tokens.is_empty() => input.insert(at, random.number().to_le_bytes()[3]),
            _ => drop(input.splice(at..at, tokens[random.below(tokens.len())].iter().copied())),
        }
    }
    input.truncate(1 << 12);
    input
}
