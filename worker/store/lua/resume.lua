-- resume: lift a person's pause of a partition, and a hold as well.
--
-- KEYS 1 gate  hash  the service's brake, see gate.lua
-- ARGV none
--
-- Repeating it changes nothing.

redis.call('HDEL', KEYS[1], 'paused', 'until', 'reason', 'ajar', 'probe')
return 1
