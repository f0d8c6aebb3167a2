"""
The writes of the cache protocol (`cache.py`), as scripts that Redis runs on one key each,
so that they run on any kind of cluster. What the keys hold is told in `cache_entry.py`.
"""

from typing import Final

# A fence is `W` and `deadline:token` of each writer under way, deadlines in ms of Redis's clock:
# a writer that died does not hold the key longer than FENCE_MS, however many come after it.
_OTHERS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept, last = {}, now
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'string' and value:sub(1, 1) == 'W' then
  for deadline, token in value:gmatch('(%d+):(%w+)') do
    if token ~= ARGV[1] and tonumber(deadline) > now then
      kept[#kept + 1] = deadline .. ':' .. token
      last = math.max(last, tonumber(deadline))
    end
  end
end
"""

# Invariant: after it, the key holds no value and no lease, and this writer's token is in the fence.
FENCE_SCRIPT: Final = (
    _OTHERS
    + """
kept[#kept + 1] = string.format('%.0f', now + ARGV[2]) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', ARGV[2])
return #kept
"""
)

# Invariant: after it, this writer's token is gone and, unless others write, so is the whole key.
RELEASE_SCRIPT: Final = (
    _OTHERS
    + """
if #kept == 0 then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', string.format('%.0f', last - now))
return 0
"""
)

# Invariant: a value replaces nothing but the lease under which it was loaded.
FILL_SCRIPT: Final = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

# Invariant: a fence stands; anything else is gone.
INVALIDATE_SCRIPT: Final = """
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'string' and value:sub(1, 1) == 'W' then return 0 end
return redis.call('DEL', KEYS[1])
"""
