/** `process-nextick-args` for mqtt-packet on XS. */
exports.nextTick = (callback, ...args) => void Promise.resolve().then(() => callback(...args));
