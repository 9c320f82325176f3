//! Every script that Redis is given, one per verb that writes. In: nothing. Out: their text.
//!
//! One owner's collection is two keys in one slot. `KEYS[1]` is a hash from id to record; a record
//! is `version:end:value`, and a record without end has none there. `KEYS[2]` is the same ids, each
//! with its end as the score, or `inf`. `KEYS[1]` is also the name of the channel that is told.
//!
//! A script is one step for Redis: nothing happens between its commands. Versions are compared as
//! text, because a number of Lua holds only 53 bits.

/// What all of them begin with.
macro_rules! script {
    ($body:literal) => {
        concat!(
            "
local records, ends, id, now = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])

local function live()
  local found = redis.call('HGET', records, id)
  local ending = found and string.match(found, '^%d+:(%-?%d*):')
  return ending and (ending == '' or tonumber(ending) > now) and found
end

-- Both keys go a minute after the last of their records, or never if one has no end. Redis counts
-- the seconds from now on: its own clock and the caller's need not agree.
local function keep()
  local last = redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')[2]
  local left = last and last ~= 'inf' and tonumber(last) - now + 60
  for _, key in ipairs(KEYS) do
    if left and left < 1e10 then
      redis.call('EXPIRE', key, string.format('%.0f', math.max(left, 1)))
    else
      redis.call('PERSIST', key)
    end
  end
end

local function put(version, ending, value)
  redis.call('HSET', records, id, version .. ':' .. ending .. ':' .. value)
  redis.call('ZADD', ends, ending == '' and '+inf' or ending, id)
  keep()
  redis.call('PUBLISH', records, '')
  return 1
end
",
            $body
        )
    };
}

/// id, now, end or nothing, value, the latest end to remove, how many: 1 if it was inserted.
pub(super) const INSERT: &str = script!(
    "
if live() then return 0 end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', ARGV[5], 'LIMIT', 0, ARGV[6])) do
  redis.call('HDEL', records, old)
  redis.call('ZREM', ends, old)
end
return put('1', ARGV[3], ARGV[4])"
);

/// id, now, end or nothing, value, version, version after it: 1 if it was written.
pub(super) const SWAP: &str = script!(
    "
local found = live()
if not found or string.match(found, '^%d+') ~= ARGV[5] then return 0 end
return put(ARGV[6], ARGV[3], ARGV[4])"
);

/// id, now: the record, if there was one.
pub(super) const TAKE: &str = script!(
    "
local found = redis.call('HGET', records, id)
if not found then return false end
redis.call('HDEL', records, id)
redis.call('ZREM', ends, id)
keep()
redis.call('PUBLISH', records, '')
return found"
);

/// nothing, now: how many were live.
pub(super) const DELETE_OWNED: &str = script!(
    "
local count = redis.call('ZCOUNT', ends, '(' .. ARGV[2], '+inf')
redis.call('UNLINK', records, ends)
redis.call('PUBLISH', records, '')
return count"
);
