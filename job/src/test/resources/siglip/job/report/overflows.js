// Replaces this page by the list of what is too wide in its frames.
addEventListener('load', function () {
  var found = [];
  document.querySelectorAll('iframe').forEach(function (frame) {
    var page = frame.contentDocument;
    function say(what) { found.push(frame.title + ': ' + what); }
    if (page.documentElement.scrollWidth > page.documentElement.clientWidth) say('the page scrolls');
    page.querySelectorAll('section, .plot').forEach(function (box) {
      var edge = box.getBoundingClientRect();
      box.querySelectorAll('text, li, td, th, p, b, span, h2, h3, h4, dt, dd, img, figcaption').forEach(function (item) {
        var place = item.getBoundingClientRect();
        if (item.closest('pre') || place.width === 0) return;
        if (place.right > edge.right + 0.5 || place.left < edge.left - 0.5) {
          say(item.tagName + " '" + item.textContent.slice(0, 60) + "' leaves " + (box.id || box.className) + ' by '
            + Math.round(Math.max(place.right - edge.right, edge.left - place.left)));
        }
      });
    });
    page.querySelectorAll('section, div, table, ul, figure').forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0) say(box.tagName + '.' + box.className + ' scrolls');
    });
  });
  var list = document.createElement('pre');
  list.textContent = found.join('\n');
  document.body.replaceChildren(list);
});
