/* Tables that scroll sideways can be reached and scrolled by the keyboard. */
addEventListener("load", () => document.querySelectorAll(".md-typeset__scrollwrap").forEach((one) => { one.tabIndex = 0; }));
