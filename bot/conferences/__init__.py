"""Conferences and the slips by which residents register for them."""
