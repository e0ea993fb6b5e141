/* Includes the header, annotates nothing. */
#include <swrcache.h>
