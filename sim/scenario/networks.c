// sim/scenario/networks.c - the section `network`: regions, the links between them, and in which region each component is.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/cdn.h"
#include "sim/scenario/reader.h"
#include "sim/scenario/units.h"
#include "sim/scenario/writers.h"

void sim_network_name(sim_reader *r, sim_node *root)
{
    static const char word[] = "network";
    sim_model *m = r->model;
    sim_node *node = sim_node_member(root, word);
    for (uint16_t i = 0; i < m->component_count; i++) {
        if (!node && m->components[i].kind == SIM_PART_cdn && sim_node_member(r->nodes[i], "edges"))
            SIM_FAIL(r, r->nodes[i], "%s.edges needs a section `network: {regions: [eu, us], rtt: {eu-us: 80ms}}`", m->components[i].name);
        const sim_node *spread = sim_node_member(r->nodes[i], "replica_regions");
        if (!node && m->components[i].kind == SIM_PART_database && spread)
            SIM_FAIL(r, spread, "%s.replica_regions needs a section `network: {regions: [eu, us], rtt: {eu-us: 80ms}}`", m->components[i].name);
        bool is_workload = m->components[i].kind == SIM_PART_workload;
        const sim_node *region = sim_node_member(r->nodes[i], "region"), *connect = is_workload ? sim_node_member(r->nodes[i], "connect") : NULL;
        if (!node && (region || connect))
            SIM_FAIL(r, region ? region : connect, "%s.%s needs a section `network: {regions: [eu, us], rtt: {eu-us: 80ms}}`", m->components[i].name,
                     region ? "region" : "connect");
        if (node && strcmp(m->components[i].name, word) == 0)
            SIM_FAIL(r, r->nodes[i]->key, "'network' is the name of the section; give this one another");
    }
    if (!node)
        return;
    if (node->kind != SIM_MAP || m->component_count >= SIM_MAX_COMPONENTS) {
        SIM_FAIL(r, node, node->kind == SIM_MAP ? "network: with it there are too many components" : "network: want {regions: [eu, us], rtt: {eu-us: 80ms}}");
        return;
    }
    r->nodes[m->component_count] = node;
    m->components[m->component_count++] = (sim_model_component){.name = word, .kind = SIM_PART_network, .line = node->key->line};
}

static int region_named(const sim_network_def *d, const char *name)
{
    for (uint32_t i = 0; i < d->region_count; i++)
        if (strcmp(d->region[i], name) == 0)
            return (int)i;
    return -1;
}

static void read_regions(sim_reader *r, sim_node *node, sim_network_def *d)
{
    sim_node *list = sim_node_member(node, "regions");
    size_t most = list && list->kind == SIM_LIST ? list->count : 0;
    const char **names = sim_pool_take(r->pool, (most + 1) * sizeof *names);
    d->region = names;
    if (list && (!most || most > SIM_MOST_REGIONS))
        SIM_FAIL(r, list, "network.regions: want a list of 1 to %d names, such as [eu, us, asia]", SIM_MOST_REGIONS);
    for (const sim_node *n = most && most <= SIM_MOST_REGIONS ? list->first : NULL; n; n = n->next) {
        if (n->kind != SIM_SCALAR || !sim_check_name(r, n, "a region"))
            r->failed = true;
        else if (region_named(d, n->text) >= 0 || strcmp(n->text, "inside") == 0)
            SIM_FAIL(r, n, "network.regions: '%s' %s", n->text, strcmp(n->text, "inside") == 0 ? "means within each region" : "is there twice");
        else
            names[d->region_count++] = n->text;
    }
}

// --- links --------------------------------------------------------------------------------------------------------------------

typedef struct {
    const char *key, *want;
    bool (*read)(sim_reader *r, const char *text, sim_pipe_def *pipe);
} property;

static bool read_rtt(sim_reader *r, const char *text, sim_pipe_def *pipe) { return sim_read_dist(r->pool, r->source, text, &pipe->rtt); }

