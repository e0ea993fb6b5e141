/*
 * service.h - a service is a part of the runtime that has threads of its own: the pool is one, the control
 * socket another, and a third are the commands of the socket that take long (control/task.h), whose threads
 * end with their command. Here is what all of their threads have in common: how one starts and ends, how all
 * are asked to leave and waited for, and what becomes of them in a fork's child.
 *
 * What its threads do, and at which point one leaves, each service decides itself: they look at what is
 * wanted of them (service_wanted()) and return from run(). A thread is counted from before it starts until it
 * ends, however it ends: by returning, by pthread_exit(), by cancellation.
 */
#ifndef BASE_SERVICE_H
#define BASE_SERVICE_H

#include "os.h"

/* So many that have ended are remembered: the system has each a moment longer. */
enum { SERVICE_ENDING = 64 };

/* For so long the threads of a service are waited for at an exit or a rest. */
#define SERVICE_WAIT_NS UINT64_C(50000000)

enum service_wanted {
    SERVICE_TO_RUN,
    SERVICE_TO_REST, /* its threads leave; others may come after service_resume() */
    SERVICE_TO_STOP  /* the process exits: for ever */
};

/* All zero at the start. No lock guards it, as every field is atomic. */
struct service {
    _Atomic uint32_t wanted; /* futex: see above; by anyone who asks the threads to leave */
    _Atomic uint32_t alive;  /* futex: its threads; raised by who starts one, lowered by the thread */
    _Atomic int pid;         /* of the process in which they live; by who starts one */
    _Atomic uint32_t ended;  /* so far; by the thread */
    struct service_ending {
        _Atomic uint64_t at;
        _Atomic int tid;      /* 0: of nobody */
    } ending[SERVICE_ENDING]; /* who ended last; by the thread */
};

/* A kind of thread: whose it is, what tools call it, what it does, and its stack, 0 for the usual. */
struct service_thread {
    struct service *of;
    const char *name;
    void (*run)(void);
    size_t stack;
};

/* Once, at waking, before the first thread is started. */
void service_ready(void);

/*
 * Starts a detached thread of that kind with every signal blocked, and else as ambient.h has it. 0 or an
 * errno value: ECANCELED once the service is to stop; EPERM where os_locked_in(), as the process may be ended
 * for asking.
 */
int service_start(const struct service_thread *kind);

static inline enum service_wanted service_wanted(const struct service *s)
{
    return (enum service_wanted)atomic_load(&s->wanted);
}

/* For a thread that has nothing to do: sleeps until the service is not to run any more, or until then. */
void service_sleep(struct service *s, uint64_t deadline_ns);

/* Asks all threads to leave, for ever. False: it has been said before. */
bool service_stop(struct service *s);
/*
 * The same until service_resume(). False, and nothing is asked: it stops; its threads are another process's,
 * as in a child of vfork(), which has our memory; or none could come again, as os_locked_in().
 */
bool service_rest(struct service *s);
void service_resume(struct service *s);

/* How many threads it has in this process; none in a child that the handlers of fork() did not see. */
uint32_t service_alive(const struct service *s);
/* Is the calling thread one of them? Not in a fork's child, though the thread that forked was. */
bool service_member(const struct service *s);
/*
 * Waits for so long until all but the calling thread have ended and the system has them no more. True: it is
 * so.
 */
bool service_await(struct service *s, uint64_t wait_ns);

/* Never returns. A thread that ended instead would run the host's destructors amid its exit(). */
void service_park(void) __attribute__((noreturn));

/* In a fork's child, alone: its threads are not here. False: it had none. */
bool service_forget(struct service *s);

#ifdef SWRCACHE_TESTING
void service_refuse(bool refuse); /* as if the system had no thread to give */
uint64_t service_asked(void);     /* for how many threads the system was asked so far */
#endif

#endif
