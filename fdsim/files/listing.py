"""One line for one file, in the manner of ``ls -l`` (DIR-EST-6, DIR-RST-24)."""

from __future__ import annotations

import grp
import pwd
import stat
import time
from functools import lru_cache

from fdsim.wire.lstat import LStat


def listing_line(status: LStat, name: str, link: str = "") -> str:
    """The line of a file, with its newline.

    The date is that of the last status change: 9.6.7 prints it, against what its documents say (DIR-EST-6, SD-RST-13).
    """
    try:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.ctime))
    except (OSError, OverflowError, ValueError):
        when = str(status.ctime)  # a year beyond the calendar, from a damaged or hostile volume
    arrow = f" -> {link}" if link and stat.S_ISLNK(status.mode) else ""
    return (
        f"{stat.filemode(status.mode)}  {status.nlink:2d} {_user(status.uid):<8.8} {_group(status.gid):<8.8} "
        f"{status.size:>18} {when}  {name}{arrow}\n"
    )


@lru_cache(maxsize=1024)
def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return str(number)


@lru_cache(maxsize=1024)
def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except (KeyError, OverflowError):
        return str(number)
