/* doors.h - the doors by which code of the user leaves that is asked for something; doors.c goes through
 * them. */
#ifndef DOORS_H
#define DOORS_H

#include "hazard.h"
#include "throwing.h"

#include <setjmp.h>

enum door { JUMP, THROW, QUIT, CANCEL, DOORS };
enum asked { NOBODY, COPY, ENCODE, DECODE, FAILED, KEY, KEY_AGAIN, UNLESS, RELEASE };

static _Atomic int leaver, door;
static _Atomic bool failing;
static __thread jmp_buf out;

static void leave_by_door(void)
{
    int how = door;
    switch (how) {
    case JUMP:
        longjmp(out, 1);
    case THROW:
        cxx_throw(1);
        break;
    case QUIT:
        pthread_exit(NULL);
    default:
        pthread_cancel(pthread_self());
        pthread_testcancel();
    }
    CHECK(!"still there");
}

static void asked(int who)
{
    int here = who;
    if (atomic_compare_exchange_strong(&leaver, &here, NOBODY))
        leave_by_door();
}

#endif
