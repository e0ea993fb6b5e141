/*
 * The testing build stops a thread that takes the runtime's locks in another order than base/locks.def has
 * them. Each turn is tried in a child of its own, as it may end it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"
#include "core/table.h"

static struct table table;
static struct lock own;

static void in_order(void)
{
    LOCK_RANKED(&table.shards[0].lock, shard);
    lock_take(&commit_lock);
    lock_take(&table.shards[0].lock);
    lock_take(&own);
    lock_take(&alloc_lock);
    lock_give(&table.shards[0].lock);
    lock_give(&alloc_lock);
    lock_take(&table.shards[0].lock);
}

static void outer_within_inner(void)
{
    lock_take(&alloc_lock);
    lock_take(&commit_lock);
}

static void given_back_first(void)
{
    lock_take(&alloc_lock);
    lock_give(&alloc_lock);
    lock_take(&commit_lock);
}

static void only_tried(void)
{
    lock_take(&alloc_lock);
    if (!lock_try(&commit_lock))
        abort();
}

static void within_what_was_tried(void)
{
    if (!lock_try(&alloc_lock))
        abort();
    lock_take(&commit_lock);
}

static void two_of_a_kind(void)
{
    LOCK_RANKED(&table.shards[0].lock, shard);
    LOCK_RANKED(&table.shards[1].lock, shard);
    lock_take(&table.shards[0].lock);
    lock_take(&table.shards[1].lock);
}

static void all_of_a_kind(void)
{
    lock_order_all(true);
    two_of_a_kind();
}

static void in_the_middle(void)
{
    lock_take(&commit_lock);
    lock_take(&alloc_lock);
    lock_give(&commit_lock);
    lock_take(&pool_lock);
}

static const struct {
    const char *what;
    void (*turn)(void);
    const char *complaint; /* NULL: it is allowed */
} turns[] = {
    {"in order", in_order, NULL},
    {"outer within inner", outer_within_inner, "locks: commit is taken inside alloc"},
    {"given back first", given_back_first, NULL},
    {"only tried", only_tried, NULL},
    {"within what was tried", within_what_was_tried, "locks: commit is taken inside alloc"},
    {"two of a kind", two_of_a_kind, "locks: shard is taken inside shard"},
    {"all of a kind", all_of_a_kind, NULL},
    {"in the middle", in_the_middle, "locks: pool is taken inside alloc"},
};

/* False: it ended otherwise than it should. */
static bool tried(void (*turn)(void), const char *complaint)
{
    int ends[2], status;
    char said[512] = "";
    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        turn();
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = 0;
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (complaint == NULL)
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 && said[0] == 0;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(said, complaint) != NULL;
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        if (!tried(turns[i].turn, turns[i].complaint)) {
            printf("%s: %s\n", turns[i].what, turns[i].complaint != NULL ? "is not found" : "is not allowed");
            failed = 1;
        }
    return failed;
}
