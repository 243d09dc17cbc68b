-- The versions of a source's records, a part at a time.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  prefix   ARGV[2]  source   ARGV[3]  start (score) to go on from   ARGV[4]  how many of that start to pass over
-- ARGV[5]  last start wanted          ARGV[6]  how many at most
-- Returns MessagePack: {next start, next pass over, [id, version, id, version, ...]}; next start is "" at the end.

local prefix, source, most = ARGV[1], ARGV[2], tonumber(ARGV[6])
local found = redis.call('ZRANGEBYSCORE', prefix .. 'i:' .. source, ARGV[3], ARGV[5], 'WITHSCORES', 'LIMIT', ARGV[4], most)
local out, last, same = {}, ARGV[3], tonumber(ARGV[4])
for i = 1, #found, 2 do
  local version = redis.call('HGET', prefix .. 'r:' .. source .. '/' .. found[i], 'v')
  if version then
    out[#out + 1] = found[i]
    out[#out + 1] = tonumber(version)
  end
  if found[i + 1] == last then same = same + 1 else last, same = found[i + 1], 1 end
end
if #found < 2 * most then last = '' end
return cmsgpack.pack({last, same, out})
