"""What a line with metrics costs a hit."""
