// real/bed/bed.c - see bed.h.
#include "real/bed/bed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "real/bed/guard.h"

enum { MOST_ADDRESSES = 64, ADDRESS_ROOM = 256 };

static const char name_start[] = "headroom-bed.";
static const char lock_name[] = "guard.lock";

struct real_bed {
    char      *directory;
    uid_t      uid;
    gid_t      gid;
    real_guard guard;
    char       address[MOST_ADDRESSES][ADDRESS_ROOM];
    int        address_count;
};

const real_server *const real_servers[] = {
#define REAL_SERVER(name) &real_server_##name,
#include "real/bed/server.def"
#undef REAL_SERVER
    NULL};

// --- what is installed --------------------------------------------------------------------------------------------------

static const real_server *server_named(const char *engine)
{
    for (size_t i = 0; real_servers[i]; i++)
        if (strcmp(real_servers[i]->engine, engine) == 0)
            return real_servers[i];
    return NULL;
}

hr_status real_servers_there(const char *const *engines, hr_error *e)
{
    hr_status status = HR_OK;
    for (; *engines; engines++) {
        char path[512];
        const real_server *server = server_named(*engines);
        if (!server)
            status = hr_fail(e, HR_BAD_INPUT, "no server is known for `engine: %s`", *engines);
        else if (!server->find(path, sizeof path))
            status = hr_fail(e, HR_ENVIRONMENT, "%s is not installed. Install it with: apt-get install --no-install-recommends %s", server->engine,
                             server->package);
    }
    return status;
}

