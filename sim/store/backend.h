// sim/store/backend.h - what a place to keep runs in must be able to do; store.c does everything that is the same for all.
// * A backend's handle begins with a sim_store. Rules about transactions, messages and ownership are those of store.h.
// * A new backend is one file and one row in the table `backends` of store.c.
#ifndef SIM_STORE_BACKEND_H
#define SIM_STORE_BACKEND_H

#include "sim/store/store.h"

typedef struct {
    const char *scheme;                        // a place that begins with this is ours ("" any); the table is read in order
    hr_status (*open)(const char *place, sim_store **store, hr_error *e);
    void      (*close)(sim_store *s);
    hr_status (*add)(sim_store *s, const sim_store_run *run, const char *created, int64_t *id, hr_error *e);
    hr_status (*list)(sim_store *s, size_t limit, sim_store_summary **list, size_t *count, hr_error *e);
    // *run is NULL with HR_OK when there is no such run.
    hr_status (*load)(sim_store *s, int64_t id, sim_store_run **run, hr_error *e);
    // Removes what is neither among the newest `keep_newest` nor created at or after `since` (NULL: age saves nobody).
    hr_status (*remove)(sim_store *s, uint64_t keep_newest, const char *since, uint64_t *removed, hr_error *e);
} sim_store_backend;

struct sim_store {
    const sim_store_backend *backend;
    char *place;                               // for messages; store.c sets and frees it
};

extern const sim_store_backend sim_store_file;

// An array with room for one more element: doubles at powers of two, so that no capacity needs keeping.
static inline void *sim_store_grow(void *items, size_t count, size_t item_bytes)
{
    return count & (count - 1) ? items : hr_realloc(items, (count ? 2 * count : 1) * item_bytes);
}

#endif
