/** What only the board page loads: the behaviour and SortableJS with it. */
import { begin } from "./attach.js";
import "./behaviours/board.js";

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
