/** `mqtt-packet` without its table of all numbers: an array that grows to 65,536 takes XS 20 s. */
const packets = require("mqtt-packet");
packets.writeToStream.cacheNumbers = false;
module.exports = packets;
