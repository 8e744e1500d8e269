// sim/policy/balance/hash.c - nginx' `hash KEY`: CRC-32 of the key over the weights. One server more or less moves most keys.
#include "sim/policy/balance/hash_walk.h"

#include <stdio.h>
#include <zlib.h>

// As Cache::Memcached: each rehash adds the hash of its number and the key.
static uint32_t hash_of(const sim_balanced *call)
{
    char number[16];
    uLong crc = crc32(0, NULL, 0);
    if (call->rehash > 0)
        crc = crc32(crc, (const Bytef *)number, (uInt)snprintf(number, sizeof number, "%u", call->rehash));
    crc = crc32(crc, call->key, call->key_bytes);
    return (uint32_t)(crc >> 16) & 0x7fff;
}

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    (void)state;
    sim_balanced *call = eligible->call;
    for (; call->steps <= SIM_HASH_STEPS && call->key_bytes; call->steps++) {
        call->hash += hash_of(call);
        call->rehash++;
        uint32_t slot = sim_hash_walk(eligible, call->hash);
        if (!eligible->peer[slot].out)
            return slot;
    }
    return sim_balance_rotate(eligible);
}

const sim_balancer sim_balancer_hash = {.name = "hash", .summary = "by CRC-32 of the key; a server more or less moves most keys",
    .real = "hash $arg_key;", .uses = SIM_USES_WEIGHTS | SIM_USES_KEY, .pick = pick};
