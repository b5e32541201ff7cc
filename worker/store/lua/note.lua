-- note: remember a delivery that was let go, or a sweep, among the last ones of its channel or service.
--
-- KEYS 1 times  zset  id -> ms at which it was
--      2 notes  hash  id -> note (JSON)
-- ARGV 1 now ms · 2 id · 3 note · 4 notes kept at most
--
-- Returns how many are kept. The same id again changes nothing.

if redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
  if over > 0 then
    for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, over - 1)) do
      redis.call('ZREM', KEYS[1], id)
      redis.call('HDEL', KEYS[2], id)
    end
  end
end
return redis.call('ZCARD', KEYS[1])
