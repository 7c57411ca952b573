"""Tests: behaviour through the public interface, on SQLite and on PostgreSQL."""
