/*
 * ESP8266: Arduino core on the non-OS SDK. The heap is umm_malloc's, which does not remember the
 * least that was ever free.
 */

#include "xsmc.h"
#include "xsHost.h"
#include "user_interface.h"
#include "umm_malloc/umm_malloc.h"

enum { FREE, LEAST, BLOCK };
enum { CODE, CAUSE, ADDRESS };
enum { UMM_BLOCK_BYTES = 8 };

void xs_fieldmote_heap(xsMachine *the)
{
	switch (xsmcToInteger(xsArg(0))) {
	case FREE:
		xsmcSetInteger(xsResult, system_get_free_heap_size());
		break;
	case BLOCK:
		umm_info(NULL, 0);
		xsmcSetInteger(xsResult, ummHeapInfo.maxFreeContiguousBlocks * UMM_BLOCK_BYTES);
		break;
	}
}

/* The place of each reason in chip.ts's NAMES. */
static int nameOf(uint32_t reason)
{
	switch (reason) {
	case REASON_DEFAULT_RST: return 1;
	case REASON_EXT_SYS_RST: return 2;
	case REASON_DEEP_SLEEP_AWAKE: return 3;
	case REASON_SOFT_RESTART: return 6;
	case REASON_EXCEPTION_RST: return 7;
	case REASON_WDT_RST: return 9;
	case REASON_SOFT_WDT_RST: return 10;
	}
	return 0;
}

void xs_fieldmote_reset(xsMachine *the)
{
	struct rst_info *info = system_get_rst_info();
	switch (xsmcToInteger(xsArg(0))) {
	case CODE:
		xsmcSetInteger(xsResult, nameOf(info->reason));
		break;
	case CAUSE:
		xsmcSetInteger(xsResult, info->exccause);
		break;
	case ADDRESS:
		xsmcSetNumber(xsResult, info->epc1);
		break;
	}
}

void xs_fieldmote_restart(xsMachine *the)
{
	c_exit(0);
}
