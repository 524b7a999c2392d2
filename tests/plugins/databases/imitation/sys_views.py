"""The parts of SQL Server's catalog that we ask for, made of PostgreSQL's."""

from __future__ import annotations

STATEMENTS = (
    "CREATE SCHEMA sys",
    "CREATE DOMAIN sys.tinyint AS smallint CHECK (VALUE BETWEEN 0 AND 255)",
    "CREATE FUNCTION sys.schema_name() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('semblant.dbo') $$",
    "CREATE FUNCTION sys.db_name() RETURNS text LANGUAGE sql AS $$ SELECT 'shop'::text $$",
    "CREATE VIEW sys.databases AS SELECT 'shop'::text AS name, 1 AS snapshot_isolation_state",
    "CREATE VIEW sys.schemas AS SELECT nspname::text AS name, oid AS schema_id FROM pg_namespace",
    """CREATE VIEW sys.objects AS SELECT c.relname::text AS name, c.oid::int8 AS object_id, relnamespace AS schema_id,
    (CASE relkind WHEN 'r' THEN 'U' ELSE 'V' END)::char(2) AS type, 0 AS is_ms_shipped
    FROM pg_class c WHERE relkind IN ('r', 'v')""",
    """CREATE VIEW sys.types AS SELECT * FROM (VALUES (1, 'bit'), (2, 'tinyint'), (3, 'smallint'), (4, 'int'),
    (5, 'bigint'), (6, 'decimal'), (7, 'real'), (8, 'float'), (9, 'date'), (10, 'datetime2'), (11, 'datetimeoffset'),
    (12, 'time'), (13, 'nvarchar'), (14, 'varbinary'), (15, 'uniqueidentifier'), (16, 'xml')) AS t (user_type_id, name)
    """,
    """CREATE VIEW sys.columns AS SELECT a.attrelid::int8 AS object_id, a.attname::text AS name, a.attnum AS column_id,
    k.kind AS user_type_id, k.kind AS system_type_id, NOT a.attnotnull AS is_nullable, false AS is_identity,
    CASE WHEN t.typname = 'varchar' AND atttypmod > 0 THEN (atttypmod - 4) * 2 ELSE -1 END AS max_length,
    CASE WHEN t.typname = 'numeric' THEN (atttypmod - 4) >> 16 ELSE 0 END AS precision,
    CASE WHEN t.typname = 'numeric' THEN (atttypmod - 4) & 65535 WHEN atttypmod < 0 THEN 7 ELSE atttypmod END AS scale
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid CROSS JOIN LATERAL (SELECT CASE t.typname
    WHEN 'bool' THEN 1 WHEN 'tinyint' THEN 2 WHEN 'int2' THEN 3 WHEN 'int4' THEN 4 WHEN 'int8' THEN 5
    WHEN 'numeric' THEN 6 WHEN 'float4' THEN 7 WHEN 'float8' THEN 8 WHEN 'date' THEN 9 WHEN 'timestamp' THEN 10
    WHEN 'timestamptz' THEN 11 WHEN 'time' THEN 12 WHEN 'bytea' THEN 14 WHEN 'uuid' THEN 15 WHEN 'xml' THEN 16
    ELSE 13 END AS kind) k WHERE a.attnum > 0 AND NOT a.attisdropped""",
    """CREATE VIEW sys.extended_properties AS SELECT 1 AS class, objoid::int8 AS major_id, objsubid AS minor_id,
    'MS_Description'::text AS name, description AS value FROM pg_description""",
    """CREATE VIEW sys.indexes AS SELECT indrelid::int8 AS object_id, indexrelid::int8 AS index_id,
    indisprimary::int AS is_primary_key FROM pg_index""",
    """CREATE VIEW sys.index_columns AS SELECT indrelid::int8 AS object_id, indexrelid::int8 AS index_id,
    u.number AS column_id, u.place AS key_ordinal FROM pg_index, unnest(indkey) WITH ORDINALITY AS u (number, place)""",
    """CREATE VIEW sys.foreign_keys AS SELECT conname::text AS name, oid::int8 AS object_id,
    conrelid::int8 AS parent_object_id, confrelid::int8 AS referenced_object_id, 0 AS is_disabled FROM pg_constraint
    WHERE contype = 'f'""",
    """CREATE VIEW sys.foreign_key_columns AS SELECT c.oid::int8 AS constraint_object_id,
    conrelid::int8 AS parent_object_id, confrelid::int8 AS referenced_object_id, u.place AS constraint_column_id,
    u.own AS parent_column_id, u.theirs AS referenced_column_id
    FROM pg_constraint c, unnest(conkey, confkey) WITH ORDINALITY AS u (own, theirs, place) WHERE contype = 'f'""",
)
