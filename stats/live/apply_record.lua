-- Shows a batch exactly once: subtracts what each record showed before, adds what it shows now, in one step.
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
--   moves             list of [old agent, new agent]: presence and credited time of a key that turned out to be another
--   entries           list of [hash, key, JSON or ""]; "" takes the entry away
--   rules             JSON or ""
--   ttl               [record s, day s, minute s, dirty revs]
-- Returns [status, rev, run id of the server, conflicting calls, conflicting agents]; status is "ok", or "fenced" and nothing was done.
-- A record or agent whose version is not the base is left alone and named in the answer: somebody else told more; merge and try again.

local prefix, batch = ARGV[1], cmsgpack.unpack(ARGV[2])
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local source, ttl = batch.source, batch.ttl

if batch.holder ~= '' and redis.call('GET', prefix .. 'lease:' .. source) ~= batch.holder then
  return {'fenced', 0, run_id, {}, {}}
end
local meta = prefix .. 'meta'
local rev = redis.call('HINCRBY', meta, 'rev', 1)
local dirty, conflicts, agent_conflicts = {}, {}, {}
local days, minutes = {}, {}

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

local function drop_waits(waits, call)
  for _, wait in ipairs(waits) do
    redis.call('ZREM', prefix .. 'peak:' .. wait[3] .. ':' .. wait[1], wait_name(wait, call))
    redis.call('HDEL', prefix .. 'mw:' .. string.format('%d', wait[2]), wait[1] .. '|' .. wait_name(wait, call))
    dirty['d|' .. wait[3] .. '|q:' .. wait[1]] = true
    dirty['m|' .. string.format('%d', wait[2])] = true
  end
end

local function add_waits(waits, call)
  for _, wait in ipairs(waits) do
    local peak, minute = prefix .. 'peak:' .. wait[3] .. ':' .. wait[1], string.format('%d', wait[2])
    redis.call('ZADD', peak, wait[4], wait_name(wait, call))
    redis.call('EXPIRE', peak, ttl[2])
    redis.call('HSET', prefix .. 'mw:' .. minute, wait[1] .. '|' .. wait_name(wait, call), wait[4])
    redis.call('EXPIRE', prefix .. 'mw:' .. minute, ttl[3])
    dirty['d|' .. wait[3] .. '|q:' .. wait[1]] = true
    dirty['m|' .. minute] = true
  end
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

