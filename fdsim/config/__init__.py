"""The configuration files of Bacula daemons: grammar and resources."""
