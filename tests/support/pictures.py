"""Files that residents send, and files that only pretend to be such."""

import io
import struct
import zlib

from PIL import Image

ORIENTATION, GPS = 0x0112, 0x8825


def photo(width: int = 640, height: int = 480, *, kind: str = "JPEG") -> bytes:
    """A picture as a telephone takes it: lying on its side, and saying where."""
    picture = Image.effect_noise((width, height), 40).convert("RGB")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[2] = (14.0, 57.0, 12.0)
    file = io.BytesIO()
    picture.save(file, kind, exif=exif, comment=b"nha ong Bay")
    return file.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some kilobytes that unpacks to gigabytes."""
    lines = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    data = b"".join(lines.compress(row) for _ in range(64)) + lines.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body))
        + name
        + body
        + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def iso(brand: bytes, *tracks: bytes) -> bytes:
    """The outline of an MP4, M4A or HEIC file."""
    boxes = b"".join(b"\0\0\0\x20hdlr" + b"\0" * 8 + track for track in tracks)
    return b"\0\0\0\x18ftyp" + brand + b"\0" * 12 + boxes


WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm"
VOICE = WEBM + b"\x86\x86A_OPUS"
FILM = WEBM + b"\x86\x85V_VP8"
PDF = b"%PDF-1.7\n%%EOF\n"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
