-- hold: let no lane of a partition be claimed for a while; after that one lane at a time, until one comes home.
--
-- KEYS 1 gate  hash  the service's brake, see gate.lua
-- ARGV 1 until ms · 2 reason
--
-- A longer hold wins. Repeating it changes nothing.

if tonumber(redis.call('HGET', KEYS[1], 'until') or 0) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'until', ARGV[1], 'reason', ARGV[2], 'ajar', 1)
end
redis.call('HDEL', KEYS[1], 'probe')
return 1
