(function () {
  var box = document.getElementById('filter');
  var rows = document.querySelectorAll('#matrix tbody tr');
  box.hidden = false;
  box.querySelector('input').addEventListener('input', function (event) {
    var words = event.target.value.toLowerCase().split(' ');
    rows.forEach(function (row) {
      var said = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return said.includes(word); });
    });
  });
})();
