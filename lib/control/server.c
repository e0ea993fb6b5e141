#define _GNU_SOURCE
#include "server.h"
#include "client.h"
#include "descriptor.h"
#include "place.h"
#include "round.h"
#include "wire.h"
#include "runtime/setting/option.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/origin.h"
#include "base/os.h"
#include "base/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MS = 60000, FILE_BUSY_MS = 1000, STACK = 512 << 10 };
#define AGAIN_NS (1000 * NS_PER_MS)

LOCK(ending); /* of who closes and unlinks, or shuts down */

static struct {
    struct service service;   /* of one thread */
    _Atomic uint32_t started; /* it has been asked for, and it has not rested since */
    _Atomic bool open;        /* `place` and `listening` are settled, and not closed yet */
    struct place place;
    struct descriptor listening;
} server = {.listening = {.fd = -1}};

/* For the socket's file. */
struct watch {
    uint64_t next; /* ms: when to look again */
    uint64_t used; /* ms: of processor time, by the process, when it was looked last */
};

static bool server_place(struct place *place, struct descriptor *listening)
{
    const struct wire_said said = {option_text(OPTION_SWR_SOCKET_DIR), origin_variable("XDG_RUNTIME_DIR")};
    const char *why;
    if (place_listen(place, listening, &said, ROUND_CLIENTS, &why)) {
        if (place->passed[0] != 0)
            option_complain("the control socket is in %.60s, not in %.60s: %s", place->directory,
                            place->passed, place->passed_why);
        return true;
    }
    if (place_refuse() == 0)
        option_complain("no control socket in %.100s: %s", place->directory, why);
    return false;
}

/* While descriptors or memory are short, again once a second. */
static bool server_open(void)
{
    while (!server_place(&server.place, &server.listening)) {
        if (errno == 0)
            return false;
        service_sleep(&server.service, os_monotonic() + AGAIN_NS);
        if (service_wanted(&server.service) != SERVICE_TO_RUN)
            return false;
    }
    return true;
}

/* Who tidies /tmp or /run up takes the socket's file away, and nobody finds the process any more: it is made
 * anew. A process that does nothing is woken for that once a minute, and no more. */
static void server_look(struct watch *w)
{
    struct place place;
    struct descriptor listening;
    uint64_t used = 0;
    struct timespec t;
    if (client_ms() < w->next)
        return;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
        used = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    w->next = client_ms() + (used > w->used ? FILE_BUSY_MS : FILE_MS);
    w->used = used;
    if (place_kept(&server.place) || !server_place(&place, &listening))
        return;
    lock_take(&ending_lock);
    if (service_wanted(&server.service) != SERVICE_TO_RUN) {
        descriptor_close(&listening);
        place_leave(&place);
    } else {
        descriptor_close(&server.listening);
        server.listening = listening;
        server.place = place;
    }
    lock_give(&ending_lock);
}

static void server_loop(void)
{
    struct watch watch = {.next = client_ms() + FILE_BUSY_MS};
    round_begin(&server.listening, &server.service);
    for (bool goes_on = true; goes_on && service_wanted(&server.service) == SERVICE_TO_RUN;) {
        server_look(&watch);
        uint64_t now = client_ms();
        goes_on = round_run(now < watch.next ? (int)(watch.next - now) : 0);
    }
    round_end();
}

static void serve(void)
{
    round_none();
    if (!server_open())
        return;
    atomic_store(&server.open, true);
    if (service_wanted(&server.service) == SERVICE_TO_RUN)
        server_loop();
    lock_take(&ending_lock);
    atomic_store(&server.open, false);
    descriptor_close(&server.listening);
    place_leave(&server.place);
    lock_give(&ending_lock);
}

static const struct service_thread control = {&server.service, "swr-control", serve, STACK};

void control_start(void)
{
    int saved = errno;
    uint32_t idle = 0;
    if (atomic_load_explicit(&server.started, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_strong(&server.started, &idle, 1) && option_number(OPTION_SWR_CONTROL) != 0)
        service_start(&control);
    errno = saved;
}

void control_fork_child(void)
{
    int saved = errno;
    if (service_forget(&server.service)) {
        descriptor_close(&server.listening);
        round_fork_child();
    }
    server.listening.fd = -1;
    atomic_store(&server.open, false);
    atomic_store(&server.started, 0);
    errno = saved;
}

/* The thread has been asked to leave: it is waited for. */
static void see_off(void)
{
    if (service_alive(&server.service) == 0)
        return;
    /* Not open yet, or no more: the thread sees that it must leave, and tidies up. */
    lock_take(&ending_lock);
    if (atomic_load(&server.open)) {
        place_leave(&server.place);
        if (descriptor_ours(&server.listening))
            shutdown(server.listening.fd, SHUT_RDWR);
    }
    lock_give(&ending_lock);
    /* Until it is gone: leak checkers look at the memory of threads that live. */
    service_await(&server.service, SERVICE_WAIT_NS);
}

void control_stop(void)
{
    int saved = errno;
    atomic_store(&server.started, 1);
    /* Locked in, what the program still may do is not known: its file stays, and is seen to be nobody's. */
    if (!os_locked_in()) {
        service_stop(&server.service);
        see_off();
    }
    errno = saved;
}

void control_rest(void)
{
    int saved = errno;
    if (atomic_load(&server.started) != 0 && service_rest(&server.service)) {
        see_off();
        if (service_alive(&server.service) == 0) {
            service_resume(&server.service);
            atomic_store(&server.started, 0);
        }
    }
    errno = saved;
}
