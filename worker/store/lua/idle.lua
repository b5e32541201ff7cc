-- idle: read a page of the open interactions, the longest idle first, from a place on.
--
-- KEYS 1 active  zset  open interactions -> ms of their last activity
--      and of each one found, in the same slot:
--        <prefix>row:<lane>   hash  seq fence attempt held suspect parked record
--        <prefix>lane:<lane>  list  sequence|receipt|accepted|command
-- ARGV 1 key prefix · 2 until ms · 3 limit · 4 ms of the place, empty for the beginning · 5 who stood there
--
-- Returns a list of {lane, ms of its last activity, record or '', commands waiting}. Where the place is no more, it
-- goes on with whoever shared its millisecond. Repeating it is another look.

local start = 0
if ARGV[4] ~= '' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[5])
  if score and tonumber(score) == tonumber(ARGV[4]) then
    start = redis.call('ZRANK', KEYS[1], ARGV[5]) + 1
  else
    start = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[4])
  end
end

local found = {}
local page = redis.call('ZRANGE', KEYS[1], start, start + tonumber(ARGV[3]) - 1, 'WITHSCORES')
for place = 1, #page, 2 do
  if tonumber(page[place + 1]) > tonumber(ARGV[2]) then break end
  local lane = page[place]
  found[#found + 1] = {
    lane, page[place + 1],
    redis.call('HGET', ARGV[1] .. 'row:' .. lane, 'record') or '',
    redis.call('LLEN', ARGV[1] .. 'lane:' .. lane),
  }
end
return found
