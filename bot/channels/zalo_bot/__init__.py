"""A bot of the Zalo Bot Platform: for a trial, while there is no Official Account.

It belongs to a person's account, has no buttons, and its API has nothing in common with
that of an Official Account (``bot/channels/zalo``). Facts are of 2026-10-02.
"""
