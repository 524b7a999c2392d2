"""The parts of Oracle's catalog that we ask for, made of PostgreSQL's."""

from __future__ import annotations

STATEMENTS = (
    "CREATE SCHEMA ora",
    """CREATE FUNCTION ora.owner() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('semblant.owner') $$""",
    """CREATE FUNCTION ora.to_dsinterval(said text) RETURNS interval LANGUAGE sql AS $$
    SELECT CASE WHEN said LIKE '-%' THEN -1 ELSE 1 END * (replace(split_part(ltrim(said, '-'), ' ', 1), '-', '')
    || ' days ' || split_part(said, ' ', 2))::interval $$""",
    """CREATE FUNCTION ora.tochar(value numeric, shape text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(trim_scale(value)::text, '^(-?)0\\.', '\\1.') $$""",
    "CREATE VIEW ora.all_users AS SELECT nspname::text AS username FROM pg_namespace",
    """CREATE VIEW ora.relations AS SELECT n.nspname::text AS owner, c.relname::text AS table_name, c.oid, c.relkind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v')""",
    """CREATE VIEW ora.all_tables AS SELECT owner, table_name, 'NO' AS nested, 'N' AS secondary, 'NO' AS dropped,
    NULL::text AS iot_type FROM ora.relations WHERE relkind = 'r'""",
    """CREATE VIEW ora.all_objects AS SELECT owner, table_name AS object_name, oid::int8 AS object_id,
    'TABLE' AS object_type FROM ora.relations WHERE relkind = 'r'""",
    "CREATE VIEW ora.all_views AS SELECT owner, table_name AS view_name FROM ora.relations WHERE relkind = 'v'",
    """CREATE VIEW ora.all_tab_comments AS SELECT owner, table_name, obj_description(oid, 'pg_class') AS comments
    FROM ora.relations""",
    """CREATE VIEW ora.all_col_comments AS SELECT owner, table_name, attname::text AS column_name,
    col_description(oid, attnum) AS comments FROM ora.relations JOIN pg_attribute ON attrelid = oid
    WHERE attnum > 0 AND NOT attisdropped""",
    """CREATE VIEW ora.all_tab_columns AS SELECT owner, table_name, attname::text AS column_name, attnum AS column_id,
    CASE t.typname WHEN 'numeric' THEN 'NUMBER' WHEN 'varchar' THEN 'VARCHAR2' WHEN 'float4' THEN 'BINARY_FLOAT'
    WHEN 'float8' THEN 'BINARY_DOUBLE' WHEN 'bytea' THEN 'BLOB' WHEN 'interval' THEN 'INTERVAL DAY(9) TO SECOND(6)'
    WHEN 'timestamptz' THEN 'TIMESTAMP(6) WITH TIME ZONE'
    WHEN 'timestamp' THEN CASE atttypmod WHEN 0 THEN 'DATE' ELSE 'TIMESTAMP(6)' END ELSE 'CLOB' END AS data_type,
    4000 AS data_length, CASE WHEN t.typname = 'varchar' THEN atttypmod - 4 END AS char_length,
    CASE WHEN t.typname = 'varchar' THEN 'C' END AS char_used,
    CASE WHEN t.typname = 'numeric' AND atttypmod > 0 THEN (atttypmod - 4) >> 16 END AS data_precision,
    CASE WHEN t.typname = 'numeric' AND atttypmod > 0 THEN (atttypmod - 4) & 65535 END AS data_scale,
    CASE WHEN attnotnull THEN 'N' ELSE 'Y' END AS nullable
    FROM ora.relations r JOIN pg_attribute ON attrelid = r.oid JOIN pg_type t ON t.oid = atttypid
    WHERE attnum > 0 AND NOT attisdropped""",
    """CREATE VIEW ora.all_constraints AS SELECT r.owner, c.conname || '_' || c.oid AS constraint_name, r.table_name,
    upper(CASE c.contype WHEN 'f' THEN 'r' ELSE c.contype::text END) AS constraint_type, o.owner AS r_owner,
    (SELECT p.conname || '_' || p.oid FROM pg_constraint p WHERE c.contype = 'f' AND p.conindid = c.conindid
     AND p.contype IN ('p', 'u')) AS r_constraint_name
    FROM pg_constraint c JOIN ora.relations r ON r.oid = c.conrelid LEFT JOIN ora.relations o ON o.oid = c.confrelid
    WHERE c.contype IN ('p', 'u', 'f')""",
    """CREATE VIEW ora.all_cons_columns AS SELECT r.owner, c.conname || '_' || c.oid AS constraint_name, r.table_name,
    a.attname::text AS column_name, u.place AS position FROM pg_constraint c JOIN ora.relations r ON r.oid = c.conrelid,
    unnest(c.conkey) WITH ORDINALITY AS u (number, place), pg_attribute a
    WHERE a.attrelid = c.conrelid AND a.attnum = u.number AND c.contype IN ('p', 'u', 'f')""",
)
