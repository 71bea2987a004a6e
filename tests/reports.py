#!/usr/bin/env python3
"""Reads what `whither check` writes for continuous integration as other tools do.

Usage: tests/reports.py WHITHER SCHEMA, with the JSON Schema of SARIF 2.1.0 (the crate serde-sarif ships it), and with junitparser
and jsonschema from PyPI.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import junitparser

ROOT = Path(__file__).resolve().parent.parent
WHITHER, SCHEMA = (Path(argument).resolve() for argument in sys.argv[1:3])
RULES = 4


def check(capture, folder, is_cut=False):
    sarif, junit = folder / "check.sarif", folder / "check.xml"
    command = [WHITHER, "check", "samples/claim.toml", capture, "--sarif", sarif, "--junit", junit, "--quiet"]
    code = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
    assert code == 1, f"{capture}: exit status {code}, though rules do not pass"
    report = json.loads(sarif.read_text())
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    results = report["runs"][0]["results"]
    suites = junitparser.JUnitXml.fromfile(str(junit))
    failed = suites.failures + suites.errors
    # A capture that ended early is a test of its own, and no result: it has no line in the policy.
    assert suites.tests >= RULES and failed - is_cut == len(results), (suites.tests, failed, len(results))
    print(f"reports: {capture}: {suites.tests} tests, {failed} of which do not pass; {len(results)} results in SARIF")


with tempfile.TemporaryDirectory() as name:
    check("samples/claim-taipei.pcap", Path(name))
    check("samples/claim-delhi.pcap", Path(name))
    check("samples/broken/cut-in-record.pcap", Path(name), is_cut=True)
