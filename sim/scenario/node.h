// sim/scenario/node.h - a scenario file as a tree of nodes that know where they stand.
// * Bounded by limit.def. Anchors, aliases and directives are refused: a scenario says what it means.
// * Nodes lie in a sim_pool and live as long as it.
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "sim/core/base.h"

enum {
#define SIM_LIMIT(name, most, help) SIM_MOST_##name = most,
#include "sim/scenario/limit.def"
#undef SIM_LIMIT
};
// Steps of a replication: an hour or two of computing. A file that asks for more is a slip of the pen.
#define SIM_MOST_WORK 1e11

// Memory that is freed at once.
typedef struct sim_pool { struct sim_pool_block *blocks; } sim_pool;
void *sim_pool_take(sim_pool *pool, size_t bytes);                 // zeroed
char *sim_pool_text(sim_pool *pool, const char *text);
void  sim_pool_free(sim_pool *pool);

typedef enum { SIM_SCALAR, SIM_MAP, SIM_LIST } sim_node_kind;

typedef struct sim_node {
    sim_node_kind kind;
    int           line, column;                // from 1
    const char   *text;                        // scalar
    struct sim_node *key;                      // member of a map: its key, a scalar
    struct sim_node *first, *next;             // members of a map or list; the next sibling
    size_t        count;                       // members
    bool          used;                        // the reader has asked for it
} sim_node;

typedef struct {                               // where messages about a file are collected
    const char *path, *text;
    hr_error   *error;
    const char *about;                         // put before messages: "variant 'aside': ", or ""
    struct sim_reason *reason;                 // why a value was not read, for the next message; NULL: not kept
} sim_source;
typedef struct sim_reason { char text[512]; } sim_reason;

// All documents of a file, as siblings; none: *first is NULL.
hr_status sim_node_parse_all(sim_pool *pool, sim_source *source, size_t size, sim_node **first) HR_MUST_USE;
// A scenario: one document, a map.
hr_status sim_node_parse(sim_pool *pool, sim_source *source, size_t size, sim_node **root) HR_MUST_USE;
// The member of a map with that key, or NULL; marks it as used.
sim_node *sim_node_member(sim_node *map, const char *key);
// The same by the first `length` bytes of `key`, and it does not count as used.
sim_node *sim_node_find(const sim_node *map, const char *key, size_t length);
// Says why a value cannot be read, for the message that follows; returns false. `source` may be NULL.
bool sim_because(const sim_source *source, const char *format, ...) HR_PRINTF(2, 3);
// Adds "path:line:column: message (reason)", the line and a caret. Returns HR_BAD_INPUT.
hr_status sim_wrong(const sim_source *source, int line, int column, const char *format, ...) HR_PRINTF(4, 5);
#define SIM_WRONG(source, node, ...) sim_wrong(source, (node)->line, (node)->column, __VA_ARGS__)

#endif
