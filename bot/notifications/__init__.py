"""Who is told what, and the outbox that carries it."""
