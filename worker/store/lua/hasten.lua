-- hasten: make lanes that back off due at once.
--
-- KEYS 1 due  zset  lane -> ms at which to look at it next; the end of the lease while claimed
--      and of each lane found, in the same slot: <prefix>row:<lane>
-- ARGV 1 now ms · 2 key prefix · 3 a lane, empty for all · 4 how many at most
--
-- Returns how many were hastened. Lanes that are being worked on keep their lease. Repeating it finds no more.

local lanes = {ARGV[3]}
if ARGV[3] == '' then
  lanes = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[4])
end
local hastened = 0
for _, lane in ipairs(lanes) do
  local due = redis.call('ZSCORE', KEYS[1], lane)
  local held = redis.call('HGET', ARGV[2] .. 'row:' .. lane, 'held')
  if due and tonumber(due) > tonumber(ARGV[1]) and held ~= '1' then
    redis.call('ZADD', KEYS[1], ARGV[1], lane)
    hastened = hastened + 1
  end
end
return hastened