static bool read_bandwidth(sim_reader *r, const char *text, sim_pipe_def *pipe)
{
    (void)r;
    return sim_read_bandwidth(text, &pipe->bytes_per_s) && pipe->bytes_per_s >= 1 && pipe->bytes_per_s <= 1e15;
}

static bool read_loss(sim_reader *r, const char *text, sim_pipe_def *pipe)
{
    (void)r;
    return sim_read_share(text, &pipe->loss) && pipe->loss <= 0.3;
}

// Pairs of regions that "eu-us" can mean, in either order. A name may have a - of its own: so every pair is tried.
static uint32_t find_pairs(const sim_network_def *d, const char *text, const char *between, uint32_t *a, uint32_t *b)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < d->region_count; i++)
        for (uint32_t j = 0; j < d->region_count; j++) {
            char pair[2 * SIM_MOST_name + 3];
            snprintf(pair, sizeof pair, "%s%s%s", d->region[i], between, d->region[j]);
            if (i == j || strcmp(pair, text) != 0)
                continue;
            *a = i;
            *b = j;
            found++;
        }
    return found;
}

// eu-us and us-eu are one link; the same word twice is YAML's to refuse.
static bool are_same_pair(const sim_network_def *d, const char *one, const char *two)
{
    uint32_t a, b, c, e;
    return find_pairs(d, one, "-", &a, &b) == 1 && find_pairs(d, two, "-", &c, &e) == 1 && a == e && b == c;
}

static void give_both(sim_pipe_def *pipes, uint32_t regions, uint32_t a, uint32_t b, const property *p, sim_reader *r, const char *text)
{
    (void)p->read(r, text, &pipes[a * regions + b]);
    (void)p->read(r, text, &pipes[b * regions + a]);
}

// One value for links: of a pair, of each region's inside, or with `key` NULL of every pair.
static void read_links(sim_reader *r, const sim_network_def *d, sim_pipe_def *pipes, const property *p, const char *key, const sim_node *value)
{
    sim_pipe_def probe = {0};
    uint32_t a = 0, b = 0, n = d->region_count, pairs = key ? find_pairs(d, key, "-", &a, &b) : 0;
    bool inside = key && strcmp(key, "inside") == 0;
    if (value->kind != SIM_SCALAR || !p->read(r, value->text, &probe)) {
        SIM_FAIL(r, value, "network.%s%s%s: want %s", p->key, key ? "." : "", key ? key : "", p->want);
        return;
    }
    if (key && !inside && pairs != 1) {
        SIM_FAIL(r, value->key, "network.%s: '%s' %s", p->key, key, pairs ? "can be two different pairs: rename a region" :
                 "are no two regions: want NAME-NAME of `regions`, or inside");
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i; j < n; j++)
            if (key ? (inside ? i == j : (i == a && j == b) || (i == b && j == a)) : i != j)
                give_both(pipes, n, i, j, p, r, value->text);
}

static void read_property(sim_reader *r, sim_node *node, const sim_network_def *d, sim_pipe_def *pipes, const property *p)
{
    const sim_node *value = sim_node_member(node, p->key);
    if (!value)
        return;
    if (value->kind == SIM_LIST)
        SIM_FAIL(r, value, "network.%s: want {eu-us: VALUE}, where VALUE is %s", p->key, p->want);
    else if (value->kind == SIM_SCALAR)
        read_links(r, d, pipes, p, NULL, value);
    for (const sim_node *n = value->kind == SIM_MAP ? value->first : NULL; n; n = n->next) {
        read_links(r, d, pipes, p, n->key->text, n);
        for (const sim_node *before = value->first; before != n; before = before->next)
            if (are_same_pair(d, before->key->text, n->key->text))
                SIM_FAIL(r, n->key, "network.%s: '%s' is the same link as '%s', which is there already", p->key, n->key->text, before->key->text);
    }
}

// --- the links of a fault -----------------------------------------------------------------------------------------------------

