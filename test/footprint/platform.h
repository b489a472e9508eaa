/*
 * The SDK's Linux platform with the allocator of host.c, which keeps the whole machine in one block
 * as a board with `static` in its creation does. Given to the compiler instead of lin_xs.h.
 */

#include "lin_xs.h"

#undef mxUseDefaultChunkAllocation
#undef mxUseDefaultSlotAllocation
#define mxUseDefaultChunkAllocation 0
#define mxUseDefaultSlotAllocation 0

/* As on the boards (xs/platforms/esp/xsPlatform.h): tables of Map and Set start with one entry. */
#define mxTableMinLength (1)
