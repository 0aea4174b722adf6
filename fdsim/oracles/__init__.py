"""Starting, driving and stopping the real daemons."""
