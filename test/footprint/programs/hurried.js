/** First hurry.js, then the firmware's own main. JavaScript, because only the manifest knows "main". */

import "hurry";
import "main";
