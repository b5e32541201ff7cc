-- bind: say which conversation a message belongs to, and remember all of its names.
--
-- KEYS 1 own    string  until|mark|conversation: the name that is this message's own
--      2 and on string  the same: the names of what it answers, nearest first
-- ARGV 1 now ms · 2 mark of this message · 3 the conversation where no name is known · 4 window ms
--
-- Returns the conversation of the first name that is known. Every name is bound, those that are bound already keep
-- their conversation, and all are remembered for another window. A name of its own that bears another message's
-- mark is that message's: it neither decides nor is bound.
-- Repeating it returns the same answer.

local now, window = tonumber(ARGV[1]), tonumber(ARGV[4])

local bound = {}
for place, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if value then
    local ends, mark, conversation = string.match(value, '^(%d+)|(%x*)|(.*)$')
    if tonumber(ends) > now then bound[place] = {mark = mark, conversation = conversation} end
  end
end

local first = 1
if bound[1] and bound[1].mark ~= '' and bound[1].mark ~= ARGV[2] then first = 2 end

local decided = ARGV[3]
for place = #KEYS, first, -1 do
  if bound[place] then decided = bound[place].conversation end
end

for place = first, #KEYS do
  local known = bound[place] or {mark = '', conversation = decided}
  local mark = place == 1 and ARGV[2] or known.mark
  local value = string.format('%d|%s|%s', now + window, mark, known.conversation)
  redis.call('SET', KEYS[place], value, 'PX', window)
end
return decided
