-- Some of the shown sums as they are, with the names of everything that moved since a rev: one consistent picture.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  prefix   ARGV[2]  MessagePack: {since rev, day, scopes, minutes, calls}
-- Returns MessagePack: {epoch, rev, floor, [moved name, ...], days, minutes, living, callers}
--   days      list of [scope, amounts flat, greatest wait or ""]        minutes   list of [minute, amounts flat]
--   living    flat: call, JSON, ...                                     callers   JSON or "" for each of `calls`

local prefix, wish = ARGV[1], cmsgpack.unpack(ARGV[2])
local since, day = wish[1], wish[2]
local meta = redis.call('HMGET', prefix .. 'meta', 'epoch', 'rev', 'floor')
local days, minutes, callers = {}, {}, {}
for i, scope in ipairs(wish[3]) do
  local greatest = ''
  if string.sub(scope, 1, 2) == 'q:' then
    greatest = redis.call('ZREVRANGE', prefix .. 'peak:' .. day .. ':' .. string.sub(scope, 3), 0, 0, 'WITHSCORES')[2] or ''
  end
  days[i] = {scope, redis.call('HGETALL', prefix .. 'day:' .. day .. ':' .. scope), greatest}
end
for i, minute in ipairs(wish[4]) do
  minutes[i] = {minute, redis.call('HGETALL', prefix .. 'min:' .. string.format('%d', minute))}
end
for i, call in ipairs(wish[5]) do
  callers[i] = redis.call('HGET', prefix .. 'callers:' .. day, call) or ''
end
local moved = redis.call('ZRANGEBYSCORE', prefix .. 'dirty', '(' .. string.format('%d', since), '+inf')
local living = redis.call('HGETALL', prefix .. 'living')
return cmsgpack.pack({meta[1] or '', tonumber(meta[2]) or 0, tonumber(meta[3]) or -1, moved, days, minutes, living, callers})
