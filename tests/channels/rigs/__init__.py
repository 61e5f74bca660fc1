"""A channel as the conformance suite drives it: its people, and its faults."""
