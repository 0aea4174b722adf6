"""Starting, driving and stopping the real daemons.

``installation`` finds the programs and ``bacula15`` unpacks a second release beside the first. ``settings`` are values,
which ``configuration`` turns into the file that a daemon reads; ``process`` runs it, ``daemons`` joins these, and
``catalog`` reads what jobs left. ``lab`` puts all together: a real Director and Storage daemon with any File daemons.
``capture`` records what such daemons say to each other.
"""
