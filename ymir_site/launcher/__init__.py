"""Starts everything a site needs on one machine: private Postgres and Valkey, the web server, the workers.

PURE: the standard library and psycopg2 only, so it can start before Django can.
"""
