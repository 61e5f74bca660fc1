"""The database, its migrations, encryption at rest and the event record."""
