// real/bed/guard.h - the process that owns the servers, so that they and their directory go whatever happens to us.
// * The guard is forked before anything else is started. It is the parent of every server and of all that they leave behind.
// * It serves one client, over a socket. When that closes (we closed it, or we are dead, by whatever signal) it ends every server,
//   waits until no process is left, removes the directory and exits.
// * Servers run as an unprivileged user when the guard is root, and are told by the kernel when the guard itself dies.
#ifndef REAL_GUARD_H
#define REAL_GUARD_H

#include <sys/types.h>

#include "sim/core/base.h"

typedef struct { int socket, lock; pid_t pid; } real_guard;

// Forks the guard of `directory`. `lock`, an open file with a flock on it, stays open in the guard as long as it lives.
hr_status real_guard_fork(const char *directory, int lock, uid_t uid, gid_t gid, real_guard *guard, hr_error *e) HR_MUST_USE;
// Runs a program to its end; its output is added to the file `log`. *exit_status is what waitpid would call it, 127 << 8 when it
// could not be started.
hr_status real_guard_run(const real_guard *guard, const char *const *argv, const char *log, int *exit_status, hr_error *e) HR_MUST_USE;
// Starts a server. It is ended by `end_signal`, and by SIGKILL when it does not heed that. *pid says no more (kill(pid, 0)) once it has died.
hr_status real_guard_spawn(const real_guard *guard, const char *const *argv, const char *log, int end_signal, pid_t *pid, hr_error *e) HR_MUST_USE;
// Lets the guard go and waits until it has ended everything.
void      real_guard_release(real_guard *guard);

// Removes a directory and what is in it; never follows a link, never crosses into another owner's directories.
void      real_tree_remove(const char *path);

#endif
