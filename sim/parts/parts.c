// sim/parts/parts.c - the tables of kinds and of steps, made from their lists.
#include "sim/parts/cdn.h"
#include "sim/parts/mesh.h"

#define SIM_PART(name) extern const sim_kind sim_kind_##name;
#include "sim/parts/parts.def"
#undef SIM_PART

const sim_kind *const sim_kinds[] = {
#define SIM_PART(name) &sim_kind_##name,
#include "sim/parts/parts.def"
#undef SIM_PART
    NULL};

int sim_part_passes_to(uint16_t kind, const void *def)
{
    switch (kind) {
    case SIM_PART_balancer: return ((const sim_balancer_def *)def)->target;
    case SIM_PART_limiter: return ((const sim_limiter_def *)def)->target;
    case SIM_PART_breaker: return ((const sim_breaker_part_def *)def)->target;
    case SIM_PART_cdn: return ((const sim_cdn_def *)def)->target;
    case SIM_PART_mesh: return ((const sim_mesh_def *)def)->target_count ? ((const sim_mesh_def *)def)->targets[0] : -1;
    default: return -1;
    }
}

const char *sim_database_simulated(const sim_database_def *d)
{
    for (uint16_t i = 0; i < d->statement_count; i++)
        if (d->statements[i].lock || d->statements[i].plan != SIM_PLAN_none)
            return d->statements[i].lock ? "lock" : "plan";
    return d->has_transactions ? "transaction" : d->work_mem > 0 ? "work_mem" : d->resize.to ? "resize" : d->shards.count ? "shards" : d->replicas ? "replicas" : d->own_pools ? "own_pools" : d->connection_cpu > 0 ? "connection_cpu" : d->commit != SIM_COMMIT_on ? "commit" : d->flush.kind != SIM_DIST_constant || d->flush.a > 0 ? "flush" : NULL;
}

const char *sim_step_name(sim_step_kind kind)
{
    static const char *const names[] = {
#define SIM_STEP(name, argument, help) #name,
#include "sim/parts/step.def"
#undef SIM_STEP
    };
    return kind < SIM_STEP_COUNT ? names[kind] : "unknown";
}

const char *sim_commit_name(uint32_t commit)
{
    static const char *const names[] = {
#define SIM_COMMIT(word, help) #word,
#include "sim/parts/commit.def"
#undef SIM_COMMIT
    };
    return commit < SIM_COMMIT_COUNT ? names[commit] : NULL;
}

const char *sim_plan_name(uint32_t plan)
{
    static const char *const names[] = {
#define SIM_PLAN(word, help) #word,
#include "sim/parts/plan.def"
#undef SIM_PLAN
    };
    return plan < SIM_PLAN_COUNT ? names[plan] : NULL;
}

const char *sim_pooler_name(uint32_t mode)
{
    static const char *const names[] = {
#define SIM_POOLER(word, help) #word,
#include "sim/parts/pooler.def"
#undef SIM_POOLER
    };
    return mode < SIM_POOLER_COUNT ? names[mode] : NULL;
}

const char *sim_discipline_name(uint32_t discipline)
{
    static const char *const names[] = {
#define SIM_DISCIPLINE(name, word, help) word,
#include "sim/parts/discipline.def"
#undef SIM_DISCIPLINE
    };
    return discipline < SIM_DISCIPLINE_COUNT ? names[discipline] : NULL;
}

const char *sim_condition_name(sim_condition condition)
{
    static const char *const names[] = {
#define SIM_CONDITION(name, argument, help) #name,
#include "sim/parts/condition.def"
#undef SIM_CONDITION
    };
    return condition < SIM_CONDITION_COUNT ? names[condition] : "unknown";
}
