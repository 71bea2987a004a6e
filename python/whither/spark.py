"""Captures read on a cluster by Spark, which whither has to be installed on: ``pip install`` the wheel on every node.

    report = whither.spark.map(spark, "/mnt/captures")          # the report of whither.map, read in ranges
    whither.spark.register(spark)                               # pyspark 4.0 and later
    spark.read.format("whither").load("/mnt/captures").groupBy("app").count().show()

Captures are files that all nodes have under the same paths, relative ones made absolute, or, if the wheel was built with the feature
``object-storage``, objects such as ``s3://bucket/key``, for which every node needs the environment of ``docs/fleet.md``. Needs pyspark, and pyarrow and pandas, which it needs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from json import loads
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyspark
from pyspark import StorageLevel
from pyspark.sql import DataFrame, functions
from pyspark.sql.types import BinaryType, LongType, StringType, StructField, StructType

from whither import CaptureError, Report, fleet

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["map", "register"]

_Path = str | os.PathLike[str]
_TYPES = {"int": (LongType(), pa.int64()), "str": (StringType(), pa.string()), "bytes": (BinaryType(), pa.binary())}
# Spark compares a batch's schema with its own, and takes none that differs in anything.
_ROW = pa.schema([(name, _TYPES[kind][1]) for name, kind in fleet.COLUMNS])
_ROW_IN_SPARK = StructType([StructField(name, _TYPES[kind][0], True) for name, kind in fleet.COLUMNS])
_ORDER = ("capture", "from", "to", "start", "part", "chunk")
# What names a reading, and the group that it belongs to.
_GROUPED = StructType([StructField(name, LongType(), True) for name in (*_ORDER[:4], "group")])
# Bytes of a capture whose ranges are joined by one task. It has their rows in memory, of 1 to 12 % as many bytes.
_GROUP_BYTES = 1 << 30
# Since pyspark 4.1 a group's rows come one after another. Before it, everything is merged by the driver.
_CAN_JOIN = tuple(int(part) for part in pyspark.__version__.split(".")[:2]) >= (4, 1)
# How Python's traceback, which Spark hands on as text, says what went wrong with a capture.
_FAILURE = re.compile(r"^\s*(?:\S+ )?whither\.errors\.CaptureError: (.+?)\s*$", re.MULTILINE)


def map(  # noqa: A001
    spark: SparkSession,
    paths: _Path | Sequence[_Path],
    *,
    range_bytes: int = 67_108_864,
    from_: str | None = None,
    app: str | Sequence[str] | None = None,
    device: str | Sequence[str] | None = None,
    geo: _Path | Sequence[_Path] | None = None,
    apps: _Path | Sequence[_Path] | None = None,
    threads: int | None = None,
    max_memory: int | None = None,
    errors: str = "warn",
) -> Report:
    """The report that ``whither.map`` makes of the captures, with one Spark task for each range of ``range_bytes``.

    Ranges are verified here, and those that began at the wrong place are read again, before anything is merged. Then the nodes join those
    that follow each other, one task for each GiB of a capture, and what they come to is merged here as it comes, with ``threads`` and
    ``max_memory``. Where a worker is lost, Spark reads or joins its ranges elsewhere; a range that was read twice counts once. A capture
    that changes while it is read is a ``CaptureError``. The other arguments are those of ``whither.map``.
    """
    plan = fleet.plan(local(paths), range_bytes=range_bytes, errors=errors)
    read: list[DataFrame] = []
    kept: list[DataFrame] = []
    proofs: list[tuple[int | str | bytes | None, ...]] = []
    again = plan
    try:
        while again:
            frame = spark.range(0, len(again), 1, len(again)).mapInArrow(_reader(again), _ROW_IN_SPARK)
            # On disk: what is verified is what is merged, unless a node is lost, and then it is read again.
            read.append(_kept(frame, kept))
            proofs += read[-1].select(*_ROW.names[:-1]).collect()
            again = fleet.verify(proofs, plan)
        rows, groups = reduce(DataFrame.unionAll, read), _groups(fleet.proven(proofs))
        if _CAN_JOIN and 1 < len(groups) < sum(len(group) for group in groups):
            rows = _kept(_joined(spark, rows, groups), kept)
            proofs = rows.where("kind = 'range'").select(*_ROW.names[:-1]).collect()
        return fleet.merge(
            # Sorted on the nodes, and here a few at a time.
            rows.where("kind = 'part'").orderBy(*_ORDER).toLocalIterator(),
            proofs=[row for row in proofs if row["kind"] == "range"],
            from_=from_,
            app=app,
            device=device,
            geo=geo,
            apps=apps,
            threads=threads,
            max_memory=max_memory,
            errors=errors,
        )
    except CaptureError:
        raise
    except Exception as error:
        failed = _capture_error(error, plan)
        if failed is None:
            raise
        raise failed from error
    finally:
        for frame in kept:
            frame.unpersist()


def register(spark: SparkSession) -> None:
    """Makes ``spark.read.format("whither").load(paths)`` known to a session: the flow records of ``whither.flows``, with one task for
    each file. ``load`` takes a path or a list of them.

    With pyspark 4.1 and later, ``app = …``, ``app IN (…)`` and ranges of ``first_seen`` leave out flows before they leave Python, for
    which ``spark.sql.python.filterPushdown.enabled`` is set.
    """
    from whither import _spark_source

    source = _spark_source.FlowSource
    if _spark_source.CAN_PUSH:
        spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
        source = _spark_source.FilteringFlowSource
    spark.dataSource.register(source)


def _kept(frame: DataFrame, kept: list[DataFrame]) -> DataFrame:
    """The rows, on the disks of the nodes once they are computed."""
    kept.append(frame.persist(StorageLevel.DISK_ONLY))
    return kept[-1]


def _groups(proven: list[tuple[int | str | bytes | None, ...]]) -> list[list[dict[str, int]]]:
    """Proven ranges that one task joins: they follow each other in one capture."""
    groups: list[list[dict[str, int]]] = []
    for row in proven:
        one = dict(zip(_ROW.names, row, strict=True))
        group = groups[-1] if groups else None
        if group and group[0]["capture"] == one["capture"] and one["to"] - group[0]["from"] <= _GROUP_BYTES:
            group.append(one)
        else:
            groups.append([one])
    return groups


def _joined(spark: SparkSession, rows: DataFrame, groups: list[list[dict[str, int]]]) -> DataFrame:
    """The rows of groups, each joined by one task. Rows of what is not proven are left out."""
    members = [(*(one[name] for name in _ORDER[:4]), at) for at, group in enumerate(groups) for one in group]
    grouped = rows.join(functions.broadcast(spark.createDataFrame(members, _GROUPED)), list(_ORDER[:4]))
    # The number of partitions is given, so that Spark does not put small ones together.
    by_group = grouped.select(*_ROW.names, "group").repartition(len(groups), "group").groupBy("group")
    return by_group.applyInArrow(_joiner(), _ROW_IN_SPARK)


def _joiner() -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What a node does with the rows of a group."""

    # Spark learns from the types that the batches come one after another.
    def join(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        width = len(_ROW)
        rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns[:width]), strict=True))
        return _batches(fleet.join(rows))

    return join


