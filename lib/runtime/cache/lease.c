#include "lease.h"

_Atomic uint32_t lease_generation;
