#define _GNU_SOURCE
#include "guard.h"
#include "writer.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <unwind.h>

/* Where a worker's exceptions end: set while guard_call_catching() runs. */
static __thread jmp_buf *landing __attribute__((tls_model("initial-exec")));

_Unwind_Reason_Code guard_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class_,
                                      struct _Unwind_Exception *exception, struct _Unwind_Context *context)
    __attribute__((visibility("hidden")));

/* Ends the exception as a catch (...) would; without libstdc++ there is nobody to count it. */
static void swallow(struct _Unwind_Exception *exception)
{
    void *(*begin)(void *) = (void *(*)(void *))dlsym(RTLD_DEFAULT, "__cxa_begin_catch");
    void (*end)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "__cxa_end_catch");
    if (begin != NULL && end != NULL) {
        begin(exception);
        end();
    } else if (exception->exception_cleanup != NULL) {
        exception->exception_cleanup(_URC_FOREIGN_EXCEPTION_CAUGHT, exception);
    }
}

_Unwind_Reason_Code guard_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class_,
                                      struct _Unwind_Exception *exception, struct _Unwind_Context *context)
{
    (void)class_;
    (void)context;
    bool forced = actions & _UA_FORCE_UNWIND;
    if (version != 1)
        return _URC_FATAL_PHASE1_ERROR;
    if (actions & _UA_SEARCH_PHASE)
        return landing != NULL && !forced ? _URC_HANDLER_FOUND : _URC_CONTINUE_UNWIND;
    if (landing != NULL && !forced) {
        while (writer_leave())
            continue;
        /* Every frame below has been cleaned up: leave from here instead of through the unwinder. */
        swallow(exception);
        __builtin_longjmp((void **)landing, 1);
    }
    if (!writer_leave())
        compute_abandon();
    return _URC_CONTINUE_UNWIND;
}

bool guard_call_catching(void (*run)(const struct swrcache_arg *, void *), const struct swrcache_arg *args,
                         void *result)
{
    jmp_buf here;
    jmp_buf *outer = landing;
    volatile bool whole = false;
    if (__builtin_setjmp((void **)&here) == 0) {
        landing = &here;
        guard_call(run, args, result);
        whole = true;
    }
    landing = outer;
    return whole;
}
