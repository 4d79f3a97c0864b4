"""Stands between SQLite and the system, in SQLite's own table of system calls."""

from __future__ import annotations

import _sqlite3
import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from ctypes import CFUNCTYPE, c_char_p, c_int, c_int64, c_size_t, c_void_p
from typing import Any

Tell = Callable[[str, str], None]

_IOERR_FSYNC = 1034
_OK = 0
_TEMPORARY = "etilqs"
"""SQLite's temporary files, such as the one that VACUUM writes; their place is the system's."""

_GET = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_SET = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
_OPEN_FILE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
"""The name goes on as the address it came as: SQLite keeps it, and a copy would be gone by then."""
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)

_CALLS: dict[str, tuple[str, Any]] = {
    "open": ("open", CFUNCTYPE(c_int, c_char_p, c_int, c_int, use_errno=True)),
    "write": ("write", CFUNCTYPE(c_int64, c_int, c_void_p, c_size_t, use_errno=True)),
    "pwrite": ("write", CFUNCTYPE(c_int64, c_int, c_void_p, c_size_t, c_int64, use_errno=True)),
    "pwrite64": ("write", CFUNCTYPE(c_int64, c_int, c_void_p, c_size_t, c_int64, use_errno=True)),
    "ftruncate": ("truncate", CFUNCTYPE(c_int, c_int, c_int64, use_errno=True)),
    "unlink": ("unlink", CFUNCTYPE(c_int, c_char_p, use_errno=True)),
}


class _Methods(ctypes.Structure):
    _fields_ = [
        ("version", c_int),
        *((f"before_{number}", c_void_p) for number in range(4)),
        ("sync", c_void_p),
        *((f"after_{number}", c_void_p) for number in range(13)),
    ]


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", c_int),
        ("file_size", c_int),
        ("path_size", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        *((f"method_{number}", c_void_p) for number in range(12)),
        ("set_call", c_void_p),
        ("get_call", c_void_p),
        ("next_call", c_void_p),
    ]


@contextlib.contextmanager
def watched_sqlite(tell: Tell) -> Iterator[None]:
    """Be told of what SQLite is about to do, by name and path; an OSError raised is its errno.

    It must not be in use while this begins or ends.
    """
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = c_void_p
    address = library.sqlite3_vfs_find(None)
    vfs = _Vfs.from_address(address)
    watch = _Watch(tell)
    set_call, get_call = _SET(vfs.set_call), _GET(vfs.get_call)
    for name in _CALLS:
        if found := get_call(address, name.encode()):
            set_call(address, name.encode(), watch.call(name, found))
    before = vfs.open
    vfs.open = watch.opening(before)
    try:
        yield
    finally:
        vfs.open = before
        set_call(address, None, None)


class _Watch:
    """What stands in the places of the real calls, kept alive as long as SQLite may call it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._paths: dict[int, str] = {}
        self._kept: list[Any] = []
        self._methods: dict[int, _Methods] = {}
        self._synced: dict[int, str] = {}

    def call(self, name: str, found: int) -> c_void_p:
        """A system call that tells first."""
        told, kind = _CALLS[name]
        real = kind(found)

        def stand_in(first: Any, *arguments: Any) -> int:
            path = os.fsdecode(first) if isinstance(first, bytes) else self._paths.get(first, "")
            try:
                self._tell(told, path)
            except OSError as error:
                ctypes.set_errno(error.errno or 0)
                return -1
            result: int = real(first, *arguments)
            if told == "open" and result >= 0:
                self._paths[result] = path
            return result

        return self._keep(kind(stand_in))

    def opening(self, found: int) -> c_void_p:
        """The opening of a file that lets us stand in the place of its fsync."""
        real = _OPEN_FILE(found)

        def stand_in(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
            result: int = real(vfs, name, file, flags, out)
            place = c_void_p.from_address(file)
            if result == _OK and place.value:
                self._synced[file] = os.fsdecode(ctypes.string_at(name)) if name else ""
                place.value = ctypes.addressof(self._watched(place.value))
            return result

        return self._keep(_OPEN_FILE(stand_in))

    def _watched(self, address: int) -> _Methods:
        known = self._methods.get(address)
        if known is None:
            known = _Methods.from_buffer_copy(_Methods.from_address(address))
            real = _SYNC(known.sync)

            def sync(file: int, flags: int) -> int:
                try:
                    self._tell("sync", self._synced.get(file, ""))
                except OSError:
                    return _IOERR_FSYNC
                result: int = real(file, flags)
                return result

            known.sync = self._keep(_SYNC(sync)).value
            self._methods[address] = known
        return known

    def _keep(self, function: Any) -> c_void_p:
        self._kept.append(function)
        return ctypes.cast(function, c_void_p)
