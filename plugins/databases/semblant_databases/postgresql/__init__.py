"""PostgreSQL through ADBC: COPY underneath, Arrow on both ends."""
