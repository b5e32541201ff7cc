-- gate: a service's brake; stands in front of claim, settle, defer and bury. Its twin is worker/store/gate.py.
--
-- KEYS 1 gate  hash  until reason ajar probe prober paused tokens at from answered failed
--      2 out   zset  lane -> end of its lease in ms
-- ARGV 1 limits  "rate/s burst in-flight breaker-calls breaker-ratio breaker-window-ms breaker-open-ms",
--                0 switches a limit off
-- The verb in front of which it stands says where in its own keys and arguments these are.
--
-- Here and in the verbs, what does not change is given to Redis as text: it writes a number with all its digits, which
-- costs more than most commands.

local function gate_limits(text)
  local rate, burst, in_flight, calls, ratio, window, open =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  return {
    rate = tonumber(rate), burst = tonumber(burst), in_flight = tonumber(in_flight),
    calls = tonumber(calls), ratio = tonumber(ratio), window = tonumber(window), open = tonumber(open),
  }
end

local function gate_saved(gate, limits, now)
  local state = redis.call('HMGET', gate, 'tokens', 'at')
  if not state[2] then return limits.burst end
  return math.min(limits.burst, tonumber(state[1]) + (now - tonumber(state[2])) * limits.rate / 1000)
end

local function gate_spend(gate, limits, calls, now)
  if limits.rate == 0 then return end
  redis.call('HSET', gate, 'tokens', string.format('%.6f', gate_saved(gate, limits, now) - calls), 'at', now)
end

-- How many of the wanted lanes may be claimed.
local function gate_admits(gate, out, limits, wanted, now)
  redis.call('ZREMRANGEBYSCORE', out, '-inf', now)
  local state = redis.call('HMGET', gate, 'paused', 'until', 'ajar', 'probe')
  if state[1] or tonumber(state[2] or 0) > now then return 0 end
  if state[3] then wanted = math.min(wanted, tonumber(state[4] or 0) > now and 0 or 1) end
  if limits.rate > 0 then wanted = math.min(wanted, math.floor(gate_saved(gate, limits, now))) end
  if limits.in_flight > 0 then wanted = math.min(wanted, limits.in_flight - redis.call('ZCARD', out)) end
  return math.max(wanted, 0)
end

-- Whether a lane's holder may go on: one more call, which goes through the gate like any other.
local function gate_has_room(gate, out, limits, lane, now)
  local state = redis.call('HMGET', gate, 'paused', 'until')
  if state[1] or tonumber(state[2] or 0) > now then return false end
  if limits.in_flight > 0 then
    -- a holder whose lease has lapsed may find its place taken
    local others = redis.call('ZCOUNT', out, '(' .. now, '+inf')
    if tonumber(redis.call('ZSCORE', out, lane) or 0) > now then others = others - 1 end
    if others >= limits.in_flight then return false end
  end
  return limits.rate == 0 or gate_saved(gate, limits, now) >= 1
end

-- Sets one score for many members: one command of Redis, and Lua's stack takes no more at once.
local function gate_score(zset, score, members)
  score = string.format('%d', score)
  for first = 1, #members, 2000 do
    local pairs = {}
    for place = first, math.min(first + 1999, #members) do
      pairs[#pairs + 1] = score
      pairs[#pairs + 1] = members[place]
    end
    redis.call('ZADD', zset, unpack(pairs))
  end
end

-- Lanes went through, the first call of each paid for.
local function gate_pass(gate, out, limits, lanes, now, lease_until)
  gate_spend(gate, limits, #lanes, now)
  gate_score(out, lease_until, lanes)
  if redis.call('HEXISTS', gate, 'ajar') == 1 then
    redis.call('HSET', gate, 'probe', lease_until, 'prober', lanes[#lanes])
  end
end

-- Whether the gate has been shut and nothing came home since the shutting ended, and since when calls are counted.
local function gate_probing(gate, now)
  local state = redis.call('HMGET', gate, 'ajar', 'until', 'from')
  return state[1] and tonumber(state[2] or 0) <= now, tonumber(state[3] or 0)
end

-- Counts a call among those since `from`; returns 1 when its failure opened the breaker.
local function gate_weigh(gate, limits, now, failed, from)
  if limits.calls == 0 then return 0 end
  if now - from >= limits.window then redis.call('HSET', gate, 'from', now, 'answered', 0, 'failed', 0) end
  redis.call('HINCRBY', gate, failed and 'failed' or 'answered', '1')
  if not failed then return 0 end
  local counts = redis.call('HMGET', gate, 'answered', 'failed')
  local bad = tonumber(counts[2])
  local calls = tonumber(counts[1] or 0) + bad
  if calls < limits.calls or bad < limits.ratio * calls then return 0 end
  redis.call('HSET', gate, 'answered', 0, 'failed', 0, 'probe', 0)
  if tonumber(redis.call('HGET', gate, 'until') or 0) >= now + limits.open then return 0 end
  redis.call('HSET', gate, 'until', now + limits.open, 'ajar', 1,
    'reason', string.format('breaker: %d of %d calls failed', bad, calls))
  return 1
end

-- A command got its answer, with so many calls made for it.
local function gate_came_home(gate, limits, calls, now)
  gate_spend(gate, limits, calls - 1, now)
  local probing, from = gate_probing(gate, now)
  if probing then
    redis.call('HDEL', gate, 'ajar', 'probe', 'until', 'reason')
    redis.call('HSET', gate, 'answered', 0, 'failed', 0)
  end
  gate_weigh(gate, limits, now, false, from)
end

-- A call failed; returns 1 when that shut the gate.
local function gate_failed(gate, limits, calls, now)
  gate_spend(gate, limits, calls - 1, now)
  local probing, from = gate_probing(gate, now)
  if probing then
    redis.call('HSET', gate, 'until', now + limits.open, 'probe', 0)
    return 1
  end
  return gate_weigh(gate, limits, now, true, from)
end

