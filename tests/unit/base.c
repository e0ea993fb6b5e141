/* base.c - time at its extremes, the lock, and memory freed only when nobody looks. */
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#include "base/unit.h"
#include "base/clock.h"
#include "base/epoch.h"
#include "base/lock.h"

Test(unit, a_switch_is_on_or_off_or_cannot_be_read)
{
    static const char *const on[] = {"on", "yes", "true", "1", "ON", "Yes"};
    static const char *const off[] = {"off", "no", "false", "0", "OFF", "False"};
    static const char *const neither[] = {"", "of", "2", "01", "on ", "enabled"};
    bool is;
    for (size_t i = 0; i < 6; i++) {
        cr_assert(unit_switch(on[i], &is) && is, "%s", on[i]);
        cr_assert(unit_switch(off[i], &is) && !is, "%s", off[i]);
        cr_assert_not(unit_switch(neither[i], &is), "%s", neither[i]);
    }
}

Test(clock, sums_stick_at_never)
{
    cr_assert_eq(clock_add(1, 2), 3);
    cr_assert_eq(clock_add(CLOCK_NEVER, 0), CLOCK_NEVER);
    cr_assert_eq(clock_add(CLOCK_NEVER, CLOCK_NEVER), CLOCK_NEVER);
    cr_assert_eq(clock_add(CLOCK_NEVER - 1, 1), CLOCK_NEVER);
    cr_assert_eq(clock_add(CLOCK_NEVER - 1, 2), CLOCK_NEVER);
    cr_assert_eq(clock_add(0, CLOCK_NEVER), CLOCK_NEVER);
}

Test(clock, by_hand_moves_only_when_told)
{
    clock_start(true);
    uint64_t start = clock_now();
    cr_assert(clock_manual());
    cr_assert_gt(start, 0, "a birth time of zero stands for none");
    cr_assert_eq(clock_lag(), 0);
    cr_assert_eq(clock_coarse(), start);
    clock_advance(5 * NS_PER_MS);
    cr_assert_eq(clock_now(), start + 5 * NS_PER_MS);
    cr_assert_eq(clock_coarse(), start + 5 * NS_PER_MS);
    clock_advance(CLOCK_NEVER);
    cr_assert_eq(clock_now(), CLOCK_NEVER, "does not wrap round");
    clock_advance(1);
    cr_assert_eq(clock_now(), CLOCK_NEVER);
    cr_assert_eq(clock_sleep_until(7), CLOCK_NEVER, "sleepers are woken by hand too");
}

Test(clock, real_time_does_not_go_back_and_the_coarse_one_lags_a_little)
{
    clock_start(false);
    cr_assert_not(clock_manual());
    uint64_t last = clock_now();
    for (int i = 0; i < 100000; i++) {
        uint64_t before = clock_coarse(), now = clock_now();
        cr_assert_geq(now, last);
        cr_assert_leq(before, now, "coarse time is never ahead");
        last = now;
    }
    cr_assert_gt(clock_lag(), 0);
    cr_assert_eq(clock_sleep_until(7), 7);
}

Test(lock, is_one_at_a_time)
{
    struct lock l = {0};
    cr_assert(lock_try(&l));
    cr_assert_not(lock_try(&l));
    lock_give(&l);
    uint64_t before = lock_taken;
    lock_take(&l);
    cr_assert_eq(lock_taken, before + 1);
    cr_assert_not(lock_try(&l));
    lock_give(&l);
    cr_assert_eq(atomic_load(&l.state), 0);
}

static struct lock shared_lock;
static uint64_t shared_sum;

static void *sum_up(void *times)
{
    for (uintptr_t i = 0; i < (uintptr_t)times; i++) {
        lock_take(&shared_lock);
        shared_sum++;
        lock_give(&shared_lock);
    }
    return NULL;
}

Test(lock, loses_no_addition_among_threads)
{
    enum { THREADS = 4, TIMES = 50000 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, sum_up, (void *)(uintptr_t)TIMES), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(shared_sum, (uint64_t)THREADS * TIMES);
    cr_assert_eq(atomic_load(&shared_lock.state), 0);
}

static unsigned int freed;

static void note_freed(struct epoch_garbage *g)
{
    freed++;
    g->next = NULL;
}

