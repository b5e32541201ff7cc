-- slot: take the present slot of a schedule, once for all who ask.
--
-- KEYS 1 slot  hash  at (ms at which a slot was taken last) token, and behind (ms since which it has been asked
--                    for with a clock that is behind that)
-- ARGV 1 now ms · 2 interval ms · 3 token
--
-- Slots are as long as the interval and begin with 1970. Returns 1 for the first who asks within a slot, else 0.
-- A clock that is behind the one which took the last slot gets none, unless nobody else has taken any for two
-- intervals of its own: then the clock was set back, and waiting for the old time would starve the schedule.
-- Repeating it with the same token returns the same answer and changes nothing.

local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local state = redis.call('HMGET', KEYS[1], 'at', 'token', 'behind')
if state[2] == ARGV[3] then return 1 end

local last = tonumber(state[1])
if last and math.floor(now / interval) == math.floor(last / interval) then return 0 end
if last and now < last then
  local behind = tonumber(state[3])
  if not behind or now < behind then
    redis.call('HSET', KEYS[1], 'behind', now)
    return 0
  end
  if now - behind < 2 * interval then return 0 end
end
redis.call('HSET', KEYS[1], 'at', now, 'token', ARGV[3])
redis.call('HDEL', KEYS[1], 'behind')
return 1
