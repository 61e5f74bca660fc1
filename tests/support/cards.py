"""Pictures that look like an identity card to a machine, and codes that are none."""

import io

import segno
from PIL import Image, ImageDraw

NUMBER = "051203004567"
CARD = (
    f"{NUMBER}|212345678|Đinh Thị Lan|05061982|Nữ"
    "|Thôn Ra Nhua, Sơn Tây Hạ, Quảng Ngãi|25122021"
)
WITHOUT_OLD_NUMBER = CARD.replace("212345678", "")
WITH_PARENTS = f"{CARD}|Đinh Văn A|Đinh Thị B||"
"""Newer cards say more."""
OTHER_CODES = (
    # How a shop is paid: EMVCo's fields, with a long number in them.
    "00020101021138570010A00000072701270006970436011305120300456753037045802VN6304A1B2",
    "https://dichvucong.gov.vn/p/home/dvc-trang-chu.html?ma=051203004567",
    NUMBER,
    # A bill of a shop, and a slip of a hospital.
    "0312345678|1|C25TAA|00000123|20251201|550000",
    "051203004567|BN-2025-1201|Khoa Nội|phòng 12",
    "WIFI:T:WPA;S:Nha van hoa thon;P:12345678;;",
)


def code(text: str, side: int) -> Image.Image:
    """A QR code of about that many pixels a side."""
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(file, "png", scale=8, border=2)
    return (
        Image.open(file).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    )


def card(text: str = CARD, width: int = 1000) -> Image.Image:
    """A card of 85.6 by 54 mm: a pattern, a face, lines, and the code in its corner."""
    height = round(width * 54 / 85.6)
    picture = Image.new("RGB", (width, height), "#dbe8ea")
    pen = ImageDraw.Draw(picture)
    for x in range(0, width, 7):
        pen.line((x, 0, width - x, height), fill="#c7dcdc")
    pen.rectangle(
        (width * 0.04, height * 0.35, width * 0.29, height * 0.85), fill="#889aaa"
    )
    for line in range(8):
        top = height * (0.38 + 0.07 * line)
        right = width * (0.5 + 0.05 * line)
        pen.rectangle((width * 0.33, top, right, top + height * 0.03), fill="#333333")
    picture.paste(
        code(text, round(width * 0.17)), (int(width * 0.8), int(height * 0.06))
    )
    return picture


def as_file(picture: Image.Image, kind: str = "JPEG", quality: int = 80) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return file.getvalue()
