-- spend: book the stops of a sweep, unless more than the cap would be booked within the span.
--
-- KEYS 1 spent  hash  sweep -> ms|count|booked before it
-- ARGV 1 now ms · 2 sweep · 3 count · 4 cap · 5 span ms
--
-- Returns how many others were booked before it; it was booked itself where that and its count are within the cap.
-- The same sweep again gets the same answer and books nothing.

local now, count = tonumber(ARGV[1]), tonumber(ARGV[3])
local before = 0
local booked = redis.call('HGETALL', KEYS[1])
for place = 1, #booked, 2 do
  local at, number, earlier = string.match(booked[place + 1], '^(%d+)|(%d+)|(%d+)$')
  if booked[place] == ARGV[2] then return tonumber(earlier) end
  if tonumber(at) <= now - tonumber(ARGV[5]) then
    redis.call('HDEL', KEYS[1], booked[place])
  else
    before = before + tonumber(number)
  end
end
if before + count <= tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[1] .. '|' .. ARGV[3] .. '|' .. before)
end
return before
