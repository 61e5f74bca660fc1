"""What browsers see. ``app`` puts the sites together; each has ``routes(site)``."""
