/*
 * ESP32 family: ESP-IDF. Tells no address of a panic: that is on the console only.
 */

#include "xsmc.h"
#include "xsHost.h"
#include "esp_heap_caps.h"
#include "esp_system.h"

enum { FREE, LEAST, BLOCK };
enum { CODE };

/* The place of each reason in chip.ts's NAMES. */
static int nameOf(esp_reset_reason_t reason)
{
	switch (reason) {
	case ESP_RST_POWERON: return 1;
	case ESP_RST_EXT: return 2;
	case ESP_RST_DEEPSLEEP: return 3;
	case ESP_RST_USB: return 4;
	case ESP_RST_JTAG: return 5;
	case ESP_RST_SW: return 6;
	case ESP_RST_PANIC: return 8;
	case ESP_RST_WDT: return 9;
	case ESP_RST_INT_WDT: return 11;
	case ESP_RST_TASK_WDT: return 12;
	case ESP_RST_BROWNOUT: return 13;
	case ESP_RST_PWR_GLITCH: return 14;
	case ESP_RST_CPU_LOCKUP: return 15;
	case ESP_RST_EFUSE: return 16;
	default: return 0;
	}
}

void xs_fieldmote_heap(xsMachine *the)
{
	switch (xsmcToInteger(xsArg(0))) {
	case FREE:
		xsmcSetInteger(xsResult, heap_caps_get_free_size(MALLOC_CAP_8BIT));
		break;
	case LEAST:
		xsmcSetInteger(xsResult, heap_caps_get_minimum_free_size(MALLOC_CAP_8BIT));
		break;
	case BLOCK:
		xsmcSetInteger(xsResult, heap_caps_get_largest_free_block(MALLOC_CAP_8BIT));
		break;
	}
}

void xs_fieldmote_reset(xsMachine *the)
{
	if (xsmcToInteger(xsArg(0)) == CODE) xsmcSetInteger(xsResult, nameOf(esp_reset_reason()));
}

void xs_fieldmote_restart(xsMachine *the)
{
	c_exit(0);
}
