-- Takes in what was posted to us, in the order given, each at most once: what lies here outlives whoever took it in.
--
-- KEYS[1]  inbox:<source>, the stream    KEYS[2] inboxed:<source>, bytes in it
-- ARGV[1]  beginning of the names of the sets of what was seen, by day    ARGV[2] most entries    ARGV[3] most bytes
-- ARGV[4]  days for which what was seen is remembered                     ARGV[5] most names remembered of one day
-- ARGV[6]  seconds after which all of it goes when nothing is posted any more
-- then for each: mark of its id ("" for one that is never repeated), what was posted
-- Returns for each: 1 taken in, 0 seen before, -1 there is no room.

local stream, bytes_of = KEYS[1], KEYS[2]
local seen, most_entries, most_bytes, days, most_seen = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local today = math.floor(tonumber(redis.call('TIME')[1]) / 86400)
local now_seen = seen .. today
local earlier = {}
-- One more than the days: the first of them is not whole. And tomorrow's, for a clock that was set back.
for day = today - days, today + 1 do
  local name = seen .. string.format('%d', day)
  if day ~= today and redis.call('EXISTS', name) == 1 then earlier[#earlier + 1] = name end
end
local entries, bytes = redis.call('XLEN', stream), tonumber(redis.call('GET', bytes_of) or '0')
local remembered = redis.call('SCARD', now_seen)
local outcomes, taken = {}, 0

local function was_seen(mark)
  if redis.call('SISMEMBER', now_seen, mark) == 1 then return true end
  for _, name in ipairs(earlier) do
    if redis.call('SISMEMBER', name, mark) == 1 then return true end
  end
  return false
end

for i = 7, #ARGV, 2 do
  local mark, posted = ARGV[i], ARGV[i + 1]
  if mark ~= '' and was_seen(mark) then
    outcomes[#outcomes + 1] = 0
  elseif entries >= most_entries or bytes + #posted > most_bytes then
    outcomes[#outcomes + 1] = -1
  else
    redis.call('XADD', stream, '*', 'd', posted)
    entries, bytes, taken = entries + 1, bytes + #posted, taken + #posted
    if mark ~= '' and remembered < most_seen then
      redis.call('SADD', now_seen, mark)
      remembered = remembered + 1
    end
    outcomes[#outcomes + 1] = 1
  end
end
if taken > 0 then
  redis.call('SET', bytes_of, string.format('%d', bytes), 'EX', ARGV[6])
  redis.call('EXPIRE', stream, ARGV[6])
  redis.call('EXPIRE', now_seen, (days + 2) * 86400)
end
return outcomes
