"""What became of notes: measured from what agents really send."""
