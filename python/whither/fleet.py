"""Captures read in ranges by many processes or machines; together they come to the report of one.

>>> tasks = whither.fleet.plan("samples/phone.pcap", range_bytes=500_000)
>>> rows = [row for task in tasks for row in whither.fleet.read(task)]
>>> while again := whither.fleet.verify(rows, tasks):
...     rows += [row for task in again for row in whither.fleet.read(task)]
>>> whither.fleet.merge(rows).to_dict()["apps"][0]["id"]
'wechat'

Tasks are texts and rows are tuples, which any scheduler carries; :mod:`whither.spark` does so with Spark. The project's
``docs/fleet.md`` says what is in a row, and why ranges are verified.
"""

from whither._whither import COLUMNS, RangeRows, join, merge, plan, proven, read, verify

__all__ = ["COLUMNS", "RangeRows", "join", "merge", "plan", "proven", "read", "verify"]
