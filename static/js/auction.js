// The auction on a phone and at the desk: the clock runs, and a form follows the lot that is on while nobody types in it.
// Works without this file, by reloading. All words come from the page itself.
(function () {
  "use strict";
  var ahead = 0; // milliseconds by which the server's clock is ahead of ours

  function ours() { return Date.now() + ahead; }

  function listen() {
    var told = document.querySelector("[data-now]");
    if (told) ahead = Number(told.dataset.now) * 1000 - Date.now();
  }

  // The big screen is the same bytes for everyone, so it asks once what time it is at the server.
  function ask() {
    var source = document.querySelector("[data-clock]");
    if (!source) return;
    window.fetch(source.dataset.clock, { cache: "no-store" }).then(function (answer) {
      var said = Date.parse(answer.headers.get("Date"));
      if (said) ahead = said - Date.now();
    }, function () {});
  }

  function tick() {
    document.querySelectorAll("[data-closes-at]").forEach(function (element) {
      if (!element.dataset.closesAt) return;
      var left = Math.max(0, Math.ceil(Number(element.dataset.closesAt) - ours() / 1000));
      var words = Math.floor(left / 60) + ":" + ("0" + left % 60).slice(-2);
      if (left === 0 && element.dataset.over) words = element.dataset.over;
      if (element.textContent !== words) element.textContent = words;
    });
  }

  // A typed sum stays; one that only repeated the least bid becomes the new least bid. Another lot empties the form.
  function follow(form) {
    var now = document.getElementById(form.dataset.follows);
    if (!now) return;
    var lot = form.elements.namedItem("lot"), amount = form.elements.namedItem("amount");
    var paddle = form.elements.namedItem("paddle");
    if (now.dataset.lot !== lot.value) {
      lot.value = now.dataset.lot;
      amount.value = paddle ? now.dataset.least : "";
      if (paddle) paddle.value = "";
      delete amount.dataset.typed;
      form.hidden = !now.dataset.lot;
      if (paddle && now.dataset.lot) paddle.focus();
    } else if (paddle && !amount.dataset.typed) {
      amount.value = now.dataset.least;
    }
  }

  function followAll() { document.querySelectorAll("[data-follows]").forEach(follow); }

  document.addEventListener("input", function (event) {
    if (event.target.name === "amount") event.target.dataset.typed = "true";
  });
  document.querySelectorAll("[data-follows] [name=amount][aria-invalid]").forEach(function (input) {
    input.dataset.typed = "true"; // what was refused is kept until it is put right
  });
  new window.MutationObserver(function () { listen(); followAll(); tick(); })
    .observe(document.getElementById("main"), { childList: true });
  window.setInterval(tick, 250);
  ask();
  listen();
  tick();
})();
