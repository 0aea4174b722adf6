"""What bytes mean: pure definitions and codecs, without socket, file, clock or randomness."""
