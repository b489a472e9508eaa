/** `debug` for mqtt-packet on XS: says nothing. */
module.exports = () => () => undefined;
