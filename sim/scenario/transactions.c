// sim/scenario/transactions.c - what a `transaction` step says, and a `query` of its row; see docs/transactions.md.
#include <string.h>

#include "sim/scenario/handlers.h"
#include "sim/scenario/loads.h"

// What a transaction can't have in it.
void sim_transaction_check(sim_compiler *c, const sim_node *map, const sim_step_def *step)
{
    sim_reader *r = c->reader;
    if (!c->inside)
        return;
    if (step->kind == SIM_STEP_transaction)
        SIM_FAIL(r, map, "%s: a transaction inside a transaction: savepoints are not modelled", c->where);
    if (step->kind == SIM_STEP_parallel)
        SIM_FAIL(r, map, "%s: `parallel` inside a transaction: its one connection runs a statement at a time", c->where);
    if (step->kind == SIM_STEP_query && step->attempts)
        SIM_FAIL(r, map, "%s: a statement that fails aborts its transaction: put `retry` at the transaction", c->where);
    if (step->refill)
        SIM_FAIL(r, map, "%s: how a key is loaded does not go together with a transaction: others may wait for the load", c->where);
}

// The query at a node becomes a statement of the transaction.
static void read_inside(sim_compiler *c, const sim_node *node, sim_step_def *step)
{
    sim_reader *r = c->reader;
    uint16_t id = sim_model_behind(r->model, step->target);
    sim_database_def *d = r->model->components[id].def;
    const char *name = r->model->components[id].name;
    c->statements++;
    step->inside = true;
    if (id != step->target)
        SIM_FAIL(r, node, "statements of a transaction go straight to their database: {query: %s.…}, and '%s' in front of the service", name,
                 r->model->components[step->target].name);
    else if (c->database != SIM_LOCAL && c->database != id)
        SIM_FAIL(r, node, "a transaction has a connection of one database, '%s', and '%s' is another: for a commit in two phases see docs/sharding.md",
                 r->model->components[c->database].name, name);
    else if (d->shards.count)
        SIM_FAIL(r, node, "'%s' has `shards`, and a transaction has one connection: a statement with `keys` commits in two phases, see docs/sharding.md", name);
    else if (c->ascending && (c->repeats || c->statements > SIM_MOST_ORDERED))
        SIM_FAIL(r, node, "`order: ascending` is about at most %d statements, none of them in a `repeat`", SIM_MOST_ORDERED);
    c->database = id;
    d->has_transactions = true;
}

void sim_statement_read(sim_compiler *c, sim_node *map, const sim_node *argument, sim_step_def *step)
{
    sim_reader *r = c->reader;
    sim_node *key = sim_node_member(map, "key");
    if (!sim_resolve_statement(r, argument, &step->target, &step->operation))
        return;
    if (c->inside)
        read_inside(c, argument, step);
    const sim_database_def *d = r->model->components[sim_model_behind(r->model, step->target)].def;
    if (d->statements[step->operation].if_unchanged && (key || (c->inside && c->ascending)))
        SIM_FAIL(r, argument, "`if_unchanged` compares the row of the request: without `key` and `order: ascending`");
    if (!key)
        return;
    sim_keys_def *row = sim_pool_take(r->pool, sizeof *row);
    if (key->kind != SIM_SCALAR || !sim_read_keys(r->pool, r->source, key->text, NULL, row) || row->kind == SIM_KEYS_sequential || row->kind == SIM_KEYS_trace)
        SIM_FAIL(r, key, "key: want the row of this statement as one, uniform(10k), zipf(0.99, 100k) or hotspot(20%%, 80%%, 10k)");
    step->row = row;
}

// How long COMMIT is waited for: as long as the statement that is waited for longest.
static hr_time patience(const sim_step_def *steps, uint16_t count)
{
    hr_time longest = 0;
    for (uint16_t i = 0; i < count; i++)
        longest = steps[i].inside ? hr_max_time(longest, steps[i].timeout) : longest;
    return longest;
}

// The steps of the transaction at `place`.
void sim_transaction_read(sim_compiler *c, sim_node *map, sim_node *list, uint16_t place)
{
    sim_reader *r = c->reader;
    const sim_node *order = sim_node_member(map, "order");
    const char *word = !order ? "steps" : order->kind == SIM_SCALAR ? order->text : "";
    c->ascending = strcmp(word, "ascending") == 0;
    if (!c->ascending && strcmp(word, "steps") != 0)
        SIM_FAIL(r, order, "order: want ascending, or steps: as they stand there");
    c->inside = true;
    c->repeats = false;
    c->database = SIM_LOCAL;
    c->statements = 0;
    bool was_wrong = r->failed;
    r->failed = false;
    sim_steps_read(c, list);
    c->inside = false;
    if (!c->statements && !r->failed)
        SIM_FAIL(r, map, "%s: a transaction without a statement: want {query: DATABASE.STATEMENT} among its steps", c->where);
    r->failed |= was_wrong;
    c->steps[place].target = c->database;
    c->steps[place].ascending = c->ascending;
    c->steps[place].timeout = patience(c->steps + place, (uint16_t)(c->count - place));
}
