"""What a plan of dialogue orders that is no petition: who, what, by when."""
