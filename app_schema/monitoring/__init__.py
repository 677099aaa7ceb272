"""What is there, what it measures, and what is not as it should be."""
