/*
 * What the SDK has in C for an ESP8266's pins (modules/io: digital/esp, pwm/esp, analog/esp,
 * i2c/esp), without pins: it takes the same slots, and the SDK's JavaScript stands on it as on the
 * board. On the bus is a TMP117 at 0x48. host.c turns the world: boardWorld().
 */

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

enum { FIRST_OUTPUT_MODE = 8, TMP117 = 0x48, CELSIUS_21_5 = 2752, MIDDLE = 512 };
enum { TEMPERATURE = 0, CONFIGURATION = 1, DEVICE_ID = 15, REGISTERS = 16 };

typedef struct Pin {
	xsSlot obj, *onReadable;
	uint32_t pins, activeLow;
	struct Pin *next;
} Pin;

static Pin *gInputs;
static uint32_t gLevels = 0xFFFFFFFF;
static int gIsSensorGone;
static uint16_t gRegisters[REGISTERS] = { [TEMPERATURE] = CELSIUS_21_5, [DEVICE_ID] = 0x0117 };
static uint8_t gRegister;

static void takeTarget(xsMachine *the)
{
	if (!xsmcHas(xsArg(0), xsID_target)) return;
	xsSlot target;
	xsmcGet(target, xsArg(0), xsID_target);
	xsmcSet(xsThis, xsID_target, target);
}

static Pin *newPin(xsMachine *the)
{
	Pin *pin = calloc(1, sizeof(Pin));
	pin->obj = xsThis;
	xsRemember(pin->obj);
	xsmcSetHostData(xsThis, pin);
	return pin;
}

static void closePin(xsMachine *the)
{
	Pin *pin = xsmcGetHostData(xsThis);
	if (pin == NULL) return;
	for (Pin **at = &gInputs; *at != NULL; at = &(*at)->next)
		if (*at == pin) {
			*at = pin->next;
			break;
		}
	xsForget(pin->obj);
	free(pin);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
}

/* Digital. */

void xs_digitalbank_destructor(void *data) {}

static void mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	Pin *pin = it;
	if (pin->onReadable != NULL) (*markRoot)(the, pin->onReadable);
}

static const xsHostHooks gDigitalHooks = { xs_digitalbank_destructor, mark, NULL };

void xs_digitalbank_constructor(xsMachine *the)
{
	xsSlot tmp;
	takeTarget(the);
	Pin *pin = newPin(the);
	xsmcGet(tmp, xsArg(0), xsID_pins);
	pin->pins = xsmcToUnsigned(tmp);
	if (xsmcHas(xsArg(0), xsID_activeLow)) {
		xsmcGet(tmp, xsArg(0), xsID_activeLow);
		if (xsmcTest(tmp)) pin->activeLow = pin->pins;
	}
	xsmcGet(tmp, xsArg(0), xsID_mode);
	int mode = xsmcToInteger(tmp);
	xsmcGet(tmp, xsArg(0), xsID_onReadable);
	if (mode < FIRST_OUTPUT_MODE && xsmcTypeOf(tmp) == xsReferenceType) {
		pin->onReadable = fxToReference(the, &tmp);
		pin->next = gInputs;
		gInputs = pin;
	}
	xsSetHostHooks(xsThis, (xsHostHooks *)&gDigitalHooks);
}

void xs_digitalbank_close(xsMachine *the)
{
	closePin(the);
}

void xs_digitalbank_read(xsMachine *the)
{
	Pin *pin = xsmcGetHostData(xsThis);
	xsmcSetUnsigned(xsResult, (gLevels & pin->pins) ^ pin->activeLow);
}

void xs_digitalbank_write(xsMachine *the) {}

/* PWM and Analog. */

void xs_pwm_destructor_(void *data) {}

void xs_pwm_constructor_(xsMachine *the)
{
	takeTarget(the);
	newPin(the);
}

void xs_pwm_close_(xsMachine *the)
{
	closePin(the);
}

void xs_pwm_write_(xsMachine *the) {}

void xs_pwm_get_hz_(xsMachine *the)
{
	xsmcSetInteger(xsResult, 1000);
}

void xs_analog_destructor_(void *data) {}

void xs_analog_constructor_(xsMachine *the)
{
	takeTarget(the);
	newPin(the);
}

void xs_analog_close_(xsMachine *the)
{
	closePin(the);
}

void xs_analog_read_(xsMachine *the)
{
	xsmcSetInteger(xsResult, MIDDLE);
}

/* I2C. */

static void requireSensor(xsMachine *the)
{
	if (gIsSensorGone) xsUnknownError("writeRead failed");
}

void _xs_i2c_destructor(void *data) {}

void _xs_i2c_constructor(xsMachine *the)
{
	takeTarget(the);
	newPin(the);
}

void _xs_i2c_close(xsMachine *the)
{
	closePin(the);
}

void _xs_i2c_read(xsMachine *the)
{
	xsUnknownError("i2c read failed");
}

/* Register, high byte, low byte. */
void _xs_i2c_write(xsMachine *the)
{
	void *buffer;
	xsUnsignedValue length;
	xsmcGetBufferReadable(xsArg(0), &buffer, &length);
	requireSensor(the);
	uint8_t *bytes = buffer;
	if (length == 3 && bytes[0] == CONFIGURATION)
		gRegisters[CONFIGURATION] = bytes[1] << 8 | bytes[2];
}

void _xs_i2c_writeRead(xsMachine *the)
{
	void *from, *to;
	xsUnsignedValue fromLength, toLength;
	xsResult = xsArg(1);
	xsmcGetBufferWritable(xsResult, &to, &toLength);
	xsmcSetInteger(xsResult, toLength);
	xsmcGetBufferReadable(xsArg(0), &from, &fromLength);
	requireSensor(the);
	uint16_t word = gRegisters[*(uint8_t *)from % REGISTERS];
	((uint8_t *)to)[0] = word >> 8;
	if (toLength > 1) ((uint8_t *)to)[1] = (uint8_t)word;
}

/* The world. */

/* `level 0 or 1` of all inputs, `celsius` in 1/128 degrees, `gone 0 or 1` of the sensor. */
void boardWorld(xsMachine *the, const char *what, int value)
{
	if (strcmp(what, "celsius") == 0) gRegisters[TEMPERATURE] = (uint16_t)value;
	else if (strcmp(what, "gone") == 0) gIsSensorGone = value;
	else if (strcmp(what, "level") == 0) {
		gLevels = value ? 0xFFFFFFFF : 0;
		xsBeginHost(the);
		for (Pin *pin = gInputs; pin != NULL; pin = pin->next) {
			xsmcSetInteger(xsResult, gLevels & pin->pins);
			xsCallFunction1(xsReference(pin->onReadable), pin->obj, xsResult);
		}
		xsEndHost(the);
	}
}