static void add_way(const sim_network_def *d, uint8_t *ways, uint32_t from, uint32_t to) { ways[from * d->region_count + to] = 1; }

// All links between the regions of `side`, a bit each, and the others.
static void add_side(const sim_network_def *d, uint8_t *ways, uint32_t side)
{
    for (uint32_t i = 0; i < d->region_count; i++)
        for (uint32_t j = 0; j < d->region_count; j++)
            if ((side >> i & 1) != (side >> j & 1))
                add_way(d, ways, i, j);
}

static void find_links(sim_reader *r, const sim_node *node, const sim_network_def *d, const char *verb, uint8_t *ways)
{
    uint32_t a = 0, b = 0, pairs = find_pairs(d, node->text, "-", &a, &b), directed = find_pairs(d, node->text, "->", &a, &b);
    int region = region_named(d, node->text);
    if (region >= 0 && pairs)
        SIM_FAIL(r, node, "faults: `%s`: '%s' can be a region and a link: rename a region", verb, node->text);
    else if (region >= 0 && d->region_count == 1)
        SIM_FAIL(r, node, "faults: `%s`: %s is the only region, so it has no links", verb, node->text);
    else if (region >= 0)
        add_side(d, ways, 1u << region);
    else if (pairs > 1)
        SIM_FAIL(r, node, "faults: `%s`: '%s' can be two different links: rename a region", verb, node->text);
    else if (pairs || directed)
        add_way(d, ways, a, b);
    else
        SIM_FAIL(r, node, "faults: `%s`: there is no link '%s': want NAME-NAME or NAME->NAME of `network.regions`, or one region for all its links%s", verb, node->text,
                 HR_HINT(hr_nearest(node->text, d->region), '\''));
    if (pairs)
        add_way(d, ways, b, a);
}

static void find_sides(sim_reader *r, const sim_node *list, const sim_network_def *d, const char *verb, uint8_t *ways)
{
    uint32_t side = 0, count = 0;
    for (const sim_node *n = list->first; n; n = n->next, count++) {
        int region = n->kind == SIM_SCALAR ? region_named(d, n->text) : -1;
        if (region < 0)
            SIM_FAIL(r, n, "faults: `%s`: in a list, want names of `network.regions`%s", verb,
                     HR_HINT(n->kind == SIM_SCALAR ? hr_nearest(n->text, d->region) : NULL, '\''));
        else
            side |= 1u << region;
    }
    if (!count || side == (uint32_t)((1ull << d->region_count) - 1))
        SIM_FAIL(r, list, "faults: `%s`: want some regions, but not all: they are one side, the others the other one", verb);
    add_side(d, ways, side);
}

const uint8_t *sim_links_read(sim_reader *r, const sim_node *node, uint16_t network, const char *verb, const char **name)
{
    const sim_network_def *d = r->model->components[network].def;
    uint8_t *ways = sim_pool_take(r->pool, (size_t)d->region_count * d->region_count + 1);
    hr_text text = {0};
    if (node->kind == SIM_LIST) {
        find_sides(r, node, d, verb, ways);
        for (const sim_node *n = node->first; n; n = n->next)
            hr_text_add(&text, "%s%s", text.used ? ", " : "[", n->kind == SIM_SCALAR ? n->text : "?");
        hr_text_add(&text, "]");
    } else if (node->kind == SIM_SCALAR) {
        find_links(r, node, d, verb, ways);
        hr_text_add(&text, "%s", node->text);
    } else {
        SIM_FAIL(r, node, "faults: `%s`: want a link such as eu-us, a region, or a list of regions", verb);
    }
    *name = sim_pool_text(r->pool, text.data ? text.data : "");
    free(text.data);
    return ways;
}

static void check_links(sim_reader *r, const sim_node *node, const sim_network_def *d)
{
    for (uint32_t i = 0; i < d->region_count; i++)
        for (uint32_t j = i + 1; j < d->region_count; j++)
            if (sim_dist_mean(&d->pipes[i * d->region_count + j].rtt) <= 0)
                SIM_FAIL(r, node, "network.rtt: there is none for %s-%s", d->region[i], d->region[j]);
}

