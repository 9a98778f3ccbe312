"""What deskpilot is worth: figures from what agents really send, each with its denominator and its interval."""
