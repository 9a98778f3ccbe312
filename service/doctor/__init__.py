"""`deskpilot doctor`: every part is looked at, nothing is changed, and each thing that is wrong is said with its remedy."""
