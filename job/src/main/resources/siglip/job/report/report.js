
// Reads values off the curves under the pointer, into the legend. The page is complete without it.
document.querySelectorAll('figure.plot svg[data-x]').forEach(function (svg) {
  var xs = svg.dataset.x.split(' ');
  var logPlaces = xs.pop() === 'log';
  xs = xs.map(Number);
  var ys = svg.dataset.y.split(' ');
  var log = ys.pop() === 'log';
  ys = ys.map(Number);
  var items = svg.parentNode.querySelectorAll('.legend li');
  var curves = Array.from(svg.querySelectorAll('path.named')).map(function (path, i) {
    var read = items[i].querySelector('b') || document.createElement('b');
    var points = (path.getAttribute('d').match(/[-\d.]+,[-\d.]+/g) || []).map(function (pair) {
      return pair.split(',').map(Number);
    });
    return { points: path.classList.contains('dotted') ? [] : points, read: read, last: read.textContent };
  });
  var place = document.createElement('div');
  place.className = 'read';
  svg.parentNode.insertBefore(place, svg);
  var cross = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  cross.setAttribute('class', 'cross');
  cross.setAttribute('y1', ys[1]);
  cross.setAttribute('y2', ys[0]);
  var name = svg.dataset.name;

  function value(pixel) {
    var share = (ys[0] - pixel) / (ys[0] - ys[1]);
    return log ? ys[2] * Math.pow(ys[3] / ys[2], share) : ys[2] + share * (ys[3] - ys[2]);
  }
  function placed(pixel) {
    var share = (pixel - xs[0]) / (xs[1] - xs[0]);
    return logPlaces ? brief(xs[2] * Math.pow(xs[3] / xs[2], share)) : Math.round(xs[2] + share * (xs[3] - xs[2]));
  }
  function brief(number) {
    var text = Math.abs(number) < 1000 ? number.toPrecision(3) : String(Math.round(number));
    return text.replace('-', '\u2212');
  }
  function nearest(points, at) {
    return points.reduce(function (best, point) {
      return !best || Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best;
    }, null);
  }
  svg.addEventListener('pointermove', function (event) {
    var box = svg.getBoundingClientRect();
    var at = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
    var hit = nearest(curves.flatMap(function (curve) { return curve.points; }), at);
    if (!hit) return;
    cross.setAttribute('x1', hit[0]);
    cross.setAttribute('x2', hit[0]);
    svg.appendChild(cross);
    place.textContent = name + ' ' + placed(hit[0]);
    curves.forEach(function (curve) {
      var point = nearest(curve.points, hit[0]);
      curve.read.textContent = point && Math.abs(point[0] - hit[0]) < 6 ? brief(value(point[1])) : '';
    });
  });
  svg.addEventListener('pointerleave', function () {
    cross.remove();
    place.textContent = '';
    curves.forEach(function (curve) { curve.read.textContent = curve.last; });
  });
});
