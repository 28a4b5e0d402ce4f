// Small comforts. Every page works without this file; all words come from the page itself.
(function () {
  "use strict";

  function prepare(root) {
    root.querySelectorAll("[data-print], [data-copy], [data-with-print]").forEach(function (element) {
      element.hidden = false;
    });
  }

  // A form that came back with errors: the summary takes the focus, so that it is read first.
  function focusErrors(root) {
    var summary = root.querySelector(".error-summary");
    if (summary) summary.focus();
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.copy);
    source.focus();
    source.select();
    var said = function () {
      var label = button.textContent;
      button.setAttribute("aria-live", "polite");
      button.textContent = button.dataset.copied;
      window.setTimeout(function () { button.textContent = label; }, 2500);
    };
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(source.value).then(said, function () {});
    } else if (document.execCommand("copy")) { // plain HTTP in a town hall's network
      said();
    }
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-print], [data-copy]");
    if (!button) return;
    if (button.hasAttribute("data-print")) window.print();
    else copy(button);
  });

  document.addEventListener("change", function (event) {
    var input = event.target;
    if (input.type !== "file" || !input.dataset.maxBytes) return;
    var limit = Number(input.dataset.maxBytes);
    var tooLarge = Array.prototype.some.call(input.files, function (file) { return file.size > limit; });
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    input.reportValidity();
  });

  // The address of a filter holds only what is asked for.
  document.addEventListener("formdata", function (event) {
    if (!event.target.classList.contains("filters")) return;
    Array.from(event.formData.entries()).forEach(function (pair) {
      if (pair[1] === "") event.formData.delete(pair[0]);
    });
  });

  // A double click sends a form once. The button stays enabled, because its name and value are part of what is sent.
  function release(form) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled=true]").forEach(function (button) { button.removeAttribute("aria-disabled"); });
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.sent = "true";
    form.querySelectorAll("[type=submit]").forEach(function (button) { button.setAttribute("aria-disabled", "true"); });
    window.setTimeout(function () { release(form); }, 8000); // a file download leaves the page in place
  }, true);
  window.addEventListener("pageshow", function () { document.querySelectorAll("form").forEach(release); });

  document.addEventListener("htmx:after:swap", function () { prepare(document); focusErrors(document); });
  document.addEventListener("htmx:finally:request", function () { document.querySelectorAll("form").forEach(release); });

  prepare(document);
  focusErrors(document);
})();