bool real_find_program(const char *const *folders, const char *name, char *path, size_t room)
{
    for (; *folders; folders++) {
        glob_t found = {0};
        char *pattern = hr_format("%s/%s", *folders, name);
        bool any = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
        if (any)                               // sorted: the newest of several versions comes last
            snprintf(path, room, "%s", found.gl_pathv[found.gl_pathc - 1]);
        globfree(&found);
        free(pattern);
        if (any && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

// --- the directory --------------------------------------------------------------------------------------------------------

static const char *place(void)
{
    const char *given = getenv("TMPDIR");
    return given && given[0] == '/' ? given : "/tmp";
}

// A bed whose lock nobody holds has lost its guard: kill -9 of every process of ours leaves the directory behind.
static void sweep(uid_t uid)
{
    DIR *folder = opendir(place());
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (strncmp(entry->d_name, name_start, strlen(name_start)) != 0)
            continue;
        char *path = hr_format("%s/%s", place(), entry->d_name), *lock_path = hr_format("%s/%s", path, lock_name);
        struct stat it;
        int lock = lstat(path, &it) == 0 && S_ISDIR(it.st_mode) && it.st_uid == uid ? open(lock_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (lock >= 0) {
            if (flock(lock, LOCK_EX | LOCK_NB) == 0)
                real_tree_remove(path);
            close(lock);
        }
        free(lock_path);
        free(path);
    }
    if (folder)
        closedir(folder);
}

static hr_status who_serves(real_bed *bed, hr_error *e)
{
    bed->uid = geteuid();
    bed->gid = getegid();
    if (bed->uid != 0)
        return HR_OK;
    const struct passwd *nobody = getpwnam("nobody");              // PostgreSQL refuses to run as root
    if (!nobody)
        return hr_fail(e, HR_ENVIRONMENT, "no user `nobody` to run servers as; start this as an ordinary user");
    bed->uid = nobody->pw_uid;
    bed->gid = nobody->pw_gid;
    return HR_OK;
}

static hr_status make_directory(real_bed *bed, int *lock, hr_error *e)
{
    bed->directory = hr_format("%s/%sXXXXXX", place(), name_start);
    struct sockaddr_un longest;
    if (strlen(bed->directory) + 24 > sizeof longest.sun_path)
        return hr_fail(e, HR_ENVIRONMENT, "%s is too long a path for a Unix socket: set TMPDIR to a shorter one, such as /tmp", place());
    if (!mkdtemp(bed->directory)) {
        bed->directory[0] = 0;
        return hr_fail(e, HR_ENVIRONMENT, "no directory for the servers in %s: %s; set TMPDIR to a folder that can be written", place(),
                       strerror(errno));
    }
    char *lock_path = real_bed_path(bed, lock_name);
    *lock = open(lock_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    free(lock_path);
    if (*lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) != 0 || chown(bed->directory, bed->uid, bed->gid) != 0)
        return hr_fail(e, HR_ENVIRONMENT, "%s cannot be prepared: %s", bed->directory, strerror(errno));
    return HR_OK;
}

hr_status real_bed_open(real_bed **out, hr_error *e)
{
    real_bed *bed = hr_alloc(sizeof *bed);
    int lock = -1;
    hr_status status = who_serves(bed, e);
    if (!status) {
        sweep(bed->uid);
        status = make_directory(bed, &lock, e);
    }
    if (!status)
        status = real_guard_fork(bed->directory, lock, bed->uid, bed->gid, &bed->guard, e);
    if (lock >= 0)
        close(lock);                           // the guard's copy holds it
    if (status) {
        if (bed->directory && bed->directory[0])
            real_tree_remove(bed->directory);
        free(bed->directory);
        free(bed);
        return status;
    }
    *out = bed;
    return HR_OK;
}

void real_bed_close(real_bed *bed)
{
    if (!bed)
        return;
    real_guard_release(&bed->guard);
    free(bed->directory);
    free(bed);
}

const char *real_bed_directory(const real_bed *bed) { return bed->directory; }
char *real_bed_path(const real_bed *bed, const char *name) { return hr_format("%s/%s", bed->directory, name); }

// --- servers ------------------------------------------------------------------------------------------------------------------

hr_status real_bed_start(real_bed *bed, const char *engine, const real_server_def *def, const char **address, hr_error *e)
{
    const char *const engines[] = {engine, NULL};
    char program[512];
    hr_status status = real_servers_there(engines, e);
    if (status)
        return status;
    const real_server *server = server_named(engine);
    if (bed->address_count == MOST_ADDRESSES || !server->find(program, sizeof program))
        return hr_fail(e, HR_ENVIRONMENT, "no further server can be started: at most %d", MOST_ADDRESSES);
    char *own = bed->address[bed->address_count];
    status = server->start(bed, program, def, own, ADDRESS_ROOM, e);
    if (status)
        return status;
    bed->address_count++;
    *address = own;
    return HR_OK;
}

// The last lines of a log, for messages.
static void tail_of(const char *path, char *out, size_t room)
{
    out[0] = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return;
    if (fseek(f, 0, SEEK_END) == 0) {
        long size = ftell(f), from = size > (long)room - 1 ? size - (long)room + 1 : 0;
        if (fseek(f, from, SEEK_SET) == 0)
            out[fread(out, 1, room - 1, f)] = 0;
    }
    fclose(f);
    size_t end = strlen(out);
    while (end > 0 && out[end - 1] == '\n')
        out[--end] = 0;
}

static hr_status failed(const real_bed *bed, const char *program, const char *log_name, const char *how, hr_error *e)
{
    char *log = real_bed_path(bed, log_name), said[600];
    tail_of(log, said, sizeof said);
    free(log);
    return hr_fail(e, HR_ENVIRONMENT, "%s %s%s%s", program, how, said[0] ? "; it said:\n" : "", said);
}

hr_status real_bed_run(real_bed *bed, const char *const *argv, const char *log_name, hr_error *e)
{
    char *log = real_bed_path(bed, log_name);
    int exit_status = 0;
    hr_status status = real_guard_run(&bed->guard, argv, log, &exit_status, e);
    free(log);
    if (!status && exit_status)
        status = failed(bed, argv[0], log_name, "failed", e);
    return status;
}

hr_status real_bed_serve(real_bed *bed, const char *const *argv, const char *log_name, int end_signal, bool (*answers)(const char *address),
                         const char *address, hr_error *e)
{
    char *log = real_bed_path(bed, log_name);
    pid_t pid = 0;
    hr_status status = real_guard_spawn(&bed->guard, argv, log, end_signal, &pid, e);
    free(log);
    if (status)
        return status;
    hr_time patience = hr_now() + 20 * HR_SEC;
    while (!answers(address)) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return failed(bed, argv[0], log_name, "ended at once", e);
        if (hr_now() > patience)
            return failed(bed, argv[0], log_name, "did not answer within 20 s", e);
        usleep(20000);
    }
    return HR_OK;
}
