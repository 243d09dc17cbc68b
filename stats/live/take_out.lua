-- Takes a source out of everything that is shown, in one step: what its records show goes from every sum, and its entries go.
-- Its records stay, and show nothing any more; told again, when the source is put back, each counts anew.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  prefix    ARGV[2] source    ARGV[3] holder of its lease    ARGV[4] MessagePack: list of [hash, key] to take away
-- Returns 'ok', 'spoilt' (done, but for what cannot be read: the sums are to be made anew) or 'fenced' (nothing was done).

local prefix, source = ARGV[1], ARGV[2]
if redis.call('GET', prefix .. 'lease:' .. source) ~= ARGV[3] then return 'fenced' end
local meta, index = prefix .. 'meta', prefix .. 'i:' .. source
local generation = redis.call('HGET', meta, 'gen') or '0'
local sums, dirty, gone, spoilt = {}, {}, {}, false

local function read(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) == 'table' and answer.err then
    spoilt = true
    return {}
  end
  return answer
end

local function count(key, field, n, mark)
  local cell = sums[key]
  if not cell then cell = {}; sums[key] = cell end
  cell[field] = (cell[field] or 0) - n
  dirty[mark] = true
end

local function leave(key, field, mark)
  local cell = gone[key]
  if not cell then cell = {}; gone[key] = cell end
  cell[#cell + 1] = field
  dirty[mark] = true
end

local function subtract(show, call)
  for _, cell in ipairs(show[1]) do
    local scope, minute, day = cell[1], string.format('%d', cell[2]), cell[3]
    for i = 1, #cell[4], 2 do
      count('day:' .. day .. ':' .. scope, cell[4][i], cell[4][i + 1], 'd|' .. day .. '|' .. scope)
      if cell[2] > 0 then count('min:' .. minute, scope .. '|' .. cell[4][i], cell[4][i + 1], 'm|' .. minute) end
    end
  end
  for _, wait in ipairs(show[2]) do
    local name, minute = call .. '#' .. string.format('%d', wait[5]), string.format('%d', wait[2])
    leave('peak:' .. wait[3] .. ':' .. wait[1], name, 'd|' .. wait[3] .. '|q:' .. wait[1])
    leave('mw:' .. minute, wait[1] .. '|' .. name, 'm|' .. minute)
  end
  if show[4] ~= '' then leave('callers:' .. show[4], call, 'c|' .. show[4] .. '|' .. call) end
end

local ids = read('ZRANGE', index, 0, -1)
for _, id in ipairs(ids) do
  local call = source .. '/' .. id
  local held = read('HMGET', prefix .. 'r:' .. call, 's', 'g')
  if held[1] and (held[2] or '0') == generation then
    local readable, show = pcall(cmsgpack.unpack, held[1])
    if not (readable and pcall(subtract, show, call)) then spoilt = true end
  end
end
local lead = source .. '/'
for _, call in ipairs(read('HKEYS', prefix .. 'living')) do
  if string.sub(call, 1, #lead) == lead then leave('living', call, 'l|' .. call) end
end

-- Writing: the first write may be refused (full, read-only), and then nothing has happened; the others may not ------------

local rev = redis.call('HINCRBY', meta, 'rev', 1)

local function put(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) == 'table' and answer.err then spoilt = true end
end

for key, cell in pairs(sums) do
  -- What has gone by its age is not made again.
  if redis.call('EXISTS', prefix .. key) == 1 then
    for field, n in pairs(cell) do
      if n ~= 0 then put('HINCRBY', prefix .. key, field, string.format('%.0f', n)) end
    end
  end
end
for key, names in pairs(gone) do
  local command = string.sub(key, 1, 5) == 'peak:' and 'ZREM' or 'HDEL'
  for at = 1, #names, 1000 do put(command, prefix .. key, unpack(names, at, math.min(at + 999, #names))) end
end
for _, id in ipairs(ids) do put('HDEL', prefix .. 'r:' .. source .. '/' .. id, 's') end
redis.call('DEL', index)
for _, entry in ipairs(cmsgpack.unpack(ARGV[4])) do
  put('HDEL', prefix .. entry[1], entry[2])
  dirty['h|' .. entry[1] .. '|' .. entry[2]] = true
  if entry[1] == 'presence' then dirty['p|' .. entry[2]] = true end
end
for name in pairs(dirty) do put('ZADD', prefix .. 'dirty', rev, name) end
redis.call('PUBLISH', prefix .. 'announce', rev)
return spoilt and 'spoilt' or 'ok'
