// tests/live/test_guard.c - what a guard has started is gone when its client is, by release or by SIGKILL; so is the directory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real/bed/bed.h"
#include "real/bed/guard.h"

static char *bed_directory(int *lock)
{
    char *directory = hr_strdup("/tmp/headroom-guard.XXXXXX"), *path;
    assert_non_null(mkdtemp(directory));
    path = hr_format("%s/guard.lock", directory);
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(*lock >= 0);
    free(path);
    return directory;
}

static bool gone_within(bool (*gone)(const void *), const void *what, int ms)
{
    for (; ms > 0; ms -= 20, usleep(20000))
        if (gone(what))
            return true;
    return gone(what);
}

static bool no_process(const void *pid) { return kill(*(const pid_t *)pid, 0) != 0 && errno == ESRCH; }
static bool no_path(const void *path) { return access(path, F_OK) != 0; }

// A server that ignores polite requests and has a child in a session of its own, as PostgreSQL's are.
static const char stubborn[] = "trap '' TERM QUIT INT; setsid sh -c 'trap \"\" TERM QUIT INT; echo $$ > child; while :; do sleep 0.1; done' & "
                               "while :; do sleep 0.1; done";

static pid_t child_of(const char *directory)
{
    char *path = hr_format("%s/child", directory);
    int pid = 0;
    for (int i = 0; i < 250 && pid == 0; i++, usleep(20000)) {
        FILE *f = fopen(path, "r");
        if (f && fscanf(f, "%d", &pid) != 1)
            pid = 0;
        if (f)
            fclose(f);
    }
    free(path);
    assert_true(pid > 0);
    return pid;
}

static void test_release_ends_polite_servers_and_removes_the_directory(void **state)
{
    (void)state;
    hr_error e = {0};
    int lock, exit_status = 0;
    char *directory = bed_directory(&lock), *log = hr_format("%s/log", directory);
    real_guard guard;
    assert_int_equal(real_guard_fork(directory, lock, geteuid(), getegid(), &guard, &e), HR_OK);
    const char *const fails[] = {"/bin/sh", "-c", "echo words; exit 3", NULL}, *const none[] = {"/nonexistent/program", NULL};
    const char *const serve[] = {"/bin/sleep", "1000", NULL};
    assert_int_equal(real_guard_run(&guard, fails, log, &exit_status, &e), HR_OK);
    assert_int_equal(WEXITSTATUS(exit_status), 3);
    assert_int_equal(real_guard_run(&guard, none, log, &exit_status, &e), HR_OK);
    assert_int_equal(WEXITSTATUS(exit_status), 127);
    pid_t pid;
    assert_int_equal(real_guard_spawn(&guard, serve, log, SIGTERM, &pid, &e), HR_OK);
    assert_int_equal(kill(pid, 0), 0);
    hr_time begun = hr_now();
    real_guard_release(&guard);
    assert_true(hr_now() - begun < 2 * HR_SEC);
    assert_true(no_process(&pid));
    assert_true(no_path(directory));
    close(lock);
    free(log);
    free(directory);
}

static void test_kill_of_the_client_ends_even_stubborn_servers_and_their_orphans(void **state)
{
    (void)state;
    int lock, pipe_fd[2];
    char *directory = bed_directory(&lock), *log = hr_format("%s/log", directory);
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t client = fork();
    if (client == 0) {
        hr_error e = {0};
        real_guard guard;
        const char *const serve[] = {"/bin/sh", "-c", stubborn, NULL};
        pid_t server = 0;
        if (real_guard_fork(directory, lock, geteuid(), getegid(), &guard, &e) || real_guard_spawn(&guard, serve, log, SIGTERM, &server, &e))
            _exit(1);
        if (write(pipe_fd[1], &server, sizeof server) != sizeof server)
            _exit(1);
        pause();
        _exit(1);
    }
    pid_t server = 0;
    assert_int_equal(read(pipe_fd[0], &server, sizeof server), sizeof server);
    pid_t orphan = child_of(directory);
    assert_int_equal(kill(server, 0), 0);
    assert_int_equal(kill(client, SIGKILL), 0);
    waitpid(client, NULL, 0);
    assert_true(gone_within(no_process, &server, 5000));
    assert_true(gone_within(no_process, &orphan, 5000));
    assert_true(gone_within(no_path, directory, 5000));
    close(lock);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    free(log);
    free(directory);
}

static void test_a_bed_that_lost_its_guard_is_swept_and_a_living_one_is_not(void **state)
{
    (void)state;
    hr_error e = {0};
    char left[] = "/tmp/headroom-bed.XXXXXX";
    assert_non_null(mkdtemp(left));
    char *lock_path = hr_format("%s/guard.lock", left);
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    setenv("TMPDIR", "/tmp", 1);
    real_bed *bed, *other;
    assert_int_equal(real_bed_open(&bed, &e), HR_OK);
    if (geteuid() == 0) {                      // root's beds belong to nobody; only such are swept
        struct stat it;
        assert_int_equal(stat(real_bed_directory(bed), &it), 0);
        assert_int_equal(chown(left, it.st_uid, it.st_gid), 0);
    }
    assert_int_equal(real_bed_open(&other, &e), HR_OK);
    assert_int_equal(access(left, F_OK), 0);   // its lock is held
    close(lock);
    real_bed_close(other);
    assert_int_equal(real_bed_open(&other, &e), HR_OK);
    assert_true(no_path(left));
    assert_int_equal(access(real_bed_directory(bed), F_OK), 0);
    real_bed_close(other);
    real_bed_close(bed);
    free(lock_path);
}

static void test_removing_a_tree_follows_no_links(void **state)
{
    (void)state;
    char top[] = "/tmp/headroom-tree.XXXXXX", outside[] = "/tmp/headroom-keep.XXXXXX";
    assert_non_null(mkdtemp(top));
    assert_non_null(mkdtemp(outside));
    char *file = hr_format("%s/file", outside), *link = hr_format("%s/link", top), *inner = hr_format("%s/a", top);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    real_tree_remove(top);
    assert_true(no_path(top));
    assert_int_equal(access(file, F_OK), 0);
    real_tree_remove(outside);
    free(file);
    free(link);
    free(inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_release_ends_polite_servers_and_removes_the_directory),
        cmocka_unit_test(test_kill_of_the_client_ends_even_stubborn_servers_and_their_orphans),
        cmocka_unit_test(test_a_bed_that_lost_its_guard_is_swept_and_a_living_one_is_not),
        cmocka_unit_test(test_removing_a_tree_follows_no_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
