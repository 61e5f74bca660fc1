"""Inbox, turns, understanding, the engine and the flows."""
