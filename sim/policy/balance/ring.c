// sim/policy/balance/ring.c - the points of the ring and the search among them.
#include "sim/policy/balance/ring.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Where a name ends as host and its port begins: behind the last colon if only digits follow. "unix:" is no part of a path's host.
static uLong hash_name(const char *name)
{
    size_t length = strlen(name), host = length, digits = 0;
    const char *port = name + length;
    if (strncasecmp(name, "unix:", 5) == 0) {
        name += 5;
        host = length - 5;
    } else {
        while (digits < length && name[length - 1 - digits] >= '0' && name[length - 1 - digits] <= '9')
            digits++;
        if (digits < length && name[length - 1 - digits] == ':') {
            host = length - digits - 1;
            port = name + host + 1;
        }
    }
    uLong crc = crc32(0, (const Bytef *)name, (uInt)host);
    crc = crc32(crc, (const Bytef *)"", 1);
    return crc32(crc, (const Bytef *)port, (uInt)strlen(port));
}

static int by_hash(const void *a, const void *b)
{
    const sim_ring_point *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

sim_ring sim_ring_make(sim_world *w, const sim_upstream *u)
{
    sim_ring r = {.points = sim_take(w, (size_t)u->total_weight * SIM_RING_POINTS * sizeof(sim_ring_point))};
    sim_ring_point *points = SIM_AT(w, sim_ring_point, r.points);
    uint32_t made = 0;
    for (uint32_t slot = 0; slot < u->peer_count; slot++) {
        const sim_peer *p = SIM_AT(w, const sim_peer, u->peers) + slot;
        uLong base = hash_name(SIM_AT(w, const char, p->name));
        uint32_t before = 0;
        for (uint32_t n = p->weight * SIM_RING_POINTS; n > 0; n--) {
            Bytef bytes[4] = {(Bytef)before, (Bytef)(before >> 8), (Bytef)(before >> 16), (Bytef)(before >> 24)};
            before = (uint32_t)crc32(base, bytes, 4);
            points[made++] = (sim_ring_point){before, slot};
        }
    }
    qsort(points, made, sizeof *points, by_hash);
    for (uint32_t i = 0; i < made; i++)
        if (r.count == 0 || points[i].hash != points[r.count - 1].hash)
            points[r.count++] = points[i];
    return r;
}

uint32_t sim_ring_find(const sim_world *w, const sim_ring *r, const void *key, uint32_t key_bytes)
{
    const sim_ring_point *points = SIM_AT(w, const sim_ring_point, r->points);
    uint32_t hash = (uint32_t)crc32(0, key, key_bytes), low = 0, high = r->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (points[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
