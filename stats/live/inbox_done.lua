-- Strikes out what was read, and gives its room back.
--
-- KEYS[1]  inbox:<source>, the stream    KEYS[2] inboxed:<source>, bytes in it    ARGV ids of entries
-- Returns how many were still there.

local struck, bytes = 0, 0
for _, id in ipairs(ARGV) do
  local found = redis.call('XRANGE', KEYS[1], id, id)[1]
  if found then
    bytes = bytes + #(found[2][2] or '')
    struck = struck + redis.call('XDEL', KEYS[1], id)
  end
end
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
elseif struck > 0 then
  redis.call('DECRBY', KEYS[2], string.format('%d', bytes))
end
return struck
