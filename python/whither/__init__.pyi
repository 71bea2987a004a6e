"""Where does my app's data go? Packet captures as data frames and maps, offline."""

import os
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, TypeAlias, final

from whither import fleet as fleet
from whither.errors import CaptureError as CaptureError
from whither.errors import CaptureWarning as CaptureWarning

__version__: str

_Path: TypeAlias = str | os.PathLike[str]
_Paths: TypeAlias = _Path | Sequence[_Path]
_Errors: TypeAlias = Literal["raise", "warn", "ignore"]

@final
class Flows:
    """Flows of captures, as :func:`flows` gives them. They can be read again and again."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __iter__(self) -> Iterator[dict[str, Any]]: ...

@final
class Report:
    """Per app, where its data went, as :func:`map` gives it. In a notebook it shows the map."""

    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...
    def html(self) -> str: ...
    def svg(self) -> str: ...
    def _repr_html_(self) -> str: ...

@final
class Check:
    """What came of a policy, as :func:`check` gives it. It is true if all rules pass."""

    @property
    def ok(self) -> bool: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...
    def __bool__(self) -> bool: ...

def flows(
    paths: _Paths,
    *,
    app: str | Sequence[str] | None = None,
    device: str | Sequence[str] | None = None,
    geo: _Paths | None = None,
    apps: _Paths | None = None,
    threads: int | None = None,
    max_memory: int | None = None,
    errors: _Errors = "warn",
) -> Flows: ...
def map(
    paths: _Paths,
    *,
    from_: str | None = None,
    app: str | Sequence[str] | None = None,
    device: str | Sequence[str] | None = None,
    geo: _Paths | None = None,
    apps: _Paths | None = None,
    threads: int | None = None,
    max_memory: int | None = None,
    errors: _Errors = "warn",
) -> Report: ...
def check(
    policy: _Path,
    paths: _Paths,
    *,
    from_: str | None = None,
    undecidable: Literal["fail", "pass"] = "fail",
    require_observed: bool = False,
    geo: _Paths | None = None,
    apps: _Paths | None = None,
    threads: int | None = None,
    max_memory: int | None = None,
    errors: _Errors = "warn",
) -> Check: ...
def lookup(subject: str | IPv4Address | IPv6Address) -> dict[str, Any]: ...
