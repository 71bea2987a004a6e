"""Where does my app's data go? Packet captures as data frames and maps, offline.

>>> import whither
>>> whither.map("samples/phone.pcapng").to_dict()["apps"][0]["id"]
'wechat'

Captures are named by path: a file, a folder, a pattern, or a list of these. What the columns and words mean stands in the
project's ``docs/columns.md`` and ``docs/evidence.md``. Examples here are run in the folder of the project's samples.
"""

from whither import fleet
from whither._whither import Check, Flows, Report, __version__, check, flows, lookup, map
from whither.errors import CaptureError, CaptureWarning

__all__ = [
    "CaptureError",
    "CaptureWarning",
    "Check",
    "Flows",
    "Report",
    "__version__",
    "check",
    "fleet",
    "flows",
    "lookup",
    "map",
]
