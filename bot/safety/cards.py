"""Pictures of identity cards, by the QR code that Vietnamese chip cards carry.

Its text is the number, the old number, name, birth, sex, address and the day of issue,
with ``|`` between them. What has no such code (older cards, passports, the side with
lines for machines only) cannot be told from other papers without a trained reader of
letters, and nothing here pretends that it can.
"""

import re

import zxingcpp
from PIL import Image

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_DAY = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
_CARD = re.compile(rf"\d{{12}}\|(?:\d{{9}}|\d{{12}})?\|[^|]+\|{_DAY}\|.*", re.DOTALL)


def shows_identity_card(picture: Image.Image) -> bool:
    """Whether a code of an identity card can be read in a picture of shades of grey.
    What the code says goes no further than this function."""
    codes = zxingcpp.read_barcodes(picture, formats=_QR, try_invert=False)
    return any(_CARD.fullmatch(code.text.strip()) for code in codes)
