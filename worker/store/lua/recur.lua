-- recur: say how many came under one name within a window, up to this one.
--
-- KEYS 1 recent  zset  member -> ms at which it came, and in 1024ths how many of the same ms came before it
-- ARGV 1 ms at which it came · 2 member · 3 window ms · 4 members kept at most (1024 or fewer)
--
-- Returns the number, this member among them. A member that came before is counted where it stood then, so
-- repeating it returns the same answer. Many come at one ms where a server tells whole seconds.

local at, window = tonumber(ARGV[1]), tonumber(ARGV[3])
-- two windows are kept: one to look at, and one in which a member may come again
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - 2 * window)
local known = redis.call('ZSCORE', KEYS[1], ARGV[2])
if known then
  at = math.floor(tonumber(known))
else
  local same = redis.call('ZCOUNT', KEYS[1], at, '(' .. at + 1)
  redis.call('ZADD', KEYS[1], at + same / 1024, ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], 2 * window)
local place = redis.call('ZRANK', KEYS[1], ARGV[2]) + 1
local count = place - redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. at - window + 1)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
return count
