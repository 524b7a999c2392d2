"""MySQL and MariaDB through PyMySQL: values as text, parsed by Arrow; rows written by LOAD DATA."""
