"""The admin API: `/admin/v1/…`, what the console shows and does, for programs."""