// --- who is where, and what requests carry ------------------------------------------------------------------------------------

// The edge with the shortest round trip, its own region's first.
static uint8_t nearest_edge(const sim_network_def *d, uint32_t edges, uint32_t region)
{
    uint32_t best = region;
    double shortest = INFINITY;
    for (uint32_t e = 0; e < d->region_count; e++) {
        double rtt = e == region ? -1 : sim_dist_mean(&d->pipes[region * d->region_count + e].rtt);
        if (edges >> e & 1 && rtt < shortest) {
            shortest = rtt;
            best = e;
        }
    }
    return (uint8_t)best;
}

// Servers of a database in several regions: a call goes where the one is that it is sent to. False: all are where the database is.
static bool spread_servers(sim_reader *r, uint16_t id, const sim_network_def *network, uint8_t home)
{
    sim_database_def *d = r->model->components[id].def;
    const sim_node *list = sim_node_member(r->nodes[id], "replica_regions");
    if (!list || !d->replicas)
        return false;                          // the latter is told elsewhere
    const char *name = r->model->components[id].name;
    uint8_t *regions = sim_pool_take(r->pool, 1 + d->replicas);
    uint32_t count = 0;
    regions[count++] = home;
    if (list->kind != SIM_LIST || list->count != d->replicas) {
        SIM_FAIL(r, list, "%s.replica_regions: want a list with a region for each of its replicas, that is %u", name, d->replicas);
        return false;
    }
    for (const sim_node *n = list->first; n; n = n->next) {
        int at = n->kind == SIM_SCALAR ? region_named(network, n->text) : -1;
        if (at < 0)
            SIM_FAIL(r, n, "%s.replica_regions: want regions of `network.regions`%s", name,
                     HR_HINT(n->kind == SIM_SCALAR ? hr_nearest(n->text, network->region) : NULL, '\''));
        regions[count++] = (uint8_t)(at < 0 ? 0 : at);
    }
    d->regions = regions;
    return true;
}

static uint8_t connects_of(sim_reader *r, uint16_t id)
{
    const sim_workload_def *w = r->model->components[id].def;
    if (w->connect && r->model->components[w->target].kind == SIM_PART_mesh)
        SIM_FAIL(r, sim_node_member(r->nodes[id], "connect"), "%s.connect: it calls a mesh, whose proxies keep their connections", r->model->components[id].name);
    return (uint8_t)w->connect;
}

static void place_components(sim_reader *r, sim_network_def *d)
{
    const sim_model *m = r->model;
    uint8_t *region_of = sim_pool_take(r->pool, m->component_count), *nearest = sim_pool_take(r->pool, (size_t)m->component_count * d->region_count);
    uint8_t *connects = sim_pool_take(r->pool, m->component_count);
    for (uint16_t i = 0; i < m->component_count; i++) {
        bool is_spread = m->components[i].kind == SIM_PART_cdn || m->components[i].kind == SIM_PART_mesh;
        const sim_node *region = m->components[i].kind != SIM_PART_network ? sim_node_member(r->nodes[i], "region") : NULL;
        if (is_spread && region)
            SIM_FAIL(r, region, "%s.region: a %s is where its callers are: leave it out", m->components[i].name, sim_kinds[m->components[i].kind]->name);
        region = is_spread ? NULL : region;
        int at = !region ? 0 : region->kind == SIM_SCALAR ? region_named(d, region->text) : -1;
        if (at < 0)
            SIM_FAIL(r, region, "%s.region: want one of `network.regions`%s", m->components[i].name,
                     HR_HINT(region->kind == SIM_SCALAR ? hr_nearest(region->text, d->region) : NULL, '\''));
        region_of[i] = (uint8_t)(at < 0 ? 0 : at);
        memset(nearest + i * d->region_count, region_of[i], d->region_count);
        if (m->components[i].kind == SIM_PART_cdn) {
            sim_edges_read(r, i, d);
            region_of[i] = SIM_EVERYWHERE;
            for (uint32_t from = 0; from < d->region_count; from++)
                nearest[i * d->region_count + from] = nearest_edge(d, ((const sim_cdn_def *)m->components[i].def)->edges, from);
        }
        if (m->components[i].kind == SIM_PART_database && spread_servers(r, i, d, region_of[i]))
            memset(nearest + i * d->region_count, SIM_BY_SERVER, d->region_count);
        if (m->components[i].kind == SIM_PART_mesh) {
            region_of[i] = SIM_EVERYWHERE;
            memset(nearest + i * d->region_count, SIM_BESIDE, d->region_count);
        }
        if (m->components[i].kind == SIM_PART_workload)
            connects[i] = connects_of(r, i);
    }
    for (uint16_t i = 0; i < m->component_count; i++)
        if (m->components[i].kind == SIM_PART_mesh)
            sim_mesh_place(r, i, d, region_of);
    d->region_of = region_of;
    d->nearest = nearest;
    d->connects = connects;
    d->components = m->component_count;
}

