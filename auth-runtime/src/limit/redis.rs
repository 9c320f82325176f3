//! Limits that processes share. In: buckets. Out: how full they are, from one Redis.
//!
//! A bucket is a key that holds the moment it is full again, in microseconds, and expires then. One
//! script asks all buckets of a request and takes from all of them or from none; nothing happens
//! between its commands. All keys carry one hash tag, because a request's buckets may be any: on a
//! cluster one of its nodes holds the limits.

use std::fmt;

use redis::Cmd;

use super::{Bucket, Level, Limiter};
use crate::{
    clock::Moment,
    store::{
        Answer, StoreError,
        bounds::in_time,
        redis::{link::Link, script::Script, url},
    },
};

/// now or nothing; interval and slack of each key: for each key whether it had a cell, and in how
/// many microseconds it is full again. A caller's clock may stand still, so what goes by it is kept
/// a minute longer.
const TAKE: &str = "
local now, grace = tonumber(ARGV[1]), 60000
if not now then
  grace = 0
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local ends, answer, all = {}, {}, true
for i, key in ipairs(KEYS) do
  ends[i] = math.max(tonumber(redis.call('GET', key) or now), now)
  local room = ends[i] - tonumber(ARGV[2 * i + 1]) <= now
  all = all and room
  answer[2 * i - 1] = room and 1 or 0
end
for i, key in ipairs(KEYS) do
  if all then
    ends[i] = ends[i] + tonumber(ARGV[2 * i])
    local left = math.ceil((ends[i] - now) / 1000) + grace
    redis.call('SET', key, string.format('%.0f', ends[i]), 'PX', string.format('%.0f', left))
  end
  answer[2 * i] = ends[i] - now
end
return answer";

/// The same arguments: for each key 1, and in how many microseconds it is full again.
const GIVE_BACK: &str = "
local now, grace = tonumber(ARGV[1]), 60000
if not now then
  grace = 0
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local answer = {}
for i, key in ipairs(KEYS) do
  local left = tonumber(redis.call('GET', key) or now) - tonumber(ARGV[2 * i]) - now
  if left > 0 then
    local milliseconds = string.format('%.0f', math.ceil(left / 1000) + grace)
    redis.call('SET', key, string.format('%.0f', now + left), 'PX', milliseconds)
  else
    redis.call('DEL', key)
    left = 0
  end
  answer[2 * i - 1] = 1
  answer[2 * i] = left
end
return answer";

/// Limits in Redis 6.2 or later, or in a Redis Cluster: for the processes of a service.
///
/// It goes by the clock of Redis, so that processes whose clocks differ share a limit. A bucket is
/// forgotten as soon as it is full.
///
/// # Security
///
/// A Redis that may evict is refused: an evicted bucket is a full one. One that fails over to a
/// replica forgets what the replica had not yet heard of. Account names and addresses are kept as
/// hashes, which who has a guess can check.
pub struct RedisLimiter {
    link: Link,
    prefix: String,
    take: Script,
    give_back: Script,
    callers_clock: bool,
}

impl RedisLimiter {
    /// Connects to a URL as [`store::open`](crate::store::open) takes it, which may be the store's.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsuitable`] if the URL cannot be read or the server may evict keys;
    /// [`StoreError::Unavailable`] if it cannot be reached or refuses.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let url::Address { target, prefix, .. } = url::parse(url)?;
        let link = Link::new(target);
        in_time(Box::pin(link.connect())).await?;
        let (take, give_back) = (Script::new(TAKE), Script::new(GIVE_BACK));
        Ok(Self { link, prefix, take, give_back, callers_clock: false })
    }

    /// Goes by the engine's clock instead: for tests that move it. Processes whose clocks differ do
    /// not share a limit then.
    #[must_use]
    pub fn on_callers_clock(mut self) -> Self {
        self.callers_clock = true;
        self
    }

    async fn run(
        &self,
        script: &Script,
        buckets: &[Bucket],
        now: Moment,
    ) -> Result<Vec<Level>, StoreError> {
        let answer: Vec<i64> = self.link.run(script, |call| self.say(call, buckets, now)).await?;
        let (pairs, rest) = answer.as_chunks::<2>();
        if pairs.len() != buckets.len() || !rest.is_empty() {
            return Err(StoreError::Damaged("an answer of another length".to_owned()));
        }
        let levels = buckets.iter().zip(pairs).map(|(bucket, [room, full_in])| {
            let full_in = u64::try_from(*full_in).unwrap_or_default();
            bucket.quota().level(full_in, *room == 1)
        });
        Ok(levels.collect())
    }

    /// Keys and arguments of both scripts.
    fn say(&self, call: &mut Cmd, buckets: &[Bucket], now: Moment) {
        call.arg(buckets.len());
        for bucket in buckets {
            call.arg(format!("{}:{{limit}}:{}", self.prefix, bucket.name()));
        }
        if self.callers_clock {
            call.arg(now.0);
        } else {
            call.arg("");
        }
        for bucket in buckets {
            call.arg(bucket.quota().interval_micros()).arg(bucket.quota().slack_micros());
        }
    }
}

impl Limiter for RedisLimiter {
    fn take<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(in_time(self.run(&self.take, buckets, now)))
    }

    fn give_back<'a>(&'a self, buckets: &'a [Bucket], now: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(in_time(self.run(&self.give_back, buckets, now)))
    }
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SECURITY: the link holds the password.
        f.debug_struct("RedisLimiter").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
