-- keep: keep a delivery that could not be understood.
--
-- KEYS 1 dead    zset  letter id -> ms of its burial
--      2 letter  hash  letter (JSON), head (JSON: the letter without what it carries)
--      3 pace    hash  counts, see pace.lua
-- ARGV 1 now ms · 2 letter id · 3 letter · 4 head · 5 channel
--
-- The same letter again changes nothing.

if redis.call('HSETNX', KEYS[2], 'letter', ARGV[3]) == 1 then
  redis.call('HSET', KEYS[2], 'head', ARGV[4])
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
  pace_count(KEYS[3], 'dead', 1, tonumber(ARGV[1]), ARGV[5])
end
return 1
