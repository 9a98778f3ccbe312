"""What kind of ticket this is, how hard, how much is at stake, and what speaks for a person."""
