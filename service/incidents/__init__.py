"""Something is broken for many: while it lasts, their tickets get the approved status text as draft, and no troubleshooting."""
