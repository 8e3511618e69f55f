"""What is proved about ownership: the 60 rows of the 2016 forum thread, the permission matrix, the hand-over story."""
