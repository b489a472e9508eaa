/** Runs the cases of a test of TLS on XS. */

import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import cases from "json:cases";
import { type AttemptOptions, attempt } from "../support/tls-attempt";

attempt({ cases, TCP: TCP as unknown as AttemptOptions["TCP"], TLSSocket });
