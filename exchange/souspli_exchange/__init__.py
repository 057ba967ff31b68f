"""What passes between two people: a document sealed, sent, received, opened."""
