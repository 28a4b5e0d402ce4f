// The sale desk. A sale is kept on this phone under a key of its own before it is sent, and again until the site has
// answered: what was sent twice is one sale there. Without this file the form works as any other.
(function () {
  "use strict";
  var desk = document.getElementById("desk");
  if (!desk || !window.fetch || !window.localStorage) return;
  var words = JSON.parse(desk.dataset.words);
  var lots = JSON.parse(desk.dataset.lots);
  var form = desk.querySelector("form");
  var find = document.getElementById("desk-find");
  var chosen = desk.querySelector("[data-chosen]");
  var said = desk.querySelector("[data-said]");
  var box = desk.querySelector("[data-unsent]");
  var list = desk.querySelector("[data-list]");
  var more = desk.querySelector("[data-more]");
  var STORE = "sunledger-desk-" + desk.dataset.event;
  var AGAIN = 5000, PATIENCE = 8000, SCAN = 150;
  var FIELDS = ["lot", "quantity", "amount", "method", "buyer"];
  var sending = false, scanning = null;

  function kept() {
    try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch (error) { return []; }
  }

  function keep(sales) { localStorage.setItem(STORE, JSON.stringify(sales)); }

  function without(key) { return kept().filter(function (sale) { return sale.once !== key; }); }

  function newKey() {
    var bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }

  function yuan(minor) {
    return String(Math.floor(minor / 100)).replace(/\B(?=(\d{3})+$)/g, ",") + "." + ("0" + minor % 100).slice(-2);
  }

  // Finding a lot -----------------------------------------------------------------------------------------------------

  function lotOf(id) { return lots.filter(function (lot) { return String(lot.id) === String(id); })[0]; }

  function found(typed) {
    var wanted = typed.trim().toLowerCase();
    if (!wanted) return null;
    function those(test) { return lots.filter(function (lot) { return lot.left > 0 && test(lot); }); }
    var exact = those(function (lot) { return lot.number.toLowerCase() === wanted; });
    if (exact.length) return exact[0];
    var near = those(function (lot) {
      return lot.number.toLowerCase().indexOf(wanted) === 0 || lot.name.toLowerCase().indexOf(wanted) >= 0;
    });
    return near.length === 1 ? near[0] : null;
  }

  function show() {
    var lot = lotOf(form.elements.lot.value);
    chosen.hidden = !lot && !find.value.trim();
    chosen.textContent = "";
    if (!lot) { chosen.textContent = words.none; return; }
    if (lot.photo) {
      var picture = document.createElement("img");
      picture.src = "/photos/" + lot.photo;
      picture.alt = "";
      chosen.appendChild(picture);
    }
    if (!lot.fixed) more.open = true;
    var count = Number(form.elements.quantity.value) || 0;
    var sum = lot.fixed ? words.total.replace("{total}", yuan(lot.price * count)) : words.auction;
    [["b", lot.number + " " + lot.name], ["span", words.left.replace("{left}", lot.left)], ["strong", sum]]
      .forEach(function (part) {
        var element = document.createElement(part[0]);
        element.textContent = part[1];
        chosen.appendChild(element);
      });
  }

  function choose(lot) {
    form.elements.lot.value = lot ? lot.id : "";
    show();
  }

  find.addEventListener("input", function () { choose(found(find.value)); });
  find.addEventListener("keydown", function (event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    var lot = lotOf(form.elements.lot.value);
    if (lot) (lot.fixed ? form.elements.quantity : form.elements.amount).select();
  });
  form.elements.lot.addEventListener("change", function () { find.value = ""; show(); });
  form.elements.quantity.addEventListener("input", show);

  // Scanning a label --------------------------------------------------------------------------------------------------

  var scan = desk.querySelector("[data-scan]"), video = desk.querySelector("[data-video]");
  var canvas = document.createElement("canvas");

  function stop() {
    if (scanning) scanning.getTracks().forEach(function (track) { track.stop(); });
    scanning = null;
    video.hidden = true;
  }

  function noCamera() {
    stop();
    say(words.no_camera);
  }

  function look() {
    if (!scanning) return;
    if (video.videoWidth) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      var context = canvas.getContext("2d");
      context.drawImage(video, 0, 0);
      var picture = context.getImageData(0, 0, canvas.width, canvas.height);
      var code = window.jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
      var number = code && /\/lots\/([^\/?#]+)$/.exec(code.data);
      if (number) {
        stop();
        find.value = decodeURIComponent(number[1]);
        choose(found(find.value));
        form.elements.quantity.select();
        return;
      }
    }
    window.setTimeout(look, SCAN);
  }

  function start() {
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(function (stream) {
      scanning = stream;
      video.srcObject = stream;
      video.hidden = false;
      return video.play().then(look);
    }).catch(noCamera);
  }

  scan.addEventListener("click", function () {
    if (scanning) { stop(); return; }
    if (window.jsQR) { start(); return; }
    var script = document.createElement("script");
    script.src = desk.dataset.scanner;
    script.onload = start;
    script.onerror = noCamera;
    document.head.appendChild(script);
  });

  // Sending -----------------------------------------------------------------------------------------------------------

  function say(sentence) {
    said.textContent = sentence;
    said.hidden = false;
  }

  function button(text, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "button quiet";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function list_unsent() {
    var sales = kept();
    box.hidden = !sales.length;
    list.textContent = "";
    sales.forEach(function (sale) {
      var item = document.createElement("li"), line = document.createElement("span");
      line.textContent = sale.label + (sale.why ? " · " + sale.why : "");
      item.appendChild(line);
      if (sale.refused) {
        item.appendChild(button(words.change, function () {
          keep(without(sale.once));
          FIELDS.forEach(function (name) { form.elements[name].value = sale[name]; });
          more.open = more.open || !!(sale.amount || sale.buyer);
          list_unsent();
          show();
        }));
        item.appendChild(button(words.drop, function () {
          if (!window.confirm(words.dropping)) return;
          keep(without(sale.once));
          list_unsent();
        }));
      }
      list.appendChild(item);
    });
  }

  function told(key, facts) {
    keep(kept().map(function (sale) { return sale.once === key ? Object.assign(sale, facts) : sale; }));
    list_unsent();
  }

  function left(counts) {
    lots.forEach(function (lot) { if (counts[lot.id] !== undefined) lot.left = counts[lot.id]; });
    show();
  }

  function post(sale) {
    var body = new URLSearchParams();
    FIELDS.concat("once").forEach(function (name) { body.append(name, sale[name]); });
    body.append("csrf_token", form.elements.csrf_token.value);
    var impatient = new AbortController();
    var timer = window.setTimeout(function () { impatient.abort(); }, PATIENCE);
    return fetch(desk.dataset.send, { method: "POST", body: body, credentials: "same-origin", signal: impatient.signal })
      .then(function (answer) {
        window.clearTimeout(timer);
        var json = (answer.headers.get("Content-Type") || "").indexOf("application/json") === 0;
        if (answer.ok && json) return answer.json().then(function (said) { return { left: said.left }; });
        if ((answer.status === 422 || answer.status === 409) && json) return answer.json();
        return answer.status === 400 || answer.status === 401 ? { signed_out: true } : { lost: true };
      }, function () {
        window.clearTimeout(timer);
        return { lost: true };
      });
  }

  // A new sign-in has a new token: the page of now has it.
  function renewToken() {
    return fetch(window.location.href, { credentials: "same-origin" }).then(function (answer) {
      return answer.redirected ? "" : answer.text();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#desk input[name=csrf_token]");
      if (!fresh || fresh.value === form.elements.csrf_token.value) return false;
      form.elements.csrf_token.value = fresh.value;
      return true;
    }).catch(function () { return false; });
  }

  function send(sale, renewed) {
    return post(sale).then(function (answer) {
      if (answer.left) left(answer.left);
      if (answer.refused) { told(sale.once, { refused: true, why: answer.refused }); return true; }
      if (answer.left) {
        keep(without(sale.once));
        list_unsent();
        say(words.sent + words.colon + sale.label);
        refresh();
        return true;
      }
      if (answer.signed_out && !renewed) {
        return renewToken().then(function (is_new) {
          if (is_new) return send(sale, true);
          told(sale.once, { why: words.sign_in });
          return false;
        });
      }
      told(sale.once, { why: answer.signed_out ? words.sign_in : words.unsent });
      return false;
    });
  }

  function refresh() {
    if (window.htmx) window.htmx.ajax("GET", window.location.pathname, { target: "#recent-sales", swap: "outerHTML" });
  }

  // One after another, in the order in which they were sold; the first that does not get through ends the round.
  function sendAll() {
    if (sending) return;
    sending = true;
    var waiting = kept().filter(function (sale) { return !sale.refused; });
    waiting.reduce(function (before, sale) {
      return before.then(function (goes_on) { return goes_on ? send(sale, false) : false; });
    }, Promise.resolve(true)).then(function () { sending = false; }, function () { sending = false; });
  }

  form.addEventListener("submit", function (event) {
    var lot = lotOf(form.elements.lot.value);
    var count = Number(form.elements.quantity.value);
    var typed = form.elements.amount.value.trim();
    // What is missing is for the site to say, beside its field.
    if (!lot || !(count >= 1) || (!lot.fixed && !typed)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var sale = { once: newKey(), label: lot.number + " " + lot.name + " × " + count + " · " + (typed || yuan(lot.price * count)) };
    FIELDS.forEach(function (name) { sale[name] = form.elements[name].value; });
    try { keep(kept().concat(sale)); } catch (error) { form.submit(); return; } // no room on this phone
    lot.left -= count;
    say(words.kept + words.colon + sale.label);
    form.elements.quantity.value = "1";
    form.elements.amount.value = "";
    form.elements.buyer.value = "";
    more.open = false;
    find.value = "";
    choose(null);
    chosen.hidden = true;
    find.focus();
    sendAll();
  }, true);

  desk.querySelector("[data-again]").addEventListener("click", sendAll);
  window.addEventListener("online", sendAll);
  window.setInterval(function () { if (kept().length) sendAll(); }, AGAIN);
  window.addEventListener("beforeunload", function (event) {
    if (!kept().length) return;
    event.preventDefault();
    event.returnValue = "";
  });

  desk.querySelector("[data-find]").hidden = false;
  scan.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
  form.elements.lot.closest(".field").classList.add("desk-lots");
  if (form.elements.lot.value) show();
  list_unsent();
  sendAll();
  find.focus();
  desk.scrollIntoView();
})();
