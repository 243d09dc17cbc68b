-- Forgets every sum and what lives now, in one step: the first half of a rebuild. Records and what is known of people stay.
-- What records showed belongs to an older generation from now on and counts nothing; each source is to show its calls again.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  prefix    ARGV[2] pattern of every key of the organisation    ARGV[3] new epoch
-- Returns the new generation.

local prefix, cursor = ARGV[1], '0'
local generation = redis.call('HINCRBY', KEYS[1], 'gen', 1)
redis.call('HSET', KEYS[1], 'epoch', ARGV[3])

local function forget(name)
  local rest = string.sub(name, #prefix + 1)
  local kind = string.match(rest, '^%a+')
  if kind == 'day' and string.find(rest, '^day:[^:]*:a:') then
    -- Time in states was credited with presence, and no record could tell it again.
    local fields = redis.pcall('HKEYS', name)
    if fields.err then redis.call('DEL', name)
    else
      for _, field in ipairs(fields) do
        if string.sub(field, 1, 5) ~= 'time_' then redis.call('HDEL', name, field) end
      end
    end
  elseif kind == 'day' or kind == 'peak' or kind == 'min' or kind == 'mw' or kind == 'callers' or rest == 'living' then
    redis.call('DEL', name)
  end
end

repeat
  local answer = redis.call('SCAN', cursor, 'MATCH', ARGV[2], 'COUNT', 1000)
  cursor = answer[1]
  for _, name in ipairs(answer[2]) do forget(name) end
until cursor == '0'
for _, source in ipairs(redis.call('HKEYS', prefix .. 'sources')) do redis.call('HSET', prefix .. 'flags', 'restate:' .. source, '1') end
return generation
