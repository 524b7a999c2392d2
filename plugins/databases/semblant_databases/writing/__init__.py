"""What all database destinations share: names, order, modes, casts, all tables at once or none."""
