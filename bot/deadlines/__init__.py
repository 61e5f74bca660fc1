"""The legal clock: working calendar, rules, dates that explain themselves.

``calendar rules plan stages`` are pure: no database, no clock; dates in, dates and the
steps to them out. ``model dues`` keep what was promised.
"""
