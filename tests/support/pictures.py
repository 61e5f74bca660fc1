"""Files that residents send, and files that only pretend to be such."""

import io
import struct
import zipfile
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
        _chunk(name, body)
        for name, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + end


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG that also holds this, before its picture."""
    at = png.index(b"IDAT") - 4
    return png[:at] + _chunk(name, body) + png[at:]


def talkative_png(megabytes: int = 40) -> bytes:
    """A small PNG whose comment unpacks to that much."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    words = zlib.compress(b"\0" * megabytes * 1024 * 1024, 9)
    return with_chunk(file.getvalue(), b"zTXt", b"Comment\0\0" + words)


def endless_jpeg(scans: int = 2000) -> bytes:
    """A JPEG of 24 megapixels and 200 KB that is drawn over and over."""
    file = io.BytesIO()
    Image.new("RGB", (6000, 4000), "#b06a3b").save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * scans + content[-2:]


def zip_bomb(megabytes: int = 40) -> bytes:
    """An archive that unpacks to that much; a modern office file is one as well."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * megabytes * 1024 * 1024)
    return file.getvalue()


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
