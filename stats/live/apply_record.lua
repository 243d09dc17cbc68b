-- Shows a batch exactly once: subtracts what each record showed before, adds what it shows now, in one step.
-- First everything is read, added up and looked at; then it is written. So a step that fails has written nothing, and may be split.
--
-- KEYS[1]  <prefix>meta           every other key is made from the prefix and shares its hash tag
-- ARGV[1]  prefix                 "wb:{org}:"
-- ARGV[2]  batch, MessagePack:
--   source, holder    who writes, and the lease it holds for that source ("" where no lease is asked for)
--   records           list of [id_call, base version, started_at, ended (0 or 1)]; the n-th one's record and show are ARGV[2n+1] and ARGV[2n+2],
--                     for Lua's MessagePack knows no binary. show = [cells, waits, living, callers_day, caller]
--                       cells   list of [scope, minute or 0, day, [amount, n, amount, n, ...]]
--                       waits   list of [queue, minute, day, ms, number]
--                       living  JSON or ""; callers_day and caller (JSON) or ""
--   presence          list of [agent, base version, JSON, credits], credits = [day, amount, ms, day, amount, ms, ...]
--   moves             list of [old agent, new agent, days]: presence and credited time of a key that turned out to be another
--   entries           list of [hash, key, JSON or ""]; "" takes the entry away
--   rules             JSON or ""
--   ttl               [record s, day s, minute s, dirty revs, dirty names]
-- Returns [status, rev, run id of the server, conflicting calls, conflicting agents, generation of the sums];
-- status is "ok", or "fenced" and nothing was done.
-- A record or agent whose version is not the base is left alone and named in the answer: somebody else told more; merge and try again.
-- What a record showed in an older generation of the sums counts nothing in this one.
-- What cannot be read of what is stored (a show, or another shape under one of our keys) is taken away and a rebuild is ordered.

local prefix, batch = ARGV[1], cmsgpack.unpack(ARGV[2])
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local source, ttl = batch.source, batch.ttl

if batch.holder ~= '' and redis.call('GET', prefix .. 'lease:' .. source) ~= batch.holder then
  return {'fenced', 0, run_id, {}, {}, ''}
end
local meta = prefix .. 'meta'
local generation = redis.call('HGET', meta, 'gen') or '0'
local dirty, conflicts, agent_conflicts = {}, {}, {}
local days, minutes = {}, {}
local spoilt = false

-- Reading and adding up ------------------------------------------------------------------------------------------------

local LARGEST = 2 ^ 53
local function whole(n)
  return type(n) == 'number' and n == math.floor(n) and n < LARGEST and n > -LARGEST
end

local function sound(show)
  if type(show) ~= 'table' or #show ~= 5 or type(show[1]) ~= 'table' or type(show[2]) ~= 'table' then return false end
  for _, cell in ipairs(show[1]) do
    if type(cell) ~= 'table' or type(cell[1]) ~= 'string' or not whole(cell[2]) or type(cell[3]) ~= 'string' or type(cell[4]) ~= 'table' then
      return false
    end
    for i = 1, #cell[4], 2 do
      if type(cell[4][i]) ~= 'string' or not whole(cell[4][i + 1]) then return false end
    end
  end
  for _, wait in ipairs(show[2]) do
    if type(wait) ~= 'table' or type(wait[1]) ~= 'string' or type(wait[3]) ~= 'string' then return false end
    if not (whole(wait[2]) and whole(wait[4]) and whole(wait[5])) then return false end
  end
  return type(show[3]) == 'string' and type(show[4]) == 'string' and type(show[5]) == 'string'
end

-- A reading that meets another shape under one of our keys reads nothing.
local function read(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) == 'table' and answer.err then
    spoilt = true
    return nil
  end
  return answer
end

local function tally(cells, sign)
  for _, cell in ipairs(cells) do
    local scope, minute, day, amounts = cell[1], cell[2], cell[3], cell[4]
    local dkey = day .. ':' .. scope
    local dcell = days[dkey]
    if not dcell then dcell = {day = day, scope = scope, sums = {}}; days[dkey] = dcell end
    local msums
    if minute > 0 then
      msums = minutes[minute]
      if not msums then msums = {}; minutes[minute] = msums end
    end
    for i = 1, #amounts, 2 do
      local name, n = amounts[i], amounts[i + 1] * sign
      dcell.sums[name] = (dcell.sums[name] or 0) + n
      if msums then
        local field = scope .. '|' .. name
        msums[field] = (msums[field] or 0) + n
      end
    end
  end
end

local function wait_name(wait, call)
  return call .. '#' .. string.format('%d', wait[5])
end

local function same_waits(one, other)
  if #one ~= #other then return false end
  for i = 1, #one do
    for j = 1, 5 do
      if one[i][j] ~= other[i][j] then return false end
    end
  end
  return true
