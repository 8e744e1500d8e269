// real/bed/redis.c - Redis on the bed: no snapshots, no append-only file, the component's memory limit and eviction policy.
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "real/bed/bed.h"

static bool find(char *path, size_t room)
{
    static const char *const folders[] = {"/usr/bin", "/usr/local/bin", NULL};
    const char *given = getenv("HEADROOM_REDIS_BIN");
    const char *const own[] = {given, NULL};
    return real_find_program(given && *given ? own : folders, "redis-server", path, room);
}

static bool answers(const char *address)
{
    redisContext *c = redisConnectUnixWithTimeout(address, (struct timeval){.tv_sec = 1});
    redisReply *reply = c && !c->err ? redisCommand(c, "PING") : NULL;
    bool good = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply)
        freeReplyObject(reply);
    if (c)
        redisFree(c);
    return good;
}

static hr_status start(real_bed *bed, const char *program, const real_server_def *def, char *address, size_t room, hr_error *e)
{
    char *log = hr_format("%s.log", def->name), *socket_name = hr_format("%s.sock", def->name), *path = real_bed_path(bed, socket_name);
    char limit[32];
    snprintf(limit, sizeof limit, "%" PRIu64, def->memory_bytes);
    snprintf(address, room, "%s", path);
    const char *const serve[] = {program, "--port", "0", "--unixsocket", address, "--unixsocketperm", "700", "--save", "", "--appendonly", "no",
                                 "--dir", real_bed_directory(bed), "--maxmemory", limit, "--maxmemory-policy",
                                 def->eviction ? def->eviction : "noeviction", NULL};
    hr_status status = real_bed_serve(bed, serve, log, SIGTERM, answers, address, e);
    free(path);
    free(socket_name);
    free(log);
    return status;
}

const real_server real_server_redis = {.engine = "redis", .package = "redis-server", .summary = "Redis on a Unix socket, nothing on disk",
    .find = find, .start = start};
