"""Telegram: parse, receive by polling or webhook, send, fetch."""

import os

# Durations as timedelta; without this the library warns at every one that it reads.
os.environ.setdefault("PTB_TIMEDELTA", "true")
