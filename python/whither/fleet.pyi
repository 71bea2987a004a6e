"""Captures read in ranges by many processes or machines; together they come to the report of one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias, final

from whither import Report, _Errors, _Path, _Paths

_Row: TypeAlias = Sequence[int | str | bytes | bytearray | None]

COLUMNS: list[tuple[str, Literal["int", "str", "bytes"]]]
"""The columns of rows, in order."""

@final
class RangeRows:
    """The rows of one range, as :func:`read` and :func:`join` give them."""

    def __iter__(self) -> Iterator[tuple[int | str | bytes | None, ...]]: ...
    def __next__(self) -> tuple[int | str | bytes | None, ...]: ...

def plan(paths: _Paths, *, range_bytes: int = 67_108_864, errors: _Errors = "warn") -> list[str]: ...
def read(task: str) -> RangeRows: ...
def verify(rows: Iterable[_Row], tasks: Sequence[str]) -> list[str]: ...
def proven(rows: Iterable[_Row]) -> list[tuple[int | str | bytes | None, ...]]: ...
def join(rows: Iterable[_Row]) -> RangeRows: ...
def merge(
    rows: Iterable[_Row],
    *,
    proofs: Iterable[_Row] | None = None,
    from_: str | None = None,
    app: str | Sequence[str] | None = None,
    device: str | Sequence[str] | None = None,
    geo: _Paths | None = None,
    apps: _Paths | None = None,
    threads: int | None = None,
    max_memory: int | None = None,
    errors: _Errors = "warn",
) -> Report: ...
