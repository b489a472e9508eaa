/** The network parts of the firmware as a program for simulated boards; tests call what they need. */

import UDP from "embedded:io/socket/udp";
import WiFi from "embedded:network/interface/wifi";
import Net from "net";
import { Clock } from "../../firmware/net/clock";
import { NameResolver } from "../../firmware/net/dns";
import { TimeKeeper } from "../../firmware/net/timekeeper";
import { openUdp } from "../../firmware/net/udp";
import { WifiStation } from "../../firmware/net/wifi";

export { Clock, NameResolver, Net, openUdp, TimeKeeper, UDP, WiFi, WifiStation };
