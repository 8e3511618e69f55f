"""Proofs about ownership: the 60 rows of the forum thread of 2016, the permission matrix, the handover story."""
