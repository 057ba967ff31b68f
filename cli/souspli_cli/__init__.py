"""The programs people run at the edge."""
