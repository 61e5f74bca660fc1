"""A Zalo Official Account.

Facts about the platform, with the day they were read, stand beside what they decide.
There is no sandbox: what the documents leave open is accepted both ways and counted.
"""
