"""Flow records as a data source of Spark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import datasource, types
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

import whither
from whither._whither import FlowRecord
from whither.spark import local

# Since pyspark 4.1.
CAN_PUSH = hasattr(datasource, "EqualTo")
_TIME = pa.timestamp("us", "UTC")
# One range for each file.
_WHOLE = 1 << 62
_SIMPLE = {
    pa.int64(): types.LongType(),
    pa.float64(): types.DoubleType(),
    pa.bool_(): types.BooleanType(),
    pa.string(): types.StringType(),
    pa.binary(): types.BinaryType(),
    _TIME: types.TimestampType(),
}
_COMPARED = {
    "EqualTo": pc.equal,
    "GreaterThan": pc.greater,
    "GreaterThanOrEqual": pc.greater_equal,
    "LessThan": pc.less,
    "LessThanOrEqual": pc.less_equal,
}


def _as_spark_has_it(kind: pa.DataType) -> pa.DataType:
    """Spark's times have microseconds, and it takes a batch only if all in it may be null, also in lists and structs."""
    if pa.types.is_timestamp(kind):
        return _TIME
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", _as_spark_has_it(kind.value_type), True))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _as_spark_has_it(field.type), True) for field in kind])
    return kind


def _in_spark(kind: pa.DataType) -> types.DataType:
    """The type that Spark has for it."""
    if pa.types.is_list(kind):
        return types.ArrayType(_in_spark(kind.value_type), True)
    if pa.types.is_struct(kind):
        return types.StructType([types.StructField(field.name, _in_spark(field.type), True) for field in kind])
    return _SIMPLE[kind]


def _record() -> pa.Schema:
    """The columns of the flow record. They are the same for every capture, so that none is read."""
    return pa.schema([pa.field(field.name, _as_spark_has_it(field.type), True) for field in pa.schema(FlowRecord())])


class FlowSource(DataSource):
    """``spark.read.format("whither")``."""

    @classmethod
    def name(cls) -> str:
        return "whither"

    def schema(self) -> types.StructType:
        return types.StructType([types.StructField(field.name, _in_spark(field.type), True) for field in _record()])

    def reader(self, schema: types.StructType) -> FlowReader:
        return FlowReader(self._checked(schema))

    def _checked(self, schema: types.StructType) -> dict[str, Any]:
        """The captures, and what becomes of those that broke off."""
        if schema != self.schema():
            raise ValueError("the columns of flow records are given; choose and cast them after load()")
        several, one = self.options.get("paths"), self.options.get("path")
        paths = json.loads(several) if several else [one] if one else []
        if not paths:
            raise ValueError('no captures are named: spark.read.format("whither").load("/mnt/captures")')
        return {"paths": local(paths), "errors": self.options.get("errors", "warn")}


class FlowReader(DataSourceReader):
    """Reads each file in a task of its own."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.paths: list[str] = wanted["paths"]
        self.errors: str = wanted["errors"]
        self.apps: list[str] | None = None
        self.times: list[tuple[str, datetime]] = []

    def partitions(self) -> list[InputPartition]:
        tasks = whither.fleet.plan(self.paths, range_bytes=_WHOLE, errors=self.errors)
        return [InputPartition(json.loads(task)["name"]) for task in tasks]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        schema = _record()
        for batch in pa.RecordBatchReader.from_stream(self._flows(partition.value)):
            columns = [column.cast(field.type, safe=False) for column, field in zip(batch.columns, schema, strict=True)]
            batch = pa.RecordBatch.from_arrays(columns, schema=schema)
            for comparison, time in self.times:
                batch = batch.filter(_COMPARED[comparison](batch.column("first_seen"), pa.scalar(time, _TIME)))
            if batch.num_rows:
                yield batch

    def _flows(self, path: str) -> whither.Flows:
        # On one thread: Spark gives each processor a task.
        try:
            return whither.flows(path, app=self.apps, threads=1, errors=self.errors)
        except ValueError:
            # An app that the catalogue does not know, and takes for a slip of the pen. Spark compares the flows.
            return whither.flows(path, threads=1, errors=self.errors)


class FilteringFlowSource(FlowSource):
    """The same where Spark says which flows it wants."""

    def reader(self, schema: types.StructType) -> FlowReader:
        return FilteringFlowReader(self._checked(schema))


class FilteringFlowReader(FlowReader):
    """Leaves out flows that Spark would leave out. Spark looks at the others itself once more, so that all filters stay with it."""

    def pushFilters(self, filters: list[Any]) -> Iterable[Any]:  # noqa: N802
        for one in filters:
            kind, column, value = type(one).__name__, getattr(one, "attribute", None), getattr(one, "value", None)
            if column == ("app",) and kind in ("EqualTo", "In") and self.apps is None:
                apps = list(value) if kind == "In" else [value]
                self.apps = apps if apps and all(isinstance(app, str) for app in apps) else None
            # A time without a zone would be one of the session's, which is not known here.
            elif column == ("first_seen",) and kind in _COMPARED and isinstance(value, datetime) and value.tzinfo:
                self.times.append((kind, value))
        return filters
