#!/usr/bin/env python3
"""Runs the queries of docs/columns.md on samples, and checks that all captures have the same columns.

Usage: tests/columns.py WHITHER [WHITHER-WITH-ARROW], with duckdb, polars and pyarrow from PyPI. ClickHouse's queries need chdb, and
are passed over with a word where it is not there; so are streams of Arrow without a program that writes them.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
WHITHER = Path(sys.argv[1]).resolve()
WITH_ARROW = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
# A capture with owners, a full one, and one of which no flow is left.
CAPTURES = {
    "full": ["samples/phone.pcapng"],
    "owners": ["samples/owner"],
    "sparse": ["samples/vlan.pcap"],
    "empty": ["samples/vlan.pcap", "--app", "signal"],
}


def flows(arguments, into):
    with open(into, "wb") as out:
        command = [WHITHER, "flows", *arguments, "--format", "parquet", "--quiet"]
        code = subprocess.run(command, cwd=ROOT, stdout=out).returncode
    assert code in (0, 1), f"{arguments}: exit status {code}"


def same_columns(folder):
    schemas = {}
    for name, arguments in CAPTURES.items():
        path = folder / f"{name}.parquet"
        flows(arguments, path)
        schema = pq.read_schema(path).remove_metadata()
        described = str(duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'"))
        schemas[name] = (schema, described, str(pl.read_parquet_schema(path)))
    first = schemas["full"]
    for name, schema in schemas.items():
        assert schema == first, f"the columns of {name} differ from those of a full capture"
    everything = pq.read_table(folder / "owners.parquet")
    assert any(owner for owner in everything["owner"].to_pylist()), "no owner in the owners' samples"
    assert pq.read_metadata(folder / "empty.parquet").num_rows == 0
    facts = pq.read_metadata(folder / "empty.parquet").metadata
    assert facts[b"whither.flow_record"] == b"1", facts
    print("columns: the same in", ", ".join(schemas))


def same_as_arrow(folder):
    """A stream has the schema of the file, its metadata too, and the same rows."""
    if WITH_ARROW is None:
        ended = subprocess.run([WHITHER, "flows", "samples/vlan.pcap", "--format", "arrow"], cwd=ROOT, capture_output=True, text=True)
        if ended.returncode == 2:
            assert "--features columns" in ended.stderr, ended.stderr
            print("columns: no program that writes Arrow, so that streams are passed over")
            return
    for name, arguments in CAPTURES.items():
        command = [WITH_ARROW or WHITHER, "flows", *arguments, "--format", "arrow", "--quiet"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True)
        assert ended.returncode in (0, 1), ended.stderr
        table, file = pa.ipc.open_stream(ended.stdout).read_all(), pq.read_table(folder / f"{name}.parquet")
        assert table.schema.equals(file.schema, check_metadata=True), name
        assert table.to_pylist() == file.to_pylist(), name
    print("columns: streams of Arrow are the same as files of Parquet")


def same_as_lines(folder):
    """Every value is that of the record of NDJSON."""
    command = [WHITHER, "flows", "samples/phone.pcapng", "--quiet"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.splitlines()
    import json

    rows = pq.read_table(folder / "full.parquet").to_pylist()
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines):
        for name, value in json.loads(line).items():
            if name in ("first_seen", "last_seen"):
                assert str(row[name]).replace(" ", "T")[:19] == value[:19], (name, row[name], value)
            else:
                assert without_null(row[name]) == value, (name, row[name], value)
    print("columns: every value is that of NDJSON,", len(rows), "rows")


def without_null(value):
    """Fields that JSON leaves out are null in structs."""
    if isinstance(value, list):
        return [without_null(one) for one in value]
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if one is not None}
    return value


def queries(folder):
    (folder / "flows.parquet").write_bytes((folder / "full.parquet").read_bytes())
    command = [WHITHER, "map", "samples/phone.pcapng", "--parquet", folder / "destinations.parquet", "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    try:
        import chdb
    except ImportError:
        chdb = None
        print("columns: no chdb, so that ClickHouse's queries are passed over")
    page = (ROOT / "docs/columns.md").read_text()
    counts = {}
    for language, code in re.findall(r"```(sql|python)\n(.*?)```", page, re.S):
        engine = code.split("\n", 1)[0].strip("-# ")
        code = code.replace("flows.parquet", str(folder / "flows.parquet"))
        code = code.replace("destinations.parquet", str(folder / "destinations.parquet"))
        if engine == "DuckDB":
            rows = len(duckdb.sql(code).fetchall())
        elif engine == "Polars":
            *before, last = split(code)
            space = {"pl": pl}
            exec("\n".join(before), space)
            rows = len(eval(last, space))
        elif engine == "ClickHouse" and chdb:
            rows = str(chdb.query(code, "CSV")).count("\n")
        else:
            assert engine == "ClickHouse", f"a query of {engine!r}"
            continue
        assert rows > 0, f"no row:\n{code}"
        counts[engine] = counts.get(engine, 0) + 1
    assert counts["DuckDB"] == 10, counts
    geo = duckdb.sql(f"SELECT typeof(geometry) FROM '{folder}/destinations.parquet' LIMIT 1").fetchall()[0][0]
    print("columns: queries run:", counts, "geometry:", geo)


def split(code):
    """Statements of Python, the last of which is an expression."""
    import ast

    lines = code.splitlines()
    last = ast.parse(code).body[-1].lineno - 1
    return ["\n".join(lines[:last]), "\n".join(lines[last:])]


with tempfile.TemporaryDirectory() as name:
    same_columns(Path(name))
    same_as_arrow(Path(name))
    same_as_lines(Path(name))
    queries(Path(name))
