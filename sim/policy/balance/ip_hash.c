// sim/policy/balance/ip_hash.c - nginx' ip_hash: by the client's network. All of an IPv4 /24 go to one server, for only three octets count.
#include "sim/policy/balance/hash_walk.h"

enum { BEGIN = 89, FACTOR = 113, MODULUS = 6271 };                 // ngx_http_upstream_ip_hash_module.c

static uint32_t pick(void *state, const sim_candidates *eligible)
{
    (void)state;
    sim_balanced *call = eligible->call;
    const uint8_t *address = call->key;
    uint32_t octets = call->key_bytes == 4 ? 3 : call->key_bytes;
    if (call->rehash == 0)
        call->hash = BEGIN;
    for (uint32_t hash = call->hash; call->steps <= SIM_HASH_STEPS; call->steps++) {
        for (uint32_t i = 0; i < octets; i++)
            hash = (hash * FACTOR + address[i]) % MODULUS;
        uint32_t slot = sim_hash_walk(eligible, hash);
        if (eligible->peer[slot].out)
            continue;
        call->hash = hash;                     // the next try goes on from here
        call->rehash = 1;
        return slot;
    }
    return sim_balance_rotate(eligible);
}

const sim_balancer sim_balancer_ip_hash = {.name = "ip-hash", .summary = "by the client's address: an IPv4 /24 keeps to one server",
    .real = "ip_hash;", .uses = SIM_USES_WEIGHTS | SIM_USES_ADDRESS, .pick = pick};
