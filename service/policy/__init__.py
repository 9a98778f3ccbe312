"""What the team has written down: what the machine may draft, what a person must check, and what only a person may touch."""
