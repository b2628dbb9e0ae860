import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { Live } from './live/live.js'
import { RequestFeed } from './live/request-feed.js'
import { ConnectionFeed, StatusFeed } from './live/status-feed.js'
import { applyTheme, readTheme } from './parts/theme.js'
import './styles/base.css'
import './styles/requests.css'
import './styles/detail.css'
import './styles/pages.css'

applyTheme(readTheme())

const live = new Live()
const feeds = {
  live,
  requests: new RequestFeed(live),
  status: new StatusFeed(live),
  connections: new ConnectionFeed(live),
}
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App feeds={feeds} />)
live.start()
