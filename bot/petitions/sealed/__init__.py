"""The sealed lane: what only its recipients read (``docs/adr/0006-sealed-lane.md``)."""
