"""SQL Server through Microsoft's own driver: values read as Arrow, rows written by OPENJSON into staged tables."""
