// Somebody at a browser without scripts: signs in where that is asked for, lets the program in, and
// is sent back to it. In: where the program sends them. Out: where they arrive at last.

const unescaped = (text) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

// What the hidden fields of the form with that action say.
function hidden(page, action) {
  const form = page.split(`action="${action}"`)[1].split('</form>')[0]
  const fields = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return [...fields].map(([, name, value]) => [unescaped(name), unescaped(value)])
}

export async function person({ username, password, redirect_uri }, address) {
  let cookie = ''
  const visit = async (url, form) => {
    const headers = { accept: 'text/html', cookie }
    if (form) headers['sec-fetch-site'] = 'same-origin'
    const body = form && new URLSearchParams(form)
    const answer = await fetch(url, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' })
    const set = answer.headers.getSetCookie().map((one) => one.split(';')[0])
    if (set.length > 0) cookie = set.join('; ')
    return answer
  }
  let url = new URL(address)
  let answer = await visit(url)
  for (let steps = 0; steps < 10; steps++) {
    const location = answer.headers.get('location')
    if (location) {
      if (location.startsWith(redirect_uri)) return new URL(location)
      url = new URL(location, url)
      answer = await visit(url)
      continue
    }
    const page = await answer.text()
    if (answer.status !== 200) throw new Error(`${answer.status} at ${url}: ${page}`)
    const [action, said] = page.includes('action="/login"')
      ? ['/login', { username, password }]
      : ['/oauth/authorize', { decision: 'allow' }]
    url = new URL(action, url)
    answer = await visit(url, [...hidden(page, action), ...Object.entries(said)])
  }
  throw new Error('the browser is sent in circles')
}
