"""What whither raises and warns of."""

from __future__ import annotations

import os
from typing import Any


class CaptureError(OSError):
    """A file cannot be read, or is not what it should be.

    ``path`` is the file; ``offset`` and ``frame`` say where in a capture, and are ``None`` where no place in it is at fault.
    """

    path: str | None
    offset: int | None
    frame: int | None

    def __init__(
        self,
        message: str = "",
        path: str | os.PathLike[str] | None = None,
        offset: int | None = None,
        frame: int | None = None,
    ) -> None:
        super().__init__(message)
        self.path = None if path is None else os.fspath(path)
        self.offset = offset
        self.frame = frame

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.path, self.offset, self.frame)


class CaptureWarning(UserWarning):
    """A capture broke off, or a file in a folder cannot be read; everything else is in the result."""
