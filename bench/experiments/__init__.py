"""The experiments: each returns figures, ours and the yardstick's taken in turn."""
