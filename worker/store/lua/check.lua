-- check: begin to look whether an interaction that is held open is still there; the one checked longest ago.
--
-- KEYS 1 checked  zset    open interaction -> ms of its last check
--      2 active   zset    open interactions -> ms of their last activity
--      3 due      zset    lane -> ms at which to look at it next
--      4 gate     hash    the service's brake, see gate.lua
--      5 out      zset    lane -> end of its lease, see gate.lua
--      6 token    string  ms|lane of what this very check took, for its repetition
--      and of each lane looked at, in the same slot:
--        <prefix>row:<lane>   hash  seq fence attempt held suspect parked record remote
--        <prefix>lane:<lane>  list  sequence|receipt|accepted|command
-- ARGV 1 now ms · 2 key prefix · 3 ms: none that was checked later · 4 lease ms · 5 gate limits
--      6 ms that live work may have waited · 7 how many lanes to look at
--
-- Returns {shut}, {busy}, {none} or {taken, lane, fence, record, what was seen last, ms of its last check}.
-- Live work comes first: a check takes none of the last half of the calls that are saved up, and none at all while
-- anything has waited. Repeating it with the same token returns the same lane and changes nothing.

local now = tonumber(ARGV[1])
local prefix = ARGV[2]
local limits = gate_limits(ARGV[5])

local function describe(lane, before)
  local state = redis.call('HMGET', prefix .. 'row:' .. lane, 'fence', 'record', 'remote')
  return {'taken', lane, tonumber(state[1] or 0), state[2] or '', state[3] or '', before}
end

local repeated = redis.call('GET', KEYS[6])
if repeated then
  local before, lane = string.match(repeated, '^(%d+)|(.*)$')
  return describe(lane, before)
end

local brake = redis.call('HMGET', KEYS[4], 'paused', 'until')
if brake[1] or tonumber(brake[2] or 0) > now then return {'shut'} end
if gate_admits(KEYS[4], KEYS[5], limits, 1, now) == 0 then return {'busy'} end
if redis.call('ZSCORE', KEYS[5], CHECK) then return {'busy'} end
if limits.rate > 0 and gate_saved(KEYS[4], limits, now) < math.min(limits.burst, 1 + limits.burst / 2) then
  return {'busy'}
end
if redis.call('ZCOUNT', KEYS[3], '-inf', now - tonumber(ARGV[6])) > 0 then return {'busy'} end

local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[7])
for place = 1, #oldest, 2 do
  local lane, before = oldest[place], oldest[place + 1]
  if not redis.call('ZSCORE', KEYS[2], lane) then
    redis.call('ZREM', KEYS[1], lane)
  else
    redis.call('ZADD', KEYS[1], now, lane)
    -- what waits in a lane finds out by itself
    if redis.call('EXISTS', prefix .. 'lane:' .. lane) == 0 then
      gate_pass(KEYS[4], KEYS[5], limits, {CHECK}, now, now + tonumber(ARGV[4]))
      redis.call('SET', KEYS[6], before .. '|' .. lane, 'PX', ARGV[4])
      return describe(lane, before)
    end
  end
end
return {#oldest == 2 * tonumber(ARGV[7]) and 'busy' or 'none'}
