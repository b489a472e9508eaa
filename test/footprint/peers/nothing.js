/** A program that does nothing: what XS itself takes. */

import Timer from "timer";

trace("ready\n");
Timer.repeat(() => {}, 1000);
