"""Residents petition their commune by chat, officers answer on time.

A message passes ``channels`` → ``conversation`` (inbox, Rasa, engine, flows) →
``petitions`` / ``conferences`` → ``notifications`` (outbox) → ``channels``.
``bootstrap`` builds everything; nothing else constructs a collaborator.
"""
