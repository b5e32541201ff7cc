-- erase: take out of a conversation's history whatever anybody said, and leave what happened and when.
--
-- KEYS 1 lane     list  sequence|receipt|accepted|command, oldest first
--      2 history  list  one JSON line for each thing that happened
-- ARGV 1 history line that says it was erased · 2 1 to do so although something waits in the lane
--
-- Returns how many lines lost something, or -1 when something waits and nothing was done. Repeating it finds nothing more to
-- take out and adds no line. A line that cannot be read is dropped: nobody knows what it holds.

if ARGV[2] ~= '1' and redis.call('LLEN', KEYS[1]) > 0 then return -1 end
local lines = redis.call('LRANGE', KEYS[2], 0, -1)
local lives = redis.call('PTTL', KEYS[2])
local kept, erased = {}, 0
for _, line in ipairs(lines) do
  local read, entry = pcall(cjson.decode, line)
  if not read or type(entry) ~= 'table' then
    erased = erased + 1
  elseif entry.event ~= 'erased' and entry.detail ~= nil then
    erased = erased + 1
    entry.detail = nil
    kept[#kept + 1] = cjson.encode(entry)
  else
    kept[#kept + 1] = line
  end
end
if erased == 0 then return 0 end
redis.call('DEL', KEYS[2])
for _, line in ipairs(kept) do redis.call('RPUSH', KEYS[2], line) end
redis.call('RPUSH', KEYS[2], ARGV[1])
if lives > 0 then redis.call('PEXPIRE', KEYS[2], lives) end
return erased
