// The big screen: a new total is counted up to; a lost connection is said. Works without this file, by reloading.
(function () {
  "use strict";
  var page = document.getElementById("main");
  var lost = document.querySelector("[data-lost]");
  var LOST_AFTER = 10000, COUNTING = 900;
  var heard = Date.now();
  var shown = total() ? Number(total().dataset.minor) : 0;
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function total() { return page.querySelector("[data-minor]"); }

  function words(minor) {
    var whole = String(Math.floor(minor / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
    return whole + "." + ("0" + minor % 100).slice(-2);
  }

  function count(element, from, to) {
    var started = null;
    function step(time) {
      if (!element.isConnected) return; // a newer answer counts on from where this one stood
      if (started === null) started = time;
      var part = Math.min((time - started) / COUNTING, 1);
      shown = Math.round(from + (to - from) * part);
      element.textContent = words(shown);
      if (part < 1) window.requestAnimationFrame(step);
    }
    window.requestAnimationFrame(step);
  }

  new window.MutationObserver(function (changes) {
    if (!changes.some(function (change) { return change.addedNodes.length; })) return;
    heard = Date.now();
    lost.hidden = true;
    var element = total(), to = Number(element.dataset.minor);
    if (to === shown) return;
    if (calm) { shown = to; return; }
    count(element, shown, to);
  }).observe(page, { childList: true });

  window.setInterval(function () { lost.hidden = Date.now() - heard < LOST_AFTER; }, 1000);
})();
