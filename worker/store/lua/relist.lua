-- relist: hold dead letters against the list of them, and put right what does not fit.
--
-- KEYS 1 dead  zset  letter id -> ms of its burial
--      and of each letter, in the same slot: <prefix>letter:<id>
-- ARGV 1 now ms · 2 key prefix · 3 1 to write nothing, else 0 · 4… letters
--
-- Returns flaw, letter, flaw, letter…; see mend.lua. Repeating it finds no more.

local dry = ARGV[3] == '1'
local found = {}
for place = 4, #ARGV do
  local id = ARGV[place]
  local there = redis.call('EXISTS', ARGV[2] .. 'letter:' .. id) == 1
  local listed = redis.call('ZSCORE', KEYS[1], id)
  if there and not listed then
    if not dry then redis.call('ZADD', KEYS[1], ARGV[1], id) end
    found[#found + 1] = 'unlisted'
    found[#found + 1] = id
  elseif listed and not there then
    if not dry then redis.call('ZREM', KEYS[1], id) end
    found[#found + 1] = 'blank'
    found[#found + 1] = id
  end
end
return found
