"""Device service: connections, handshakes and messages; independent of owners, products and tokens."""
