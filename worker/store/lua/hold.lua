-- hold: let no lane of a partition be claimed for a while.
--
-- KEYS 1 gate  hash  until (ms), reason
-- ARGV 1 until ms · 2 reason
--
-- A longer hold wins. Repeating it changes nothing.

local standing = redis.call('HGET', KEYS[1], 'until')
if not standing or tonumber(standing) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'until', ARGV[1], 'reason', ARGV[2])
end
return 1
