"""The admin page: what an administrator sees and switches in a browser, under /admin."""
