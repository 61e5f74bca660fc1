"""The sealed lane: what only its recipients read (``docs/adr/0007-sealed-lane.md``)."""
