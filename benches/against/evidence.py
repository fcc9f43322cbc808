"""Measures what evidence costs: the share of log, digests and signatures in a run's time.

usage: evidence.py [--rows 5000000] [--runs 5] [--threads 2] [--folder FOLDER] [--outis target/release/outis]

Each run is a whole process that signs with two suites and stands in an organisation's log. `outis run --json` tells the microseconds of
  log         writing events and their times
  signatures  Merkle trees, statements, certificate, both signatures
  register    entries in the organisation's log, each forced to disk
  digests     SHA-256 of the files that leave, read back from disk
and `seconds` of the whole. The goal is at most 2 % for log and signatures together. The register has a fixed price of three forced writes,
whatever the number of rows, so it is shown apart; so are the digests, which grow with the data as reading does. Exit code 1 where the
median share of log and signatures is above the goal.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=5_000_000)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--folder", default=None)
parser.add_argument("--outis", default=str(here.parent.parent / "target/release/outis"))
arguments = parser.parse_args()
folder = pathlib.Path(tempfile.mkdtemp(dir=arguments.folder))
GOAL = 0.02


def outis(*words):
    done = subprocess.run([arguments.outis, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return done.stdout


try:
    source = folder / "in.csv"
    outis("sample", "--rows", arguments.rows, "--output", source)
    for name, suite in (("first", "ed25519"), ("second", "sm2"), ("office", "ed25519")):
        outis("keygen", "--signing", suite, folder / name)
    shares = {}
    for number in range(arguments.runs):
        release = folder / f"out-{number}"
        told = json.loads(outis(
            "run", here / "personal-k.toml", "--input", source, "--output", release, "--threads", arguments.threads,
            "--sign", folder / "first", "--sign", folder / "second",
            "--org-log", folder / "log", "--org-log-sign", folder / "office", "--json", "--quiet",
        ))
        spent, seconds = told["evidence_microseconds"], float(told["seconds"])
        for what, microseconds in spent.items():
            shares.setdefault(what, []).append(microseconds / 1e6 / seconds)
        shares.setdefault("log and signatures", []).append((spent["log"] + spent["signatures"]) / 1e6 / seconds)
        shares.setdefault("seconds", []).append(seconds)
        size = sum((release / "evidence" / name).stat().st_size for name in ("log.jsonl", "times.jsonl"))
        shutil.rmtree(release)
    seconds = statistics.median(shares.pop("seconds"))
    print(f"{arguments.rows} rows, {arguments.threads} threads, median of {arguments.runs}: {seconds:.2f} s; log {size} bytes")
    for what, each in shares.items():
        print(f"  {what:<20} {statistics.median(each):8.3%}   from {min(each):.3%} to {max(each):.3%}")
    sys.exit(0 if statistics.median(shares["log and signatures"]) <= GOAL else 1)
finally:
    shutil.rmtree(folder)
