"""How well the product understands, and what officers teach it."""
