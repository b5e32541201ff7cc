-- trail: lead a person to a conversation. Stands in front of append and settle.
--
-- KEYS 1 trail  zset  lane -> ms at which it last had to do with this
-- ARGV 1 now ms · 2 lane · 3 how long it is kept, ms · 4 lanes kept at most, the last ones
-- The verb in front of which it stands says where in its own keys and arguments these are.
--
-- A trail ends by itself, so nobody has to clear it away; what is still going on then is written anew. A lane that
-- is in it already costs one command.

local function trail_add(trail, lane, now, keep, cap)
  if redis.call('ZADD', trail, now, lane) == 0 then return end
  redis.call('ZREMRANGEBYRANK', trail, '0', -cap - 1)
  redis.call('PEXPIRE', trail, keep)
end

