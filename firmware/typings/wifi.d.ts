/** ECMA-419 Wi-Fi, as far as the firmware uses it (modules/io/wifi/esp, esp32). */
declare module "embedded:network/interface/wifi" {
	const WiFi: import("../net/wifi-types").WifiConstructor;

	export { WiFi as default };
}
