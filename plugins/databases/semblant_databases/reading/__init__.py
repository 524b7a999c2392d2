"""What all database sources share: which tables, in what order, with which keys."""
