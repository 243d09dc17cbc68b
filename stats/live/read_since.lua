-- Reads what changed after a rev, or everything, as one consistent picture.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  prefix
-- ARGV[2]  rev already known (-1 for none)      ARGV[3]  epoch it was known in
-- ARGV[4]  first and ARGV[5] last UTC minute wanted when everything is read
-- ARGV[6...] business days wanted when everything is read
-- Returns MessagePack: {epoch, run_id, rev, full, items}; items = list of [name, payload...] by the names of `dirty`:
--   d|<day>|<scope>: amounts as a flat list, greatest wait or ""      m|<minute>: cells flat, waits flat
--   l|<call>  p|<agent>  c|<day>|<call>  h|<hash>|<key>  rules: the JSON, or "" when it is gone

local prefix = ARGV[1]
local meta = redis.call('HMGET', prefix .. 'meta', 'epoch', 'rev', 'floor')
local epoch, rev, floor = meta[1] or '', tonumber(meta[2]) or 0, tonumber(meta[3]) or -1
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local since = tonumber(ARGV[2])
local items = {}

local function day_cell(day, scope)
  local greatest = ''
  if string.sub(scope, 1, 2) == 'q:' then
    local top = redis.call('ZREVRANGE', prefix .. 'peak:' .. day .. ':' .. string.sub(scope, 3), 0, 0, 'WITHSCORES')
    greatest = top[2] or ''
  end
  items[#items + 1] = {'d|' .. day .. '|' .. scope, redis.call('HGETALL', prefix .. 'day:' .. day .. ':' .. scope), greatest}
end

local function minute_cell(minute)
  items[#items + 1] = {'m|' .. minute, redis.call('HGETALL', prefix .. 'min:' .. minute), redis.call('HGETALL', prefix .. 'mw:' .. minute)}
end

local function whole_hash(name, lead)
  local all = redis.call('HGETALL', prefix .. name)
  for i = 1, #all, 2 do items[#items + 1] = {lead .. all[i], all[i + 1]} end
end

local full = since < 0 or since > rev or since < floor or epoch ~= ARGV[3]
if not full then
  local names = redis.call('ZRANGEBYSCORE', prefix .. 'dirty', '(' .. since, '+inf')
  for _, name in ipairs(names) do
    local kind, rest = string.sub(name, 1, 2), string.sub(name, 3)
    if kind == 'd|' then
      local cut = string.find(rest, '|', 1, true)
      day_cell(string.sub(rest, 1, cut - 1), string.sub(rest, cut + 1))
    elseif kind == 'm|' then minute_cell(rest)
    elseif kind == 'l|' then items[#items + 1] = {name, redis.call('HGET', prefix .. 'living', rest) or ''}
    elseif kind == 'p|' then items[#items + 1] = {name, redis.call('HGET', prefix .. 'presence', rest) or ''}
    elseif kind == 'c|' then
      local cut = string.find(rest, '|', 1, true)
      items[#items + 1] = {name, redis.call('HGET', prefix .. 'callers:' .. string.sub(rest, 1, cut - 1), string.sub(rest, cut + 1)) or ''}
    elseif kind == 'h|' then
      local cut = string.find(rest, '|', 1, true)
      items[#items + 1] = {name, redis.call('HGET', prefix .. string.sub(rest, 1, cut - 1), string.sub(rest, cut + 1)) or ''}
    elseif name == 'rules' then items[#items + 1] = {name, redis.call('GET', prefix .. 'rules') or ''}
    end
  end
else
  for i = 6, #ARGV do
    local day = ARGV[i]
    for _, scope in ipairs(redis.call('SMEMBERS', prefix .. 'scopes:' .. day)) do day_cell(day, scope) end
    whole_hash('callers:' .. day, 'c|' .. day .. '|')
  end
  for minute = tonumber(ARGV[4]), tonumber(ARGV[5]) do minute_cell(string.format('%d', minute)) end
  whole_hash('living', 'l|')
  whole_hash('presence', 'p|')
  for _, name in ipairs({'queues', 'agents', 'risk', 'sources'}) do whole_hash(name, 'h|' .. name .. '|') end
  items[#items + 1] = {'rules', redis.call('GET', prefix .. 'rules') or ''}
end
return cmsgpack.pack({epoch, run_id, rev, full, items})
