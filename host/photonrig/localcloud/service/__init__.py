"""What may change the state of the local cloud, and who is told of it."""
