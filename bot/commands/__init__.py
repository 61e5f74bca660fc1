"""The commands of ``kiennghi``, one module a group."""
