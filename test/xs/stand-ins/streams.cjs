/** `readable-stream` for mqtt-packet on XS: it uses the list of buffers, never its stream. */
module.exports = { Duplex: function Duplex() {} };
