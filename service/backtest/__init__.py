"""What deskpilot would have drafted for tickets that are solved: replayed with what was known then, and nothing written."""
