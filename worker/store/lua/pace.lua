-- pace: how much was done in each minute, hour and day. Stands in front of append, settle, defer, bury and keep;
-- its twin is worker/store/pace.py.
--
-- KEYS 1 pace  hash  <span>:<number>:<what> -> count; span m, h or d; number of spans since 1970
--      and of each channel, in the same slot: <pace>:<channel>, alike, and <pace>s  zset  channel -> ms
-- ARGV 1 now ms
-- The verb in front of which it stands says where in its own keys and arguments these are.
--
-- What has grown old is folded into the next larger span and in the end dropped, so the hash stays small: that
-- costs a look through it once a minute, and every other count is one HINCRBY. Of channels, those that were
-- counted last are kept, a hundred of them.

local function pace_fold(pace, span, now)
  local oldest = math.floor(now / span.ms) - span.keep
  for _, field in ipairs(redis.call('HKEYS', pace)) do
    local name, number, what = string.match(field, '^(%a):(%d+):(%a+)$')
    if name == span.name and tonumber(number) <= oldest then
      if span.into then
        local larger = string.format('%s:%d:%s', span.into, math.floor(tonumber(number) / span.many), what)
        redis.call('HINCRBY', pace, larger, redis.call('HGET', pace, field))
      end
      redis.call('HDEL', pace, field)
    end
  end
end

-- Says whether this is the first of its kind in this minute.
local function pace_add(pace, what, count, now)
  local field = 'm:' .. math.floor(now / 60000) .. ':' .. what
  if redis.call('HINCRBY', pace, field, string.format('%d', count)) > count then return false end
  pace_fold(pace, {name = 'm', ms = 60000, keep = 20, into = 'h', many = 60}, now)
  pace_fold(pace, {name = 'h', ms = 3600000, keep = 26, into = 'd', many = 24}, now)
  pace_fold(pace, {name = 'd', ms = 86400000, keep = 8}, now)
  return true
end

local function pace_count(pace, what, count, now, channel)
  pace_add(pace, what, count, now)
  if channel == '' or not pace_add(pace .. ':' .. channel, what, count, now) then return end
  redis.call('PEXPIRE', pace .. ':' .. channel, 9 * 86400000)
  redis.call('ZADD', pace .. 's', now, channel)
  redis.call('PEXPIRE', pace .. 's', 9 * 86400000)
  for _, oldest in ipairs(redis.call('ZRANGE', pace .. 's', 0, -101)) do
    redis.call('DEL', pace .. ':' .. oldest)
    redis.call('ZREM', pace .. 's', oldest)
  end
end

