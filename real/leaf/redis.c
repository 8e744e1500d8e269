// real/leaf/redis.c - see redis.h.
#include "real/leaf/redis.h"

#include <event2/event.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts/parts.h"

enum { VERSION_DIGITS = 10 };

struct real_redis {
    real_loop         *loop;
    redisAsyncContext *context;
    real_samples      *samples;
    bool               closing;
    char              *value;
    size_t             value_bytes;
};

typedef struct {                               // one command that is out
    real_redis *owner;
    sim_world  *world;
    sim_component_id component;
    sim_ref     call;
    hr_time     sent;
} command;

// --- outside of runs --------------------------------------------------------------------------------------------------

static redisContext *connect_now(const char *socket, hr_error *e)
{
    redisContext *c = redisConnectUnix(socket);
    if (c && !c->err)
        return c;
    hr_fail(e, HR_ENVIRONMENT, "Redis does not answer at %s: %s", socket, c ? c->errstr : "no memory");
    if (c)
        redisFree(c);
    return NULL;
}

static long long ask_integer(redisContext *c, const char *text)
{
    redisReply *reply = redisCommand(c, text);
    long long value = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    if (reply)
        freeReplyObject(reply);
    return value;
}

hr_status real_redis_version(const char *socket, char *out, size_t room, hr_error *e)
{
    static const char word[] = "redis_version:";
    redisContext *c = connect_now(socket, e);
    if (!c)
        return HR_ENVIRONMENT;
    redisReply *reply = redisCommand(c, "INFO server");
    const char *at = reply && reply->str ? strstr(reply->str, word) : NULL;
    hr_status status = at ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "Redis does not tell its version");
    if (at)
        snprintf(out, room, "%.*s", (int)strcspn(at + sizeof word - 1, "\r\n"), at + sizeof word - 1);
    if (reply)
        freeReplyObject(reply);
    redisFree(c);
    return status;
}

static bool take_reply(redisContext *c)
{
    redisReply *reply = NULL;
    bool good = redisGetReply(c, (void **)&reply) == REDIS_OK && reply && reply->type != REDIS_REPLY_ERROR;
    if (reply)
        freeReplyObject(reply);
    return good;
}

hr_status real_redis_fill(const char *socket, uint64_t keys, uint32_t size_bytes, hr_error *e)
{
    redisContext *c = connect_now(socket, e);
    if (!c)
        return HR_ENVIRONMENT;
    size_t bytes = size_bytes > VERSION_DIGITS ? size_bytes : VERSION_DIGITS;
    char *value = hr_alloc(bytes + 1), digits[VERSION_DIGITS + 1];
    memset(value, 'x', bytes);
    snprintf(digits, sizeof digits, "%010u", 1u);
    memcpy(value, digits, VERSION_DIGITS);
    bool good = redisAppendCommand(c, "FLUSHALL") == REDIS_OK && take_reply(c);
    while (good && keys > 0) {                 // in batches, so that the answers do not pile up
        uint64_t batch = keys < 256 ? keys : 256;
        for (uint64_t i = 0; i < batch && good; i++)
            good = redisAppendCommand(c, "SET d:%llu %b", (unsigned long long)(keys - 1 - i), value, bytes) == REDIS_OK;
        for (uint64_t i = 0; i < batch && good; i++)
            good = take_reply(c);
        keys -= batch;
    }
    hr_status status = good ? HR_OK : hr_fail(e, HR_ENVIRONMENT, "Redis cannot be filled: %s", c->errstr[0] ? c->errstr : "it refused a value");
    free(value);
    redisFree(c);
    return status;
}

hr_status real_redis_capacity(const char *socket, uint32_t size_bytes, uint32_t *entries, hr_error *e)
{
    hr_status status = real_redis_fill(socket, 0, size_bytes, e);
    redisContext *c = status ? NULL : connect_now(socket, e);
    if (!c)
        return HR_ENVIRONMENT;
    char *value = hr_alloc(size_bytes + 1u);
    memset(value, 'x', size_bytes);
    // Past the first eviction the number swings a little: what it settles on is averaged over as many sets again.
    long long held = 0, most = 0, sum = 0, counted = 0;
    for (uint32_t i = 0; i < 10000000; i++) {
        redisReply *reply = redisCommand(c, "SET d:%u %b PX 3600000", i, value, (size_t)size_bytes);
        bool good = reply && reply->type == REDIS_REPLY_STATUS;
        if (reply)
            freeReplyObject(reply);
        if (!good) {
            status = hr_fail(e, HR_ENVIRONMENT, "Redis refused a value of %u bytes while its capacity was measured", size_bytes);
            break;
        }
        held = ask_integer(c, "DBSIZE");
        if (held > most)
            most = held;
        if (held < (long long)i + 1) {
            sum += held;
            if (++counted >= most)
                break;
        }
    }
    free(value);
    redisFree(c);
    if (!status)
        *entries = (uint32_t)(counted ? (sum + counted / 2) / counted : most);
    hr_status flushed = real_redis_fill(socket, 0, size_bytes, e);
    return status ? status : flushed;
}

