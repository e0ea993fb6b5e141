/*
 * suspect.h - mode shadow: a fresh answer that the function does not give any more is a suspect, and wrong
 * only if nothing takes it back for a while.
 *
 * Who changes what a function reads says so afterwards: by a verb behind the change, a writer at its end, a
 * batch at its commit, another process of the family a moment later. A comparison in between finds the new
 * value beside the old answer, which is nobody's fault. So it stays open for SUSPECT_WAIT, and while a writer
 * or a batch is under way for SUSPECT_LONGEST at most; what disturbs it until then clears the suspect.
 *
 * Of one function so many are kept. Until they are judged no more of its answers are compared: as many that
 * are alike would be counted at once, and those that differ not.
 */
#ifndef RUNTIME_SUSPECT_H
#define RUNTIME_SUSPECT_H

#include "comparison.h"

#define SUSPECT_WAIT    (100 * NS_PER_MS)
#define SUSPECT_LONGEST (10000 * NS_PER_MS)

/* Judges those whose time has come. No lock held. */
void suspect_judge(void);
/* One more of its answers may be a suspect. */
bool suspect_room(struct function *f);
/* Takes the open comparison over. `given`: an entry of what the function gave; NULL: no memory for it. */
void suspect_add(struct function *f, struct flight *fl, struct entry *given);

/*
 * What is to be said of a function that is in shadow or was turned off by it, for the log and `swrctl stats`.
 * False: nothing, all its answers were right.
 */
enum { SUSPECT_TEXT = 512 };
bool suspect_text(struct function *f, char text[SUSPECT_TEXT]);
/* That, into the log. */
void suspect_tell(struct function *f);

#endif
