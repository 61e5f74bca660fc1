"""Words that are too long for a platform."""

_ELLIPSIS = "…"


def cut(text: str, most: int) -> str:
    """At most ``most`` characters: whole lines, or whole words when that would leave
    less than half of them."""
    if len(text) <= most:
        return text
    for end in ("\n", " "):
        kept = text[:most].rpartition(end)[0].rstrip()
        if len(kept) >= most // 2:
            return kept + _ELLIPSIS
    return text[: most - 1] + _ELLIPSIS