// --- the leaf -------------------------------------------------------------------------------------------------------

static void on_reply(redisAsyncContext *context, void *got, void *self)
{
    (void)context;
    command *m = self;
    const redisReply *reply = got;
    real_redis *redis = m->owner;
    if (reply && !redis->closing) {            // without a reply the connection has gone: on_disconnect tells
        real_loop_tick(redis->loop);
        sim_call *c = sim_call_at(m->world, m->call);
        if (redis->samples)
            real_samples_add(redis->samples, hr_now() - m->sent);
        c->status = reply->type == REDIS_REPLY_ERROR ? SIM_error : SIM_ok;
        if (c->operation == SIM_CACHE_GET && reply->type == REDIS_REPLY_STRING) {
            c->version = (uint32_t)strtoul(reply->str, NULL, 10);
            c->flags |= SIM_CALL_HIT;
        } else if (c->operation == SIM_CACHE_GET) {
            c->flags |= SIM_CALL_MISS;
        }
        sim_leaf_done(m->world, m->component, m->call);
    }
    free(m);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    real_redis *redis = context->data;
    if (!redis->closing)
        real_loop_fail(redis->loop, "Redis closed the connection%s%s", status == REDIS_OK ? "" : ": ", status == REDIS_OK ? "" : context->errstr);
    redis->context = NULL;
}

static const char *value_of(real_redis *redis, const sim_call *c, size_t *bytes)
{
    *bytes = c->size_bytes > VERSION_DIGITS ? c->size_bytes : VERSION_DIGITS;
    if (*bytes > redis->value_bytes) {
        redis->value = hr_realloc(redis->value, *bytes + 1);
        memset(redis->value, 'x', *bytes);
        redis->value_bytes = *bytes;
    }
    char digits[VERSION_DIGITS + 1];
    snprintf(digits, sizeof digits, "%010u", c->version);
    memcpy(redis->value, digits, VERSION_DIGITS);
    return redis->value;
}

static void begin(void *self, sim_world *w, sim_component_id component, sim_ref call)
{
    real_redis *redis = self;
    if (!redis->context)
        return;                                // the experiment has failed; the loop ends
    const sim_call *c = sim_call_at(w, call);
    command *m = hr_alloc(sizeof *m);
    *m = (command){redis, w, component, call, hr_now()};
    unsigned long long key = c->key;
    size_t bytes;
    int sent;
    switch (c->operation) {
    case SIM_CACHE_GET: sent = redisAsyncCommand(redis->context, on_reply, m, "GET d:%llu", key); break;
    case SIM_CACHE_DELETE: sent = redisAsyncCommand(redis->context, on_reply, m, "DEL d:%llu", key); break;
    default: {
        const char *value = value_of(redis, c, &bytes);
        sent = c->ttl_ms ? redisAsyncCommand(redis->context, on_reply, m, "SET d:%llu %b PX %u", key, value, bytes, c->ttl_ms)
                         : redisAsyncCommand(redis->context, on_reply, m, "SET d:%llu %b", key, value, bytes);
    }
    }
    if (sent != REDIS_OK) {
        real_loop_fail(redis->loop, "Redis does not take a command: %s", redis->context ? redis->context->errstr : "closed");
        free(m);
    }
}

hr_status real_redis_open(real_loop *loop, const char *socket, real_redis **out, hr_error *e)
{
    redisAsyncContext *context = redisAsyncConnectUnix(socket);
    if (!context || context->err) {
        hr_fail(e, HR_ENVIRONMENT, "Redis does not answer at %s: %s", socket, context ? context->errstr : "no memory");
        if (context)
            redisAsyncFree(context);
        return HR_ENVIRONMENT;
    }
    real_redis *redis = hr_alloc(sizeof *redis);
    redis->loop = loop;
    redis->context = context;
    context->data = redis;
    redisLibeventAttach(context, real_loop_base(loop));
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    *out = redis;
    return HR_OK;
}

void real_redis_close(real_redis *redis)
{
    if (!redis)
        return;
    redis->closing = true;
    if (redis->context)
        redisAsyncFree(redis->context);
    free(redis->value);
    free(redis);
}

sim_leaf real_redis_leaf(real_redis *redis, real_samples *samples)
{
    redis->samples = samples;
    return (sim_leaf){begin, redis};
}
