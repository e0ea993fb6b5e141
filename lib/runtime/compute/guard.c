#define _GNU_SOURCE
#include "guard.h"
#include "frame.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <unwind.h>

/* Where exceptions end that come to guard_catch(), the innermost. */
static __thread jmp_buf *landing __attribute__((tls_model("initial-exec")));

/* Of the frames guard_call() and guard_catch(). */
typedef _Unwind_Reason_Code personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class_,
                                        struct _Unwind_Exception *exception, struct _Unwind_Context *context);
__attribute__((visibility("hidden"))) personality guard_personality, guard_catch_personality;
void guard_catch(void (*run)(const struct swrcache_arg *, void *), const struct swrcache_arg *args,
                 void *result);

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
    (void)exception;
    (void)context;
    if (version != 1)
        return _URC_FATAL_PHASE1_ERROR;
    if (!(actions & _UA_SEARCH_PHASE))
        frame_unwound();
    return _URC_CONTINUE_UNWIND;
}

_Unwind_Reason_Code guard_catch_personality(int version, _Unwind_Action actions,
                                            _Unwind_Exception_Class class_,
                                            struct _Unwind_Exception *exception,
                                            struct _Unwind_Context *context)
{
    if (version != 1 || (actions & _UA_FORCE_UNWIND))
        return guard_personality(version, actions, class_, exception, context);
    if (actions & _UA_SEARCH_PHASE)
        return _URC_HANDLER_FOUND;
    /* Every frame below has been cleaned up: leave from here instead of through the unwinder. */
    swallow(exception);
    __builtin_longjmp((void **)landing, 1);
}

bool guard_call_catching(void (*run)(const struct swrcache_arg *, void *), const struct swrcache_arg *args,
                         void *result)
{
    jmp_buf here;
    jmp_buf *outer = landing;
    volatile bool whole = false;
    if (__builtin_setjmp((void **)&here) == 0) {
        landing = &here;
        guard_catch(run, args, result);
        whole = true;
    }
    landing = outer;
    return whole;
}