for n, item in ipairs(batch.records) do
  local record, show = ARGV[2 * n + 1], ARGV[2 * n + 2]
  local call = source .. '/' .. item[1]
  local key = prefix .. 'r:' .. call
  local held = redis.call('HMGET', key, 'v', 's')
  if (tonumber(held[1]) or 0) ~= item[2] then
    conflicts[#conflicts + 1] = item[1]
  else
    local old = {{}, {}, '', '', ''}
    if held[2] then
      -- Bytes that are no show any more must not stop the others: what they showed stays counted until a rebuild.
      local readable, shown = pcall(cmsgpack.unpack, held[2])
      if readable and type(shown) == 'table' and #shown == 5 then old = shown end
    end
    local new = cmsgpack.unpack(show)
    tally(old[1], -1)
    tally(new[1], 1)
    if not same_waits(old[2], new[2]) then
      drop_waits(old[2], call)
      add_waits(new[2], call)
    end
    -- A record that has gone by itself may have left its living entry behind.
    if old[3] ~= new[3] or not held[2] then
      if new[3] == '' then redis.call('HDEL', prefix .. 'living', call)
      else redis.call('HSET', prefix .. 'living', call, new[3]) end
      dirty['l|' .. call] = true
    end
    if old[4] ~= new[4] or old[5] ~= new[5] then
      if old[4] ~= '' then
        redis.call('HDEL', prefix .. 'callers:' .. old[4], call)
        dirty['c|' .. old[4] .. '|' .. call] = true
      end
      if new[4] ~= '' then
        redis.call('HSET', prefix .. 'callers:' .. new[4], call, new[5])
        redis.call('EXPIRE', prefix .. 'callers:' .. new[4], ttl[2])
        dirty['c|' .. new[4] .. '|' .. call] = true
      end
    end
    redis.call('HSET', key, 'v', item[2] + 1, 'r', record, 's', show)
    redis.call('EXPIRE', key, ttl[1])
    redis.call('ZADD', prefix .. 'i:' .. source, item[3], item[1])
    -- In the same step as the record, so that no crash comes between a call's end and the wish to keep it.
    if item[4] == 1 then redis.call('ZADD', prefix .. 'unkept:' .. source, item[2] + 1, item[1]) end
  end
end

for _, move in ipairs(batch.moves) do
  local old, new = move[1], move[2]
  local document = redis.call('HGET', prefix .. 'presence', old)
  if document then
    if redis.call('HEXISTS', prefix .. 'presence', new) == 0 then
      redis.call('HSET', prefix .. 'presence', new, document)
      redis.call('HSET', prefix .. 'presence_v', new, redis.call('HGET', prefix .. 'presence_v', old) or 0)
      dirty['p|' .. new] = true
    end
    redis.call('HDEL', prefix .. 'presence', old)
    redis.call('HDEL', prefix .. 'presence_v', old)
    dirty['p|' .. old] = true
  end
  for _, day in ipairs(move[3]) do
    local cell = prefix .. 'day:' .. day .. ':a:' .. old
    local sums = redis.call('HGETALL', cell)
    for i = 1, #sums, 2 do
      if string.sub(sums[i], 1, 5) == 'time_' then
        tally({{'a:' .. new, 0, day, {sums[i], tonumber(sums[i + 1])}}, {'a:' .. old, 0, day, {sums[i], -tonumber(sums[i + 1])}}}, 1)
      end
    end
  end
end

for _, item in ipairs(batch.presence) do
  local agent = item[1]
  if (tonumber(redis.call('HGET', prefix .. 'presence_v', agent)) or 0) ~= item[2] then
    agent_conflicts[#agent_conflicts + 1] = agent
  else
    redis.call('HSET', prefix .. 'presence', agent, item[3])
    redis.call('HSET', prefix .. 'presence_v', agent, item[2] + 1)
    dirty['p|' .. agent] = true
    local credits = item[4]
    for i = 1, #credits, 3 do
      tally({{'a:' .. agent, 0, credits[i], {credits[i + 1], credits[i + 2]}}}, 1)
    end
  end
end

for dkey, cell in pairs(days) do
  local key, touched = prefix .. 'day:' .. dkey, false
  for name, n in pairs(cell.sums) do
    if n ~= 0 then
      redis.call('HINCRBY', key, name, n)
      touched = true
    end
  end
  if touched then
    redis.call('EXPIRE', key, ttl[2])
    redis.call('SADD', prefix .. 'scopes:' .. cell.day, cell.scope)
    redis.call('EXPIRE', prefix .. 'scopes:' .. cell.day, ttl[2])
    dirty['d|' .. dkey:gsub(':', '|', 1)] = true
  end
end
for minute, sums in pairs(minutes) do
  local name = string.format('%d', minute)
  local key, touched = prefix .. 'min:' .. name, false
  for field, n in pairs(sums) do
    if n ~= 0 then
      redis.call('HINCRBY', key, field, n)
      touched = true
    end
  end
  if touched then
    redis.call('EXPIRE', key, ttl[3])
    dirty['m|' .. name] = true
  end
end

for _, entry in ipairs(batch.entries) do
  if entry[3] == '' then redis.call('HDEL', prefix .. entry[1], entry[2])
  else redis.call('HSET', prefix .. entry[1], entry[2], entry[3]) end
  dirty['h|' .. entry[1] .. '|' .. entry[2]] = true
end
if batch.rules ~= '' then
  redis.call('SET', prefix .. 'rules', batch.rules)
  dirty['rules'] = true
end

for name in pairs(dirty) do redis.call('ZADD', prefix .. 'dirty', rev, name) end
if rev % 256 == 0 then
  local floor = rev - ttl[4]
  if redis.call('ZREMRANGEBYSCORE', prefix .. 'dirty', '-inf', floor) > 0 then redis.call('HSET', meta, 'floor', floor) end
end
redis.call('PUBLISH', prefix .. 'announce', rev)
return {'ok', rev, run_id, conflicts, agent_conflicts}
