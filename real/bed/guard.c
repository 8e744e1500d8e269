// real/bed/guard.c - see guard.h.
#include "real/bed/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SERVERS = 64, MOST_BYTES = 32768, MOST_ARGUMENTS = 128, PATIENCE_MS = 2500 };

typedef enum { RUN, SPAWN } request_kind;

// One message: this head, then the log's path and the arguments, each with its zero byte.
typedef struct { int kind, end_signal, count; } request_head;
typedef struct { int error, value; } answer;   // error: errno, or 0; value: a pid or an exit status

typedef struct {
    const char *directory;
    int    socket;
    uid_t  uid;
    gid_t  gid;
    struct { pid_t pid; int end_signal; } server[MOST_SERVERS];
    int    server_count;
} guard_state;

// --- removing a tree --------------------------------------------------------------------------------------------------

static void remove_entries(int folder)
{
    struct stat own, it;
    DIR *d = fdopendir(folder);
    if (!d || fstat(folder, &own) != 0) {
        if (d)
            closedir(d);
        return;
    }
    for (struct dirent *entry; (entry = readdir(d));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(folder, entry->d_name, &it, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(it.st_mode) && (it.st_uid == own.st_uid || it.st_uid == geteuid())) {
            int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (inner >= 0)
                remove_entries(inner);
        }
        unlinkat(folder, entry->d_name, S_ISDIR(it.st_mode) ? AT_REMOVEDIR : 0);
    }
    closedir(d);
}

void real_tree_remove(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0)
        remove_entries(folder);
    rmdir(path);
}

// --- inside the guard -------------------------------------------------------------------------------------------------

// In the child: becomes the program, or exits with 127.
static _Noreturn void become(const guard_state *g, char **argv, const char *log, int death_signal)
{
    setpgid(0, 0);
    static const int reset[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < HR_COUNT(reset); i++)
        signal(reset[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);     // blocked since before the fork: an early end signal is not lost
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out >= 0 && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2 && chdir(g->directory) == 0 &&
        (geteuid() != 0 || (fchown(out, g->uid, g->gid) == 0 && setgroups(0, NULL) == 0 && setgid(g->gid) == 0 && setuid(g->uid) == 0))) {
        prctl(PR_SET_PDEATHSIG, death_signal); // after the change of user, which clears it
        umask(077);
        execv(argv[0], argv);
        dprintf(2, "%s cannot be started: %s\n", argv[0], strerror(errno));
    }
    _exit(127);
}

static bool client_is_gone(const guard_state *g)
{
    struct pollfd p = {.fd = g->socket, .events = POLLIN};
    return poll(&p, 1, 20) > 0 && (p.revents & POLLHUP);
}

static void forget(guard_state *g, pid_t pid)
{
    for (int i = 0; i < g->server_count; i++)
        if (g->server[i].pid == pid)
            g->server[i--] = g->server[--g->server_count];
}

static void reap(guard_state *g)
{
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        forget(g, pid);
}

static answer serve(guard_state *g, char *message, size_t size)
{
    request_head head;
    char *argv[MOST_ARGUMENTS + 1] = {0};
    if (size < sizeof head || message[size - 1])
        return (answer){EINVAL, 0};
    memcpy(&head, message, sizeof head);
    if (head.count < 1 || head.count > MOST_ARGUMENTS || g->server_count == MOST_SERVERS)
        return (answer){E2BIG, 0};
    char *log = message + sizeof head, *next = log + strlen(log) + 1;
    for (int i = 0; i < head.count && next < message + size; i++, next += strlen(next) + 1)
        argv[i] = next;
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(g, argv, log, head.kind == RUN ? SIGKILL : head.end_signal);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return (answer){errno, 0};
    if (head.kind == SPAWN) {
        g->server[g->server_count].pid = pid;
        g->server[g->server_count++].end_signal = head.end_signal;
        return (answer){0, (int)pid};
    }
    for (int status;;) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return (answer){0, status};
        if (client_is_gone(g))
            kill(-pid, SIGKILL);
    }
}

// Kills every child, also those that a dead server has left to us (PR_SET_CHILD_SUBREAPER), whatever session they are in.
static void kill_children(void)
{
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        char path[300], line[512] = "";
        int pid = atoi(entry->d_name), parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *f = pid > 0 ? fopen(path, "r") : NULL;
        if (!f)
            continue;
        // "pid (name) state parent …"; the name may hold anything, so look behind its last parenthesis.
        const char *behind = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
        if (behind && sscanf(behind, ") %*c %d", &parent) == 1 && parent == getpid())
            kill(pid, SIGKILL);
        fclose(f);
    }
    if (processes)
        closedir(processes);
}