end

local records = {}
for n, item in ipairs(batch.records) do
  local call = source .. '/' .. item[1]
  local held = read('HMGET', prefix .. 'r:' .. call, 'v', 's', 'g') or {false, false, false}
  if (tonumber(held[1]) or 0) ~= item[2] then
    conflicts[#conflicts + 1] = item[1]
  else
    local old, new = {{}, {}, '', '', ''}, cmsgpack.unpack(ARGV[2 * n + 2])
    if not sound(new) or not whole(item[3]) then return redis.error_reply('ERR a number that is none') end
    if held[2] and (held[3] or '0') == generation then
      local readable, shown = pcall(cmsgpack.unpack, held[2])
      if readable and sound(shown) then old = shown else spoilt = true end
    end
    tally(old[1], -1)
    tally(new[1], 1)
    records[#records + 1] = {n = n, item = item, call = call, known = held[2], old = old, new = new}
  end
end

-- Presence as it will be after the moves and documents before: [document, version].
local people = {}
local function person(agent)
  local held = people[agent]
  if not held then
    held = {read('HGET', prefix .. 'presence', agent) or false, tonumber(read('HGET', prefix .. 'presence_v', agent) or 0) or 0}
    people[agent] = held
  end
  return held
end

for _, move in ipairs(batch.moves) do
  local old, new = move[1], move[2]
  local from, to = person(old), person(new)
  if from[1] then
    if not to[1] then people[new] = {from[1], from[2], moved = true} end
    people[old] = {false, 0, moved = true}
  end
  for _, day in ipairs(move[3]) do
    local sums = read('HGETALL', prefix .. 'day:' .. day .. ':a:' .. old) or {}
    for i = 1, #sums, 2 do
      local ms = tonumber(sums[i + 1])
      if string.sub(sums[i], 1, 5) == 'time_' and whole(ms) then
        tally({{'a:' .. new, 0, day, {sums[i], ms}}, {'a:' .. old, 0, day, {sums[i], -ms}}}, 1)
      end
    end
  end
end

for _, item in ipairs(batch.presence) do
  local agent, credits = item[1], item[4]
  if person(agent)[2] ~= item[2] then
    agent_conflicts[#agent_conflicts + 1] = agent
  else
    people[agent] = {item[3], item[2] + 1, moved = true}
    for i = 1, #credits, 3 do
      if not whole(credits[i + 2]) then return redis.error_reply('ERR a number that is none') end
      tally({{'a:' .. agent, 0, credits[i], {credits[i + 1], credits[i + 2]}}}, 1)
    end
  end
end

for _, cell in pairs(days) do
  for _, n in pairs(cell.sums) do
    if not whole(n) then return redis.error_reply('ERR a number that is none') end
  end
end

-- Writing: the first write may be refused (full, read-only), and then nothing has happened; the others may not ------------

local rev = redis.call('HINCRBY', meta, 'rev', 1)

local function put(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) == 'table' and answer.err then
    spoilt = true
    if string.find(answer.err, 'integer', 1, true) or string.find(answer.err, 'overflow', 1, true) then redis.call('HDEL', key, (...))
    else redis.call('DEL', key) end
    redis.pcall(command, key, ...)
    return false
  end
  return true
end

local function drop_waits(waits, call)
  for _, wait in ipairs(waits) do
    put('ZREM', prefix .. 'peak:' .. wait[3] .. ':' .. wait[1], wait_name(wait, call))
    put('HDEL', prefix .. 'mw:' .. string.format('%d', wait[2]), wait[1] .. '|' .. wait_name(wait, call))
    dirty['d|' .. wait[3] .. '|q:' .. wait[1]] = true
    dirty['m|' .. string.format('%d', wait[2])] = true
  end
end

local function add_waits(waits, call)
  for _, wait in ipairs(waits) do
    local peak, minute = prefix .. 'peak:' .. wait[3] .. ':' .. wait[1], string.format('%d', wait[2])
    put('ZADD', peak, wait[4], wait_name(wait, call))
    redis.call('EXPIRE', peak, ttl[2])
    put('HSET', prefix .. 'mw:' .. minute, wait[1] .. '|' .. wait_name(wait, call), wait[4])
    redis.call('EXPIRE', prefix .. 'mw:' .. minute, ttl[3])
    dirty['d|' .. wait[3] .. '|q:' .. wait[1]] = true
    dirty['m|' .. minute] = true
  end
end

for _, one in ipairs(records) do
  local item, call, old, new = one.item, one.call, one.old, one.new
  local key = prefix .. 'r:' .. call
  if not same_waits(old[2], new[2]) then
    drop_waits(old[2], call)
    add_waits(new[2], call)
  end
  -- A record that has gone by itself may have left its living entry behind.
  if old[3] ~= new[3] or not one.known then
    if new[3] == '' then put('HDEL', prefix .. 'living', call)
    else put('HSET', prefix .. 'living', call, new[3]) end
    dirty['l|' .. call] = true
  end
  if old[4] ~= new[4] or old[5] ~= new[5] then
    if old[4] ~= '' then
      put('HDEL', prefix .. 'callers:' .. old[4], call)
      dirty['c|' .. old[4] .. '|' .. call] = true
    end
    if new[4] ~= '' then
      put('HSET', prefix .. 'callers:' .. new[4], call, new[5])
      redis.call('EXPIRE', prefix .. 'callers:' .. new[4], ttl[2])
      dirty['c|' .. new[4] .. '|' .. call] = true
    end
  end
  put('HSET', key, 'v', item[2] + 1, 'r', ARGV[2 * one.n + 1], 's', ARGV[2 * one.n + 2], 'g', generation)
  redis.call('EXPIRE', key, ttl[1])
  -- A store that has known no call of this source yet knows every open one from now on.
  if redis.call('EXISTS', prefix .. 'i:' .. source) == 0 then redis.call('HSET', meta, 'open:' .. source, '1') end
  put('ZADD', prefix .. 'i:' .. source, item[3], item[1])
  if item[4] == 1 then put('ZREM', prefix .. 'open:' .. source, item[1])
  else put('ZADD', prefix .. 'open:' .. source, item[3], item[1]) end
  -- In the same step as the record, so that no crash comes between a call's end and the wish to keep it. One that is only counted by
  -- other rules is kept already as it is, or named.
  if item[4] == 1 and item[5] ~= 1 then put('ZADD', prefix .. 'unkept:' .. source, item[2] + 1, item[1]) end
end

for agent, held in pairs(people) do
  if held.moved then
    if held[1] then
      put('HSET', prefix .. 'presence', agent, held[1])
      put('HSET', prefix .. 'presence_v', agent, held[2])
    else
      put('HDEL', prefix .. 'presence', agent)
      put('HDEL', prefix .. 'presence_v', agent)
    end
    dirty['p|' .. agent] = true
  end
end

for dkey, cell in pairs(days) do
  local key, touched = prefix .. 'day:' .. dkey, false
  for name, n in pairs(cell.sums) do
    if n ~= 0 then
      put('HINCRBY', key, name, string.format('%.0f', n))
      touched = true
    end
  end
  if touched then
    redis.call('EXPIRE', key, ttl[2])
    put('SADD', prefix .. 'scopes:' .. cell.day, cell.scope)
    redis.call('EXPIRE', prefix .. 'scopes:' .. cell.day, ttl[2])
    dirty['d|' .. dkey:gsub(':', '|', 1)] = true
  end
end
for minute, sums in pairs(minutes) do
  local name = string.format('%d', minute)
  local key, touched = prefix .. 'min:' .. name, false
  for field, n in pairs(sums) do
    if n ~= 0 then
      put('HINCRBY', key, field, string.format('%.0f', n))
      touched = true
    end
  end
  if touched then
    redis.call('EXPIRE', key, ttl[3])
    dirty['m|' .. name] = true
  end
end

for _, entry in ipairs(batch.entries) do
  if entry[3] == '' then put('HDEL', prefix .. entry[1], entry[2])
  else put('HSET', prefix .. entry[1], entry[2], entry[3]) end
  dirty['h|' .. entry[1] .. '|' .. entry[2]] = true
end
if batch.rules ~= '' then
  redis.call('SET', prefix .. 'rules', batch.rules)
  dirty['rules'] = true
end

-- What changed when: readers that were away for longer than is remembered read everything.
for name in pairs(dirty) do
  if not put('ZADD', prefix .. 'dirty', rev, name) then redis.call('HSET', meta, 'floor', rev) end
end
if rev % 256 == 0 then
  local floor, surplus = rev - ttl[4], redis.call('ZCARD', prefix .. 'dirty') - ttl[5]
  if surplus > 0 then
    local last = redis.call('ZRANGE', prefix .. 'dirty', surplus - 1, surplus - 1, 'WITHSCORES')
    floor = math.max(floor, tonumber(last[2]))
  end
  if redis.call('ZREMRANGEBYSCORE', prefix .. 'dirty', '-inf', floor) > 0 then redis.call('HSET', meta, 'floor', floor) end
end
if spoilt then redis.call('SET', prefix .. 'orders:' .. source, 'rebuild', 'EX', 600) end
redis.call('PUBLISH', prefix .. 'announce', rev)
return {'ok', rev, run_id, conflicts, agent_conflicts, generation}
