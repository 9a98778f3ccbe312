"""What the team's own corrections teach, once a person has approved it."""
