"""Runs both sides in turn on the same made-up records and prints medians and their ratio.

usage: compare.py [--rows 5000000] [--runs 5] [--threads 2] [--folder FOLDER] [--outis target/release/outis]
needs: pip install polars polars-hash. Every run is a whole process; peak memory is the kernel's account of it.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=5_000_000)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--folder", default=None)
parser.add_argument("--outis", default=str(here.parent.parent / "target/release/outis"))
arguments = parser.parse_args()
folder = pathlib.Path(tempfile.mkdtemp(dir=arguments.folder))


def run(command):
    """Seconds and peak megabytes of one process."""
    environment = dict(os.environ, POLARS_MAX_THREADS=str(arguments.threads))
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command[0]} failed with {status}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def ours(profile):
    target = folder / "release"
    shutil.rmtree(target, ignore_errors=True)
    return run([arguments.outis, "run", str(here / profile), "--input", str(data), "--output", str(target),
                "--threads", str(arguments.threads), "--quiet"])


def theirs():
    target = folder / "polars.csv"
    target.unlink(missing_ok=True)
    return run([sys.executable, str(here / "polars_job.py"), str(data), str(target)])


try:
    data = folder / "personal.csv"
    subprocess.run([arguments.outis, "sample", "--rows", str(arguments.rows), "--output", str(data), "--quiet"], check=True)
    sides = {
        "polars by hand": theirs,
        "outis, no classes": lambda: ours("personal.toml"),
        "outis, k = 11": lambda: ours("personal-k.toml"),
    }
    for side in sides.values():  # warm the page cache and the libraries
        side()
    runs = {name: [] for name in sides}
    for _ in range(arguments.runs):
        for name, side in sides.items():
            runs[name].append(side())
    print(f"{arguments.rows} rows, {data.stat().st_size / 1e6:.0f} MB, {arguments.threads} threads, median of {arguments.runs}")
    base = statistics.median(seconds for seconds, _, _ in runs["polars by hand"])
    for name, measured in runs.items():
        seconds = [second for second, _, _ in measured]
        median = statistics.median(seconds)
        print(f"{name:20} {median:6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})  {arguments.rows / median / 1e6:6.2f} M rows/s"
              f"  {base / median:5.2f} x  {statistics.median(c for _, _, c in measured):6.2f} CPU s"
              f"  {max(memory for _, memory, _ in measured):6.0f} MB peak")
finally:
    shutil.rmtree(folder, ignore_errors=True)
