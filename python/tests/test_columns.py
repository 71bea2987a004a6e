"""Other packages take the stream, and all see the same."""

import json

import pytest

import whither

pa = pytest.importorskip("pyarrow")
CAPTURES = {
    "full": {"paths": "samples/phone.pcapng"},
    "owners": {"paths": "samples/owner"},
    "sparse": {"paths": "samples/vlan.pcap"},
    "empty": {"paths": "samples/vlan.pcap", "app": "signal"},
}


def rows(name):
    return list(whither.flows(**CAPTURES[name]))


@pytest.mark.parametrize("name", CAPTURES)
def test_columns_are_the_same_for_every_capture(name):
    table = pa.table(whither.flows(**CAPTURES[name]))
    assert table.schema.equals(pa.schema(whither.flows("samples/phone.pcapng")), check_metadata=True)
    assert table.schema.metadata == {b"whither.flow_record": b"1"}
    assert table.num_rows == len(rows(name))
    table.validate(full=True)
    assert table.cast(table.schema).equals(table)
    table = pa.RecordBatchReader.from_stream(whither.flows(**CAPTURES[name])).read_all()
    assert table.num_rows == len(rows(name))


def test_rows_are_what_the_columns_hold():
    def whole(value):
        if isinstance(value, list):
            return [whole(one) for one in value]
        return {key: whole(one) for key, one in value.items() if one is not None} if isinstance(value, dict) else value

    table = pa.table(whither.flows("samples/phone.pcapng"))
    names = [name for name in table.column_names if name not in ("first_seen", "last_seen")]
    for row, columns in zip(rows("full"), table.select(names).to_pylist(), strict=True):
        assert whole({name: row[name] for name in names}) == whole(columns)
    assert str(table.schema.field("first_seen").type) == "timestamp[ns, tz=UTC]"


def test_polars():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(whither.flows("samples/phone.pcapng"))
    assert frame.height == len(rows("full"))
    assert frame.filter(pl.col("app") == "wechat").height > 0
    assert pl.DataFrame(whither.flows(**CAPTURES["empty"])).schema == frame.schema


def test_duckdb():
    duckdb = pytest.importorskip("duckdb")
    flows = whither.flows("samples/phone.pcapng")
    # Twice: the captures are read anew each time.
    for _ in range(2):
        assert duckdb.sql("SELECT count(*) FROM flows").fetchall() == [(len(rows("full")),)]
    found = duckdb.sql("SELECT unnest(names).name FROM flows WHERE app = 'wechat'").fetchall()
    assert any("qq.com" in name for (name,) in found)


def test_pandas():
    pytest.importorskip("pandas")
    frame = pa.table(whither.flows("samples/phone.pcapng")).to_pandas()
    assert len(frame) == len(rows("full")) and str(frame["first_seen"].dtype) == "datetime64[ns, UTC]"


def test_a_stream_that_is_not_read_ends():
    reader = pa.RecordBatchReader.from_stream(whither.flows("samples/phone.pcapng"))
    del reader
    iterator = iter(whither.flows("samples/phone.pcapng"))
    assert json.dumps(next(iterator))
    del iterator
