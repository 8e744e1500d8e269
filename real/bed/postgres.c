// real/bed/postgres.c - PostgreSQL on the bed: initdb, then a server on a Unix socket; the address is a conninfo string.
// What differs from a default server, and why: fsync off, since the data lives for minutes and the disk's pauses are not what is
// measured; autovacuum and jit off, since either would strike some repeats and not others.
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real/bed/bed.h"

static bool find(char *path, size_t room)
{
    static const char *const folders[] = {"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/bin", NULL};
    const char *given = getenv("HEADROOM_POSTGRES_BIN");
    const char *const own[] = {given, NULL};
    return real_find_program(given && *given ? own : folders, "postgres", path, room);
}

static bool answers(const char *address) { return PQping(address) == PQPING_OK; }

static hr_status start(real_bed *bed, const char *program, const real_server_def *def, char *address, size_t room, hr_error *e)
{
    char *data = real_bed_path(bed, def->name), *initdb = hr_format("%.*sinitdb", (int)(strrchr(program, '/') + 1 - program), program);
    char *log = hr_format("%s.log", def->name), connections[48];
    const char *const make[] = {initdb, "-D", data, "-U", "headroom", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", NULL};
    hr_status status = real_bed_run(bed, make, log, e);
    if (!status) {
        // The bed's directory is private, so whoever reaches the socket is us. The data folder's name keeps several servers apart.
        snprintf(connections, sizeof connections, "max_connections=%u", def->connections + 10);
        const char *const serve[] = {program, "-D", data, "-k", data, "-c", "listen_addresses=", "-c", connections, "-c", "fsync=off", "-c",
                                     "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off", "-c", "jit=off", "-c",
                                     "dynamic_shared_memory_type=mmap", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c",
                                     "logging_collector=off", "-c", "unix_socket_permissions=0700", NULL};
        snprintf(address, room, "host=%s user=headroom dbname=postgres connect_timeout=5", data);
        status = real_bed_serve(bed, serve, log, SIGQUIT, answers, address, e);
    }
    free(log);
    free(initdb);
    free(data);
    return status;
}

const real_server real_server_postgres = {.engine = "postgres", .package = "postgresql-15", .summary = "PostgreSQL on a Unix socket, fsync off",
    .find = find, .start = start};
