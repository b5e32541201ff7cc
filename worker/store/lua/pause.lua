-- pause: let no lane of a partition be claimed until a person resumes it.
--
-- KEYS 1 gate  hash  the service's brake, see gate.lua
-- ARGV 1 reason
--
-- Repeating it changes nothing.

redis.call('HSET', KEYS[1], 'paused', ARGV[1])
return 1
