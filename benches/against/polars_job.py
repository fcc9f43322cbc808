"""The other side: the same de-identification written by hand with Python polars and its compiled hash plugin.

token on id_no and phone (HMAC-SHA-256), name dropped, email masked, birth to year, postcode to 3 digits, rest kept;
scan_csv to sink_csv, streaming. No shuffle, no gate, no log, no classes.

usage: polars_job.py INPUT.csv OUTPUT.csv
"""

import os
import secrets
import sys

os.environ.setdefault("POLARS_MAX_THREADS", "2")
import polars as pl  # noqa: E402
import polars_hash as plh  # noqa: E402

source, target = sys.argv[1:3]
key = secrets.token_hex(32)
names = pl.scan_csv(source, n_rows=1).collect_schema().names()
job = pl.scan_csv(source, schema={name: pl.String for name in names}).select(
    plh.col("id_no").chash.hmac_sha256(key=key).alias("id_no"),
    plh.col("phone").chash.hmac_sha256(key=key).alias("phone"),
    pl.col("email").str.replace(r"^(.).*@", "$1***@"),
    "gender",
    pl.col("birth").str.slice(0, 4),
    pl.col("postcode").str.slice(0, 3) + "***",
    "amount",
    "diagnosis",
)
job.sink_csv(target, engine="streaming")