static bool publishes(const sim_handler_def *h)
{
    bool does = false;
    for (uint16_t k = 0; k < h->count; k++)
        does = does || h->steps[k].kind == SIM_STEP_publish;
    return does;
}

// The row goes with the request where that is to be written, put in or published, else with the answer.
static bool uploads(const sim_model *m, bool *const *writers, uint16_t component, uint32_t operation)
{
    const sim_model_component *c = &m->components[component];
    switch (c->kind) {
    case SIM_PART_service: {
        const sim_service_def *s = c->def;
        return operation < s->handler_count && (writers[component][operation] || publishes(&s->handlers[operation]));
    }
    case SIM_PART_database: {
        const sim_database_def *db = c->def;
        return operation < db->statement_count && db->statements[operation].writes;
    }
    case SIM_PART_cache: return operation == SIM_CACHE_SET;
    default: return c->kind == SIM_PART_broker;
    }
}

static void find_uploads(sim_reader *r, sim_network_def *d)
{
    const sim_model *m = r->model;
    uint8_t *bits = sim_pool_take(r->pool, (size_t)m->component_count * SIM_UPLOAD_BYTES);
    bool **writers = sim_writers_find(m);
    for (uint16_t i = 0; i < m->component_count; i++)
        for (uint32_t o = 0; o < SIM_UPLOAD_BYTES * 8; o++)
            bits[i * SIM_UPLOAD_BYTES + o / 8] |= (uint8_t)(uploads(m, writers, sim_model_behind(m, i), o) << o % 8);
    sim_writers_free(m, writers);
    d->uploads = bits;
}

void sim_network_read(sim_reader *r)
{
    static const property properties[] = {
        {"rtt", "a round trip as ping shows it, such as 80ms or a distribution", read_rtt},
        {"bandwidth", "bits or bytes a second, such as 1Gbit/s or 100 MB/s", read_bandwidth},
        {"loss", "a share of the packets up to 30%, such as 0.1%", read_loss},
    };
    sim_model *m = r->model;
    const uint16_t id = (uint16_t)(m->component_count - 1);
    if (!m->component_count || m->components[id].kind != SIM_PART_network)
        return;
    sim_network_def *d = m->components[id].def;
    sim_node *node = r->nodes[id];
    read_regions(r, node, d);
    sim_pipe_def *pipes = sim_pool_take(r->pool, (size_t)(d->region_count * d->region_count + 1) * sizeof *pipes);
    for (size_t i = 0; i < HR_COUNT(properties) && d->region_count; i++)
        read_property(r, node, d, pipes, &properties[i]);
    d->pipes = pipes;
    if (d->region_count)
        place_components(r, d);
    if (r->failed)
        return;                                // operations may be missing, or what stands behind names
    check_links(r, sim_node_member(node, "rtt"), d);
    find_uploads(r, d);
}
