"""Small pictures, made where they are needed."""

import struct
import zlib


def png(width: int, height: int) -> bytes:
    """A valid PNG: a slope of blue on white."""
    rows = b"".join(
        b"\x00" + b"".join(_pixel(x, y, width, height) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _pixel(x: int, y: int, width: int, height: int) -> bytes:
    return b"\x1f\x4e\x8c" if (height - y) * width < (x + 1) * height else b"\xff\xff\xff"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
