"""
The writes of the cache protocol (`protocol.py`), as scripts that Redis runs on one key each,
so that they run on any kind of cluster. `entries.py` describes what the keys hold.

They read by GETEX, which Redis refuses wherever it refuses a write. So where Redis refuses writes
every script fails, also one that would find nothing to do: it never returns as if it were done.
"""

from typing import Final

from chalicelib.caching.entries import FENCE_MS, LONGEST_FENCE_MS

# The value, or false. A value of another type is one that we did not write; every other error is
# the script's own.
_LOOK: Final = """
local value = redis.pcall('GETEX', KEYS[1])
if type(value) == 'table' then
  if not tostring(value.err):find('^WRONGTYPE') then return value end
  value = ''
end
"""

# A fence is `W` and `deadline:token` of each writer under way, deadlines in ms of Redis's clock:
# a writer that died does not hold the key longer than FENCE_MS, however many come after it.
# A deadline further off than LONGEST_FENCE_MS is none, and no fence is given a longer life than a
# new one.
_OTHERS: Final = (
    _LOOK
    + f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept, last = {{}}, now
if value and value:sub(1, 1) == 'W' then
  for text, token in value:gmatch('(%d+):(%w+)') do
    local deadline = tonumber(text)
    if token ~= own and deadline > now and deadline <= now + {LONGEST_FENCE_MS} then
      kept[#kept + 1] = text .. ':' .. token
      last = math.max(last, deadline)
    end
  end
end
"""
)

# Invariant: after it, the key holds no value and no lease, and this writer's token is in the fence.
FENCE_SCRIPT: Final = (
    "local own = ARGV[1]"
    + _OTHERS
    + f"""
kept[#kept + 1] = string.format('%.0f', now + {FENCE_MS}) .. ':' .. own
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', {FENCE_MS})
return #kept
"""
)

# Invariant: after it, this writer's token is gone and, unless others write, so is the whole key.
RELEASE_SCRIPT: Final = (
    "local own = ARGV[1]"
    + _OTHERS
    + f"""
if #kept == 0 then return redis.call('DEL', KEYS[1]) end
local life = string.format('%.0f', math.min(last - now, {FENCE_MS}))
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', life)
return 0
"""
)

# Invariant: a value replaces nothing but the lease under which it was loaded.
FILL_SCRIPT: Final = (
    _LOOK
    + """
if value ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
)

# Invariant: after it, the key holds a fence, or exactly the entry given, or nothing.
INVALIDATE_SCRIPT: Final = (
    "local own = nil"
    + _OTHERS
    + """
if #kept > 0 or value == ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
)
