"""A plan played through on a simulated clock: who is told what, and when."""
