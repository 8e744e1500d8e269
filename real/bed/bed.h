// real/bed/bed.h - the test bed: throw-away servers from the installed packages, in a private directory, gone afterwards.
// * real_bed_open makes a 0700 directory below $TMPDIR (or /tmp) and forks the guard that owns the servers (guard.h).
// * Servers listen on Unix sockets in that directory only: no port is taken, and nobody else can reach them.
// * Started as root, servers run as `nobody`; else as ourselves.
// * What an earlier bed left when even its guard was killed is removed by the next real_bed_open.
// * A kind of server is one file real/bed/NAME.c with `const real_server real_server_NAME`, and one row in server.def.
#ifndef REAL_BED_H
#define REAL_BED_H

#include <sys/types.h>

#include "sim/core/base.h"

typedef struct real_bed real_bed;

typedef struct {                               // what a server must offer; fields that a kind has no use for are ignored
    const char *name;                          // of the component: names the server's files
    uint32_t    connections;                   // that clients will open
    uint64_t    memory_bytes;                  // limit of what it keeps; 0: none
    const char *eviction;                      // Redis' maxmemory-policy
} real_server_def;

typedef struct {
    const char *engine;                        // word of the scenario: postgres, redis
    const char *package;                       // Debian's package
    const char *summary;
    // Finds the program: true and its path. No message: the caller has one for all kinds.
    bool      (*find)(char *path, size_t room);
    // Starts it on the bed and waits until it answers; `address` is what the adapter connects to.
    hr_status (*start)(real_bed *bed, const char *program, const real_server_def *def, char *address, size_t room, hr_error *e);
} real_server;

#define REAL_SERVER(name) extern const real_server real_server_##name;
#include "real/bed/server.def"
#undef REAL_SERVER
extern const real_server *const real_servers[];                    // ends with NULL

// HR_ENVIRONMENT with the command that installs it, when the server of one of the engines (NULL-terminated) is not installed.
hr_status real_servers_there(const char *const *engines, hr_error *e) HR_MUST_USE;

hr_status real_bed_open(real_bed **bed, hr_error *e) HR_MUST_USE;
// Starts a server of that engine; the address is lent by the bed. On failure the message holds the last lines that the server wrote.
hr_status real_bed_start(real_bed *bed, const char *engine, const real_server_def *def, const char **address, hr_error *e) HR_MUST_USE;
// Ends every server and removes the directory. NULL is fine.
void      real_bed_close(real_bed *bed);
const char *real_bed_directory(const real_bed *bed);

// --- for the kinds of servers ---------------------------------------------------------------------------------------------
// `name` in the bed's directory. The caller frees it.
char     *real_bed_path(const real_bed *bed, const char *name);
// Runs a program to its end; a failing one is an error with the last lines of its output.
hr_status real_bed_run(real_bed *bed, const char *const *argv, const char *log_name, hr_error *e) HR_MUST_USE;
// Starts a server and calls `answers` until it says yes; 20 s at most, less when the server dies.
hr_status real_bed_serve(real_bed *bed, const char *const *argv, const char *log_name, int end_signal, bool (*answers)(const char *address),
                         const char *address, hr_error *e) HR_MUST_USE;
// The first program of that name in the folders (a NULL-terminated list of glob patterns; the last match of a pattern is taken).
bool      real_find_program(const char *const *folders, const char *name, char *path, size_t room);

#endif
