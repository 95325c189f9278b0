"""The tables of `synscope query`, as views that DuckDB has of what was loaded.

`loaded` has a row a connection: `file`, and the fields of `table_rows.Row`. What SQL reserves as a word gets
another name than in JSON. docs/reference/query.md says what each column holds.
"""

CONNECTIONS = """
    SELECT file, connection.id AS connection,
        connection.outcome, connection.errno, connection.family, connection.mapped,
        make_timestamp_ns(start_wall_ns) AS started, start_ns, setup_ns, accept_wait_ns, retransmits,
        coalesce(connection.client.address, connection.server.peer_address) AS client_address,
        coalesce(connection.client.port, connection.server.peer_port) AS client_port,
        connection.client.comm AS client_comm, connection.client.pid AS client_pid,
        coalesce(connection.server.address, connection.client.peer_address) AS server_address,
        coalesce(connection.server.port, connection.client.peer_port) AS server_port,
        connection.server.comm AS server_comm, connection.server.pid AS server_pid,
        connection.findings[1].code AS finding, connection.lost
    FROM loaded
"""
HALVES = """
    SELECT * EXCLUDE (listener, ops),
        listener.cookie AS listener_cookie, listener.backlog_at_syn, listener.backlog_max,
        listener.syn_cookie, ops
    FROM (
        SELECT file, connection.id AS connection, 'client' AS side, unnest(connection.client)
        FROM loaded WHERE connection.client IS NOT NULL
        UNION ALL
        SELECT file, connection.id AS connection, 'server' AS side, unnest(connection.server)
        FROM loaded WHERE connection.server IS NOT NULL
    )
"""
MILESTONES = """
    SELECT file, connection.id AS connection, unnest(connection.milestones, max_depth := 2) FROM loaded
"""
TRANSITIONS = """
    SELECT * RENAME ("from" AS from_state, "to" AS to_state, "by" AS function)
    FROM (
        SELECT file, connection.id AS connection, unnest(connection.transitions, max_depth := 2)
        FROM loaded
    )
"""
SEGMENTS = """
    SELECT * RENAME ("from" AS sender, "window" AS window_size)
    FROM (
        SELECT file, connection.id AS connection, unnest(connection.segments, max_depth := 2) FROM loaded
    )
"""
PHASES = """
    SELECT file, connection.id AS connection, unnest(connection.phases, max_depth := 2) FROM loaded
"""
FINDINGS = """
    SELECT file, connection.id AS connection, generate_subscripts(connection.findings, 1) AS n,
        unnest(connection.findings, max_depth := 2)
    FROM loaded
"""
CALLS = """
    SELECT file, connection, n, parent, depth, path, unnest(call),
        call.exit_ns - call.enter_ns AS duration_ns
    FROM (SELECT file, connection.id AS connection, unnest(calls, max_depth := 2) FROM loaded)
"""

VIEWS = {
    "connections": CONNECTIONS,
    "halves": HALVES,
    "milestones": MILESTONES,
    "transitions": TRANSITIONS,
    "segments": SEGMENTS,
    "phases": PHASES,
    "findings": FINDINGS,
    "calls": CALLS,
}

NESTED = """
    SELECT make_timestamp_ns(start_wall_ns) AS started, start_ns, setup_ns, accept_wait_ns, retransmits,
        unnest(connection)
    FROM loaded
"""
"""A row a connection, everything of it but its calls: what a Parquet file holds."""
