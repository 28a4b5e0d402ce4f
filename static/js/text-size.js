// Large text: chosen by ?text=large in the address, remembered in this browser. Runs before the first paint.
(function () {
  "use strict";
  var chosen = /[?&]text=(large|normal)(?:&|$)/.exec(window.location.search);
  var large = false;
  try {
    if (chosen) window.localStorage.setItem("text-size", chosen[1]);
    large = window.localStorage.getItem("text-size") === "large";
  } catch (refused) {
    large = Boolean(chosen) && chosen[1] === "large"; // storage may be switched off
  }
  document.documentElement.classList.toggle("large-text", large);
})();
