-- recur: say how many came under one name within a window, up to this one.
--
-- KEYS 1 recent  zset  member -> ms at which it came
-- ARGV 1 now ms · 2 member · 3 window ms · 4 members kept at most
--
-- Returns the number, this member among them. A member that came before is counted where it stood then, so
-- repeating it returns the same answer.

local now, window = tonumber(ARGV[1]), tonumber(ARGV[3])
-- two windows are kept: one to look at, and one in which a member may come again
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 2 * window)
redis.call('ZADD', KEYS[1], 'NX', now, ARGV[2])
redis.call('PEXPIRE', KEYS[1], 2 * window)
local place = redis.call('ZRANK', KEYS[1], ARGV[2]) + 1
local at = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]))
local count = place - redis.call('ZCOUNT', KEYS[1], '-inf', at - window)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
return count
