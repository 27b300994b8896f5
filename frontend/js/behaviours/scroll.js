/** Tables wider than their frame can be scrolled with the keyboard also where nothing in them takes the focus. */
import { attach } from "../attach.js";

const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex]";

attach(".gx-table-wrap:not([tabindex])", (frame) => {
  const look = () => {
    const needs = frame.scrollWidth > frame.clientWidth + 1 && !frame.querySelector(FOCUSABLE);
    if (needs) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  };
  new ResizeObserver(look).observe(frame);
});
