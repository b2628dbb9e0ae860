import { useEffect, useRef } from 'react'

/** Whether the key goes into a field, or to an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  const { target } = event
  if (!(target instanceof HTMLElement)) return false
  return target.matches('input, textarea, select') || target.closest('dialog') !== null
}

/** Calls the handler for each key pressed without Ctrl, Alt or Meta; one that it took goes no further. */
export function useKeys(handler: (event: KeyboardEvent) => boolean): void {
  const latest = useRef(handler)
  latest.current = handler
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return
      if (latest.current(event)) event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
