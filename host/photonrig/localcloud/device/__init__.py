"""The local cloud's device service: connections, handshakes and messages; nothing of owners, products or tokens."""
