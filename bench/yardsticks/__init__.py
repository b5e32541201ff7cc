"""The yardsticks: what a competent user would write without the bridge, and what the machine could do."""
