"""Who people are, and how you know that it is really their key."""
