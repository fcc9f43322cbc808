"""Searches levels on UCI Adult and the ATUS-like rows, and checks Adult beside pycanon, in turn, whole processes.

usage: solve.py [--runs 5] [--threads 1 2] [--shared ../shared] [--outis target/release/outis] [--python PYTHON]
Prints, for each job, medians in milliseconds: the whole process, reading and encoding, the search alone, CPU time.
The python given checks the same columns with pycanon where it has it (pip install pycanon). ARX is not run: its CPU
milliseconds, measured elsewhere, stand beside the jobs that it was given.
"""

import argparse
import csv
import gzip
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
project = here.parent.parent
parser = argparse.ArgumentParser()
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--shared", type=pathlib.Path, default=project.parent / "shared")
parser.add_argument("--outis", default=str(project / "target/release/outis"))
parser.add_argument("--python", default=os.environ.get("OUTIS_PYTHON", sys.executable))
arguments = parser.parse_args()
folder = pathlib.Path(tempfile.mkdtemp())


def profile(name, data, prefix, sensitive, privacy):
    """A profile of all columns of a table, with the hierarchy files beside it."""
    header = csv.reader(open(data), delimiter=";").__next__()
    text = f'name = "{name}"\nversion = "1"\ngoal = "anonymized"\ntier = "closed"\n'
    text += f'[input]\ndelimiter = ";"\n[privacy]\n{privacy}[search]\nminimize = "loss"\n'
    for column in header:
        tree = f'{{ tree = {{ file = "{prefix}{column}.csv", separator = ";" }} }}'
        if column == sensitive:
            text += f'[[column]]\nname = "{column}"\nrole = "sensitive"\nhierarchy = {tree}\n'
        else:
            text += f'[[column]]\nname = "{column}"\nrole = "quasi"\ngeneralize = {tree}\n'
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def process(command):
    """Output, wall and CPU milliseconds of one process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, errors = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = (time.perf_counter() - start) * 1000
    if status != 0:
        sys.exit(f"{command} failed: {errors.decode()}")
    return out, wall, (usage.ru_utime + usage.ru_stime) * 1000


adult = arguments.shared / "data/adult/adult.csv"
hierarchies = f"{arguments.shared}/data/adult/adult_hierarchy_"
loose = 'k_anonymity = 5\nsuppress_at_most = "5%"\n'
close = loose + 't_closeness = { of = "occupation", distance = "hierarchical", t = 0.2 }\n'
# profile, input, CPU milliseconds of ARX 3.9.2
jobs = {
    "adult k=5 5 %": (profile("adult-k", adult, hierarchies, None, loose), adult, 784),
    "adult k=5 t=0.2 5 %": (profile("adult-t", adult, hierarchies, "occupation", close), adult, 994),
}
packed = arguments.shared / "data/synth-atus/synth_atus.csv.gz"
if packed.exists():
    atus = folder / "atus.csv"
    with gzip.open(packed, "rb") as source, open(atus, "wb") as target:
        shutil.copyfileobj(source, target)
    prefix = f"{arguments.shared}/data/synth-atus/synth_atus_hierarchy_"
    tight = 'k_anonymity = 5\nsuppress_at_most = "2%"\n'
    jobs["atus-like k=5 2 %"] = (profile("atus", atus, prefix, None, tight), atus, 147_664)

print(f"{'solve':24}{'threads':>8}{'process':>10}{'encode':>10}{'search':>10}{'CPU':>10}{'ARX CPU':>10}{'nodes':>8}")
for name, (toml, table, arx) in jobs.items():
    measured = {threads: [] for threads in arguments.threads}
    for _ in range(arguments.runs):
        for threads in arguments.threads:
            command = [arguments.outis, "solve", str(toml), "--input", str(table), "--json", "--quiet"]
            out, wall, cpu = process(command + ["--threads", str(threads)])
            found = json.loads(out)
            if not found["optimal"]:
                sys.exit(f"{name}: the optimum is not proven")
            search = found["search_seconds"] * 1000
            measured[threads].append((wall, found["seconds"] * 1000 - search, search, cpu, found["checked"]))
    for threads, rows in measured.items():
        wall, encode, search, cpu, nodes = (statistics.median(column) for column in zip(*rows))
        numbers = f"{wall:10.0f}{encode:10.0f}{search:10.0f}{cpu:10.0f}{arx:10}{nodes:8.0f}"
        print(f"{name:24}{threads:8}{numbers}")

quasi = ["sex", "age", "race", "marital-status", "education", "native-country"]
pycanon = f"""
import json, time
import pandas
from pycanon import anonymity as a
data = pandas.read_csv({str(adult)!r}, sep=";", dtype=str)
start, quasi, sensitive = time.perf_counter(), {quasi!r}, ["occupation"]
found = dict(k=a.k_anonymity(data, quasi), l=a.l_diversity(data, quasi, sensitive))
a.alpha_k_anonymity(data, quasi, sensitive); a.entropy_l_diversity(data, quasi, sensitive)
a.recursive_c_l_diversity(data, quasi, sensitive); a.basic_beta_likeness(data, quasi, sensitive)
a.enhanced_beta_likeness(data, quasi, sensitive); a.t_closeness(data, quasi, sensitive)
a.delta_disclosure(data, quasi, sensitive)
print(json.dumps(dict({{key: int(value) for key, value in found.items()}}, seconds=time.perf_counter() - start)))
"""
if subprocess.run([arguments.python, "-c", "import pycanon"], capture_output=True).returncode != 0:
    sys.exit(f"{arguments.python} has no pycanon: nothing to check beside")
ours, theirs, models = [], [], []
for _ in range(arguments.runs):
    command = [arguments.outis, "check", str(adult), "--delimiter", ";", "--quasi", ",".join(quasi)]
    out, wall, _ = process(command + ["--sensitive", "occupation", "--json", "--quiet"])
    ours.append(wall)
    found = json.loads(out)
    out, wall, _ = process([arguments.python, "-W", "ignore", "-c", pycanon])
    theirs.append(wall)
    other = json.loads(out)
    models.append(other["seconds"] * 1000)
    if (found["k_anonymity"], found["distinct_l_diversity"]) != (other["k"], other["l"]):
        sys.exit("the two sides do not agree on k and l")
ours, theirs, models = (statistics.median(times) for times in (ours, theirs, models))
print(f"\ncheck of adult, {len(quasi)} quasi-identifiers, all models, process: outis {ours:.0f} ms, pycanon {theirs:.0f} ms")
print(f"ratio {theirs / ours:.0f}; pycanon's models alone take {models:.0f} ms")
shutil.rmtree(folder)