// Ends the servers, the last started first; then nothing that they have left behind may live either.
static void end_all(guard_state *g)
{
    for (int i = g->server_count; i-- > 0;)
        kill(g->server[i].pid, g->server[i].end_signal);
    bool waiting = true;
    for (int ms = 0; waiting && ms < 2 * PATIENCE_MS; ms += 10) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        waiting = pid >= 0 || errno == EINTR;
        if (pid > 0) {
            forget(g, pid);
            continue;
        }
        if (waiting && ms >= PATIENCE_MS)
            kill_children();
        if (waiting)
            usleep(10000);
    }
    real_tree_remove(g->directory);
}

static _Noreturn void guard_main(guard_state *g)
{
    static char message[MOST_BYTES];
    for (;;) {
        struct pollfd p = {.fd = g->socket, .events = POLLIN};
        int ready = poll(&p, 1, 100);
        reap(g);
        if (ready <= 0)
            continue;
        ssize_t got = recv(g->socket, message, sizeof message, 0);
        if (got <= 0 && errno != EINTR)
            break;
        if (got <= 0)
            continue;
        answer a = serve(g, message, (size_t)got);
        if (send(g->socket, &a, sizeof a, MSG_NOSIGNAL) != sizeof a)
            break;
    }
    end_all(g);
    _exit(0);
}

// Keeps only the socket and the lock: what the client had open is none of our business, and a pipe held open would make others wait.
static void close_the_rest(int keep_a, int keep_b)
{
    unsigned low = (unsigned)(keep_a < keep_b ? keep_a : keep_b), high = (unsigned)(keep_a < keep_b ? keep_b : keep_a);
    if (low > 3)
        close_range(3, low - 1, 0);
    if (high > low + 1)
        close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

// --- the client's side --------------------------------------------------------------------------------------------------

hr_status real_guard_fork(const char *directory, int lock, uid_t uid, gid_t gid, real_guard *guard, hr_error *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return hr_fail(e, HR_ENVIRONMENT, "no socket for the servers' guard: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) {
        close(pair[0]);
        close(pair[1]);
        return hr_fail(e, HR_ENVIRONMENT, "no process for the servers' guard: %s", strerror(errno));
    }
    if (pid == 0) {
        guard_state g = {.directory = directory, .socket = pair[1], .uid = uid, .gid = gid};
        setsid();                              // Ctrl-C is for the client; we hear of it when its socket closes
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD, SIG_DFL);
        prctl(PR_SET_NAME, "bed-guard");
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        close_the_rest(pair[1], lock);
        if (chdir("/") != 0)
            _exit(1);
        guard_main(&g);
    }
    close(pair[1]);
    *guard = (real_guard){pair[0], lock, pid};
    return HR_OK;
}

static hr_status ask(const real_guard *guard, request_kind kind, const char *const *argv, const char *log, int end_signal, int *value, hr_error *e)
{
    static const char gone[] = "the servers' guard has died; the servers have ended with it";
    request_head head = {(int)kind, end_signal, 0};
    hr_text message = {0};
    hr_text_bytes(&message, &head, sizeof head);
    hr_text_bytes(&message, log, strlen(log) + 1);
    for (; argv[head.count]; head.count++)
        hr_text_bytes(&message, argv[head.count], strlen(argv[head.count]) + 1);
    memcpy(message.data, &head, sizeof head);
    answer a = {0};
    ssize_t sent = message.used <= MOST_BYTES ? send(guard->socket, message.data, message.used, MSG_NOSIGNAL) : -1;
    ssize_t got = -1;
    while (sent > 0 && (got = recv(guard->socket, &a, sizeof a, 0)) < 0 && errno == EINTR) {
    }
    free(message.data);
    if (got != sizeof a)
        return hr_fail(e, HR_ENVIRONMENT, "%s", gone);
    if (a.error)
        return hr_fail(e, HR_ENVIRONMENT, "%s cannot be started: %s", argv[0], strerror(a.error));
    *value = a.value;
    return HR_OK;
}

hr_status real_guard_run(const real_guard *guard, const char *const *argv, const char *log, int *exit_status, hr_error *e)
{
    return ask(guard, RUN, argv, log, 0, exit_status, e);
}

hr_status real_guard_spawn(const real_guard *guard, const char *const *argv, const char *log, int end_signal, pid_t *pid, hr_error *e)
{
    int value = 0;
    hr_status status = ask(guard, SPAWN, argv, log, end_signal, &value, e);
    if (!status)
        *pid = value;
    return status;
}

void real_guard_release(real_guard *guard)
{
    close(guard->socket);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