def _batches(rows: Iterable[Sequence[int | str | bytes | None]]) -> Iterator[pa.RecordBatch]:
    """A batch of each row, which has up to 1 MiB."""
    for row in rows:
        columns = [pa.array([value], field.type) for value, field in zip(row, _ROW, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=_ROW)


def local(paths: _Path | Sequence[_Path]) -> list[str]:
    """Paths as all nodes can open them: absolute, and without ``file:``. URLs of objects stay as they are."""
    return [_absolute(os.fspath(path)) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]


def _absolute(path: str) -> str:
    uri = urlsplit(path)
    if uri.scheme == "file" and uri.netloc in ("", "localhost"):
        return unquote(uri.path)
    if uri.scheme in ("s3", "s3a"):
        return path
    if "://" in path:
        raise ValueError(f"{path}: only files and s3:// are read; mount it under the same path on all nodes")
    return os.path.abspath(path)


def _reader(tasks: list[str]) -> Callable[[Iterator[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """What a node does with the numbers of tasks."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for at in batch.column(0).to_pylist():
                yield from _batches(fleet.read(tasks[at]))

    return read


def _capture_error(error: Exception, plan: list[str]) -> CaptureError | None:
    """What a node said of a capture, if that is why the job failed."""
    found = _FAILURE.findall(str(error))
    if not found:
        return None
    names = {name for task in plan if found[-1].startswith((name := loads(task)["name"]) + ": ")}
    return CaptureError(found[-1], max(names, key=len, default=None))
