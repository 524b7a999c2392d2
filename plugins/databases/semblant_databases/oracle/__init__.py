"""Oracle through python-oracledb in its thin mode: Arrow on both ends, no client software."""
