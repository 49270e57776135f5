"""What a reader waits for, beside what they would use instead."""
