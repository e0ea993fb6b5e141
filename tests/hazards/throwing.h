/* throwing.h - the C++ half of throwing.c. */
#ifndef THROWING_H
#define THROWING_H

#ifdef __cplusplus
extern "C" {
#endif

void cxx_throw(int n);
/* f(n), or -n when it threw n. */
int cxx_catch(int (*f)(int), int n);

#ifdef __cplusplus
}
#endif

#endif
