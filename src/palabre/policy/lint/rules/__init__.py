"""The rules, one small file a family: functions that find, and the table that says what it means."""
