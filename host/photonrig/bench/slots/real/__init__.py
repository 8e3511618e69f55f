"""The real bench: one thin adapter per means, each over the tool that is made for it."""