static void check_reader_is_waited_for(void)
{
    static struct epoch_record one, two;
    struct epoch_garbage first, second;
    freed = 0;
    epoch_join(&one);
    epoch_join(&two);
    epoch_enter(&one);
    epoch_retire(&first, 8, note_freed);
    epoch_collect();
    cr_assert_eq(freed, 0, "a reader may still look at it");
    epoch_enter(&two);
    epoch_exit(&one);
    epoch_enter(&one);
    epoch_collect();
    cr_assert_eq(freed, 1, "both came after it was gone");
    epoch_enter(&two); /* sections nest */
    epoch_retire(&second, 8, note_freed);
    epoch_exit(&two);
    epoch_exit(&one);
    epoch_collect();
    cr_assert_eq(freed, 1, "the outer section has not ended");
    epoch_exit(&two);
    epoch_collect();
    cr_assert_eq(freed, 2);
}

Test(epoch, waits_for_readers)
{
    check_reader_is_waited_for();
}

Test(epoch, waits_for_readers_by_membarrier)
{
    epoch_start();
    check_reader_is_waited_for();
}

Test(epoch, tidies_when_it_pays)
{
    static struct epoch_garbage garbage[200];
    for (size_t i = 0; i < 200; i++) {
        epoch_retire(&garbage[i], 8, note_freed);
        epoch_tidy();
    }
    cr_assert_gt(freed, 100);
    epoch_collect();
    cr_assert_eq(freed, 200);
}

/* The other threads did not come along into a fork's child: their sections hold nothing back. */
Test(epoch, forgets_the_readers_of_the_parent)
{
    static struct epoch_record mine, lost;
    struct epoch_garbage garbage;
    epoch_join(&mine);
    epoch_join(&lost);
    epoch_enter(&lost);
    epoch_retire(&garbage, 8, note_freed);
    epoch_collect();
    cr_assert_eq(freed, 0);
    epoch_reset_others(&mine);
    cr_assert_eq(lost.depth, 0);
    cr_assert_eq(atomic_load(&lost.used), 0);
    epoch_collect();
    cr_assert_eq(freed, 1);
}

struct cell {
    struct epoch_garbage garbage;
    uint64_t value, twice;
};

static _Atomic(struct cell *) published;
static _Atomic unsigned int torn;

static void free_cell(struct epoch_garbage *g)
{
    struct cell *cell = (struct cell *)g;
    cell->twice = 0;
    free(cell);
}

static void *look(void *cookie)
{
    struct epoch_record *mine = cookie;
    for (int i = 0; i < 100000; i++) {
        epoch_enter(mine);
        struct cell *cell = atomic_load(&published);
        if (cell->twice != 2 * cell->value)
            atomic_fetch_add(&torn, 1);
        epoch_exit(mine);
    }
    return NULL;
}

Test(epoch, readers_never_see_freed_memory)
{
    static struct epoch_record records[2];
    pthread_t threads[2];
    struct cell *cell = calloc(1, sizeof *cell);
    epoch_start();
    atomic_store(&published, cell);
    for (int i = 0; i < 2; i++) {
        epoch_join(&records[i]);
        cr_assert_eq(pthread_create(&threads[i], NULL, look, &records[i]), 0);
    }
    for (uint64_t i = 1; i < 5000; i++) {
        cell = malloc(sizeof *cell);
        cell->value = i;
        cell->twice = 2 * i;
        epoch_retire(&atomic_exchange(&published, cell)->garbage, sizeof *cell, free_cell);
        epoch_tidy();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    epoch_collect();
    cr_assert_eq(atomic_load(&torn), 0);
    free(atomic_load(&published));
}

Test(os, allocations_fail_when_told)
{
    uint64_t before = os_alloc_count();
    os_alloc_fail_at(2, false);
    void *one = os_alloc(1), *two = os_zalloc(1), *three = os_alloc_aligned(64, 1);
    cr_assert(one != NULL && two == NULL && three != NULL);
    cr_assert_eq(os_alloc_count(), before + 3);
    os_free(one);
    os_free(two);
    os_free(three);
}

Test(os, a_wait_ends_at_its_deadline_and_leaves_errno_alone)
{
    _Atomic uint32_t word = 1;
    errno = 77;
    cr_assert_not(os_futex_wait(&word, 1, 1), "that was long ago");
    cr_assert(os_futex_wait(&word, 2, UINT64_MAX), "another value: no wait at all");
    cr_assert_eq(errno, 77);
}
