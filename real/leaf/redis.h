// real/leaf/redis.h - Redis as the leaf of a cache component: GET, SET … PX and DEL on one asynchronous connection.
// * A value is the row's version in ten digits and a filler up to the request's size; keys are "d:" and the number.
// * A failed command is data (outcome error). A connection that breaks ends the experiment (real_loop_fail).
#ifndef REAL_REDIS_H
#define REAL_REDIS_H

#include "real/loop.h"
#include "real/samples.h"

typedef struct real_redis real_redis;

// What the server calls its version, "7.0.15".
hr_status real_redis_version(const char *socket, char *out, size_t room, hr_error *e) HR_MUST_USE;
// Empties the server, then puts keys 0 … `keys` - 1 into it, the first one last, with version 1 and no expiry.
hr_status real_redis_fill(const char *socket, uint64_t keys, uint32_t size_bytes, hr_error *e) HR_MUST_USE;
// How many entries of `size_bytes` the server holds when its memory is full: fills it until it evicts, counts, and empties it.
hr_status real_redis_capacity(const char *socket, uint32_t size_bytes, uint32_t *entries, hr_error *e) HR_MUST_USE;
hr_status real_redis_open(real_loop *loop, const char *socket, real_redis **out, hr_error *e) HR_MUST_USE;
void      real_redis_close(real_redis *redis);                     // NULL is fine
// The leaf that joins it to a world; round trips are added to samples[0] (one distribution for all operations) unless it is NULL.
sim_leaf  real_redis_leaf(real_redis *redis, real_samples *samples);

#endif
