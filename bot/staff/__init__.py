"""Accounts of officers, their roles and sessions."""
