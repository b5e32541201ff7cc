-- keep: keep a delivery that could not be understood.
--
-- KEYS 1 dead    zset  letter id -> ms of its burial
--      2 letter  hash  letter (JSON)
-- ARGV 1 now ms · 2 letter id · 3 letter
--
-- The same letter again changes nothing.

if redis.call('HSETNX', KEYS[2], 'letter', ARGV[3]) == 1 then
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
end
return 1
