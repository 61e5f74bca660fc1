"""The legal clock: working calendar, rules, dates that explain themselves.

Pure: no database, no clock. Dates in, dates and the steps to them out.
"""
